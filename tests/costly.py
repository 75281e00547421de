#!/usr/bin/env python3
"""Schemas that would take for ever, or all memory, against the service on one machine with 2 GB of address space.

    cargo build --release && python3 tests/costly.py target/release/waymark

Each is set by an admin of one app; another app is read all the while. It reports what was answered, how long it took, the readers'
99th percentile, memory before and after, and whether SIGTERM ends the process, and fails where a limit is missed. Takes two minutes. A build for developers will do, too.
"""
import builtins
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

ADDRESS_SPACE = 2_000_000 * 1024
READ_WITHIN = 0.1
GRACE = 30
failed = []


def expect(right, what):
    if not right:
        failed.append(what)
        print("  MISSED:", what)


def kinds():
    """Five kinds of widget, each of which may contain all of them."""
    def kind(name):
        return {"type": "object", "required": ["kind", "label"], "properties": {
            "kind": {"const": name}, "label": {"type": "string"}, "children": {"items": {"$ref": "#/$defs/widget"}}}}
    return {"$ref": "#/$defs/widget", "$defs": {"widget": {"anyOf": [kind(n) for n in ["box", "text", "image", "table", "button"]]}}}


def widgets(depth):
    widget = {"kind": "text", "lable": "misspelt", "children": []}
    for _ in range(depth - 1):
        widget = {"kind": "box", "label": "b", "children": [widget]}
    return widget


def twins(levels, both, innermost):
    defs = {"d0": innermost}
    for level in range(1, levels + 1):
        defs[f"d{level}"] = {both: [{"$ref": f"#/$defs/d{level - 1}"}] * 2}
    return {"$ref": f"#/$defs/d{levels}", "$defs": defs}


def nested_twins(levels):
    schema = {"type": "string"}
    for level in range(levels):
        schema = {"anyOf": [schema, {"anyOf": [{"$ref": f"#/$defs/d{level}"}]}]}
    return {"$defs": {f"d{level}": {"type": "number"} for level in range(levels)}, **schema}


def deep(depth):
    config = 0
    for _ in range(depth):
        config = [config, config] if depth < 8 else [config]
    return config


def patterns(count):
    return {"properties": {f"p{n}": {"pattern": "[\\p{L}\\p{N}]{200}" + str(n)} for n in range(count)}}


def recursive():
    return {"$defs": {"n": {"anyOf": [
        {"type": "array", "items": {"$ref": "#/$defs/n"}},
        {"minItems": 2, "items": {"$ref": "#/$defs/n"}},
        {"const": 1}]}}, "$ref": "#/$defs/n"}


def enum_by_numbers():
    """Legal, light, and more steps than a check has."""
    return {"items": {"not": {"enum": list(range(9_000))}}}


CASES = [
    ("a recursive schema of 150 bytes", recursive(), deep(100)),
    ("widgets, one misspelt leaf at depth 11", kinds(), widgets(11)),
    ("widgets, one misspelt leaf at depth 60", kinds(), widgets(60)),
    ("24 levels of twin anyOf", twins(24, "anyOf", {"type": "string"}), {}),
    ("24 levels of anyOf, written out", nested_twins(24), {}),
    ("60 levels of allOf twins", twins(60, "allOf", {"type": "object"}), {}),
    ("60 levels of oneOf twins", twins(60, "oneOf", True), {}),
    ("400 heavy patterns", patterns(400), {}),
    ("1,300 heavy patterns", patterns(1300), {}),
    ("200,000 numbers by an enum of 9,000", enum_by_numbers(), [9999] * 200_000),
    ("400,000 numbers, all different", {"uniqueItems": True}, list(range(400_000))),
    ("64 KB of pattern properties", {"patternProperties": {f"^[a-z0-9_]{{1,{n % 60 + 1}}}-{n}$": {"type": "string"} for n in range(1000)}},
     {f"key-{n}": "x" for n in range(1000)}),
]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Service:
    def __init__(self, binary, data):
        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
        self.binary, self.data, self.port = binary, data, free_port()
        self.log = open(os.path.join(data, "log"), "w")
        self.process = subprocess.Popen(
            [binary, "--empty", "--data", os.path.join(data, "w"), "--listen", f"127.0.0.1:{self.port}"],
            preexec_fn=limit, stdout=self.log, stderr=self.log)
        for _ in range(100):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=1)
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                time.sleep(0.1)
        self.tokens = {}

    def token(self, grant):
        if grant not in self.tokens:
            out = subprocess.run([self.binary, "token", "--subject", "dev", "--grant", grant,
                                  "--data", os.path.join(self.data, "w")], capture_output=True, text=True, check=True).stdout
            self.tokens[grant] = out.strip()
        return self.tokens[grant]

    def call(self, app, method, path, body=None, headers=(), timeout=120):
        url = f"http://127.0.0.1:{self.port}/v1/apps/{app}/envs/production/{path}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data, method=method)
        request.add_header("Authorization", "Bearer " + self.token(f"{app}/*:admin"))
        request.add_header("Content-Type", "application/json")
        for name, value in headers:
            request.add_header(name, value)
        began = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        return status, json.loads(text or b"null"), time.monotonic() - began

    def memory(self, what="VmRSS"):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(what)) / 1024


class Reader(threading.Thread):
    """Reads another app all the while."""
    def __init__(self, service):
        super().__init__(daemon=True)
        self.service, self.times, self.on = service, [], True

    def run(self):
        while self.on:
            status, _, took = self.service.call("other", "GET", "live")
            self.times.append(took if status == 200 else 999)
            time.sleep(0.005)

    def p99(self):
        times = sorted(self.times)
        return times[int(len(times) * 0.99)] if times else 999


def answered(answer):
    status, body, took = answer
    kind = (body or {}).get("type", "").rsplit(":", 1)[-1] if isinstance(body, dict) else ""
    return f"{status} {kind} {took * 1000:.0f} ms".replace("  ", " ")


def run(service, name, schema, config, quiet=False):
    print = (lambda *_: None) if quiet else builtins.print
    print(f"{name} (schema {len(json.dumps(schema))} bytes, config {len(json.dumps(config))}):")
    base = service.memory()
    put = service.call("hostile", "PUT", "settings", {"schema": schema})
    print("  PUT /settings:", answered(put), put[1].get("pointer", "") if put[0] == 422 else "")
    expect(put[0] in (200, 422), "the schema is set or refused")
    expect(put[2] < 5, "setting it takes less than 5 s")
    if put[0] == 200:
        save = service.call("hostile", "PUT", "working", config, [("If-Match", "*")])
        save = save if save[0] != 412 else service.call("hostile", "PUT", "working", config)
        warnings = save[1].get("warnings")
        print("  PUT /working:", answered(save), [w["path"] + ": " + w["message"][:70] for w in warnings or []][:1])
        expect(save[0] in (200, 201), "a save is not refused")
        expect(save[2] < 10, "a save takes less than 10 s, in a build for developers, too")
        publish = service.call("hostile", "POST", "publish", {"version": "working"})
        print("  POST /publish:", answered(publish))
        expect(publish[0] in (200, 422), "it is published or refused")
        expect(publish[2] < 25, "a publish takes less than 25 s")
        threads = [threading.Thread(target=service.call, args=("hostile", "GET", "snapshots")) for _ in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
    print(f"  memory: {base:.0f} MB before, {service.memory():.0f} MB after")
    expect(service.process.poll() is None, "the process is alive")


def main(binary):
    with tempfile.TemporaryDirectory() as data:
        service = Service(binary, data)
        service.call("other", "PUT", "working", {"n": 1})
        service.call("hostile", "PUT", "working", {})
        service.call("hostile", "PUT", "settings", {"schema": {"type": "object"}})
        service.call("hostile", "POST", "publish", {"version": "working"})
        run(service, "an ordinary schema", {"type": "object", "required": ["a"]}, {"a": 1})
        # First for the caches, whose bounds are in bytes, and for what the allocator keeps.
        for name, schema, config in CASES * 3:
            run(service, name, schema, config, quiet=True)
        time.sleep(2)
        before = service.memory()
        reader = Reader(service)
        reader.start()
        for name, schema, config in CASES:
            run(service, name, schema, config)
        reader.on = False
        reader.join()
        print(f"readers of another app: {len(reader.times)} reads, p99 {reader.p99() * 1000:.0f} ms, worst {max(reader.times) * 1000:.0f} ms")
        expect(reader.p99() < READ_WITHIN, "other apps' reads are under 100 ms at the 99th percentile")
        service.call("hostile", "PUT", "settings", {})
        time.sleep(2)
        after, peak = service.memory(), service.memory("VmHWM")
        print(f"memory: {before:.0f} MB before, {after:.0f} MB after, {peak:.0f} MB at most")
        expect(after < before * 1.1, "memory is back within 10 %")
        service.call("hostile", "PUT", "settings", {"schema": enum_by_numbers()})
        threading.Thread(target=lambda: service.call("hostile", "POST", "publish", {"version": "working"}), daemon=True).start()
        time.sleep(0.3)
        began = time.monotonic()
        service.process.send_signal(signal.SIGTERM)
        try:
            service.process.wait(GRACE)
            print(f"SIGTERM ends it in {time.monotonic() - began:.1f} s")
        except subprocess.TimeoutExpired:
            service.process.kill()
            expect(False, "SIGTERM ends the process")
        return before, after


if __name__ == "__main__":
    main(sys.argv[1])
    print("all right" if not failed else f"{len(failed)} missed")
    sys.exit(bool(failed))
