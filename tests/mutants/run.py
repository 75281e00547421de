"""Takes Waymark's guards away, one at a time, and shows which tests go red.

    python3 tests/mutants/run.py [--only WORDS] [--find] [--check]

The guards and their tests are in guards.toml, beside this. All of them are put into one copy of the tree, under
target/mutants, each behind a switch that a variable of the environment turns, so that one build serves them all; the
tree itself is never changed. Prints a table. Ends with 1 when a guard is gone and a test of its row is still green, and
at the start when a guard is no longer where the table says.

--only WORDS  the guards with these words in their names
--check       only says whether every guard is where the table says
--find        runs all tests without each guard, and lists those that went red: for a new row of the table

Needs Python 3.11, and what `cargo test` needs.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "target" / "mutants"
TREE = WORK / "tree"
BUILT = WORK / "target"
SWITCH = "WAYMARK_WITHOUT"
# A test without its guard may wait for what never comes.
PATIENCE = 300
# What the rows call the test binaries: their targets' names.
BINARIES = {"it": "it", "waymark": "waymark", "core": "waymark_core", "local": "waymark_local"}


def read_table():
    with open(Path(__file__).with_name("guards.toml"), "rb") as file:
        table = tomllib.load(file)
    for number, guard in enumerate(table["guards"]):
        guard["number"] = number
    return table["guards"], table["harness"]


def mutated(guards, harness):
    """The text of every file that has a guard, with all switches in it."""
    texts = {}
    edits = [("the harness", edit, "") for edit in harness]
    for guard in guards:
        switch = f'(std::env::var_os("{SWITCH}").is_some_and(|off| off == "{guard["number"]}"))'
        edits += [(guard["guard"], edit, switch) for edit in guard["edits"]]
    for name, edit, switch in edits:
        file = edit["file"]
        text = texts.get(file) or (ROOT / file).read_text(encoding="utf-8")
        found = text.count(edit["find"])
        if found != 1:
            sys.exit(f"{name}: {file} has {found} times, and not once:\n{edit['find']}")
        texts[file] = text.replace(edit["find"], re.sub(r"\bOFF\b", lambda _: switch, edit["replace"]))
    return texts


def write_tree(texts):
    """Brings the copy to the tree's present state. What is the same keeps its time, so that little is built again."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
    names = {name for name in names if name and (ROOT / name).is_file()}
    for name in names:
        wanted = texts[name].encode() if name in texts else (ROOT / name).read_bytes()
        copy = TREE / name
        if not copy.is_file() or copy.read_bytes() != wanted:
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(wanted)
    for copy in [path for path in TREE.rglob("*") if path.is_file()]:
        if str(copy.relative_to(TREE)) not in names:
            copy.unlink()


def borrow_dependencies():
    """Links what the tree has built of its dependencies. What it has built of itself is left alone."""
    built = ROOT / "target" / "debug"
    own = re.compile(r"^(lib)?(waymark|lambda|local[-_]waymark|it-|template-|build-script)")
    if BUILT.exists() or not built.is_dir():
        return
    for part in ["deps", ".fingerprint", "build"]:
        for path in sorted((built / part).rglob("*")):
            inside = path.relative_to(built / part)
            if path.is_file() and (part == "build" or not own.match(inside.parts[0])):
                copy = BUILT / "debug" / part / inside
                copy.parent.mkdir(parents=True, exist_ok=True)
                if part == ".fingerprint":
                    shutil.copy2(path, copy)
                else:
                    os.link(path, copy)


def build():
    """The test binaries, by the names that the rows use: where each is, and where it runs."""
    command = ["cargo", "test", "--workspace", "--locked", "--lib", "--test", "it", "--no-run"]
    command += ["--message-format=json-render-diagnostics"]
    environment = os.environ | {"CARGO_TARGET_DIR": str(BUILT), "RUSTFLAGS": os.environ.get("RUSTFLAGS", "")}
    if not environment["RUSTFLAGS"]:
        del environment["RUSTFLAGS"]
    printed = subprocess.run(command, cwd=TREE, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
    found = {}
    for line in printed.splitlines():
        message = json.loads(line)
        if message.get("executable") and message.get("profile", {}).get("test"):
            target = message["target"]["name"].replace("-", "_")
            found[target] = (message["executable"], str(Path(message["manifest_path"]).parent))
    return {short: found[target] for short, target in BINARIES.items()}


def run(binaries, tests, number):
    """The tests that went red, and those that ran. `tests` are names with their binary's, or None for all."""
    red, ran = set(), set()
    for short, (executable, folder) in binaries.items():
        mine = None if tests is None else [name.split("::", 1)[1] for name in tests if name.startswith(short + "::")]
        if mine == []:
            continue
        command = [executable] + (["--exact", *mine] if mine else [])
        environment = os.environ | {"INSTA_UPDATE": "no", "INSTA_WORKSPACE_ROOT": str(TREE), "RUST_BACKTRACE": "0"}
        if number is not None:
            environment[SWITCH] = str(number)
        try:
            done = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, text=True, errors="replace", timeout=PATIENCE
            ).stdout
        except subprocess.TimeoutExpired as late:
            done = (late.stdout or b"").decode(errors="replace")
            if number is not None:
                # What does not end without its guard has failed.
                ended = set(re.findall(r"^test (\S+) \.\.\. ok$", done, re.MULTILINE))
                red |= {f"{short}::{name}" for name in mine or [] if name not in ended}
        for name, result in re.findall(r"^test (\S+) \.\.\. (ok|FAILED)$", done, re.MULTILINE):
            ran.add(f"{short}::{name}")
            if result == "FAILED":
                red.add(f"{short}::{name}")
    return red, ran


def main():
    arguments = argparse.ArgumentParser(usage="run.py [--only WORDS] [--find] [--check]")
    arguments.add_argument("--only", default="")
    arguments.add_argument("--find", action="store_true")
    arguments.add_argument("--check", action="store_true")
    asked = arguments.parse_args()
    guards, harness = read_table()
    texts = mutated(guards, harness)
    if asked.check:
        print(f"{len(guards)} guards, each where the table says")
        return
    write_tree(texts)
    borrow_dependencies()
    binaries = build()
    guards = [guard for guard in guards if asked.only in guard["guard"]]

    expected = {test for guard in guards for test in guard["red"]}
    if not asked.find:
        red, ran = run(binaries, sorted(expected), None)
        if red or ran != expected:
            sys.exit(f"with all guards in place:\nred: {sorted(red)}\nnot there: {sorted(expected - ran)}")

    print("| guard | red without it |\n|---|---|")
    survived = 0
    for guard in guards:
        red, _ = run(binaries, None if asked.find else guard["red"], guard["number"])
        missed = [] if asked.find else [test for test in guard["red"] if test not in red]
        shown = ", ".join(f"`{test}`" for test in sorted(red)) or "nothing"
        if missed:
            survived += 1
            shown += " **still green: " + ", ".join(missed) + "**"
        print(f"| {guard['guard']} | {shown} |", flush=True)
    print(f"\n{len(guards)} guards, {survived} without a red test")
    sys.exit(survived > 0)


if __name__ == "__main__":
    main()
