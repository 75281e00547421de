"""What the document cannot say to schemathesis: how a body is compressed, and which parameters go together."""

import gzip
import json
import re

import schemathesis
import zstandard
from schemathesis.core import NotSet
from schemathesis.transport.serialization import Binary

# schemathesis 4.32 takes the number 0 for a valid If-Match, whatever its schema says.
IF_MATCH = re.compile(r'\*|(W/)?"[^"]*"( *, *(W/)?"[^"]*")*')

COMPRESS = {"gzip": gzip.compress, "zstd": zstandard.compress}


def compressed(case, data):
    # By its Content-Encoding; one that does not exist is sent as it is.
    compress = COMPRESS.get(str((case.headers or {}).get("Content-Encoding")), bytes)
    return compress(data)


def raw(value):
    return value.data if isinstance(value, Binary) else value if isinstance(value, bytes) else None


@schemathesis.serializer("application/json", "application/json-patch+json", "application/merge-patch+json")
def json_body(context, value):
    data = raw(value)
    if data is None:
        data = json.dumps(value).encode()
    return compressed(context.case, data)


@schemathesis.serializer("application/gzip", "application/octet-stream")
def file_body(context, value):
    data = raw(value)
    if data is None:
        data = str(value).encode()
    return compressed(context.case, data)


@schemathesis.hook
def filter_headers(context, headers):
    """HTTP takes white space around a value away: what arrives would be another one, and may be right."""
    return all(str(value) == str(value).strip() for value in (headers or {}).values())


@schemathesis.hook
def before_call(context, case, kwargs):
    """Makes a request that is to be accepted one that says one thing: see the descriptions of the parameters."""
    if case.meta is None or case.meta.generation.mode.is_negative:
        return
    # HEAD takes what GET takes.
    name = case.operation.definition.raw.get("operationId").removesuffix("_head")
    headers, query = case.headers, case.query
    if headers and not IF_MATCH.fullmatch(str(headers.get("If-Match"))):
        headers.pop("If-Match", None)
    if headers and "If-Match" in headers:
        headers.pop("Waymark-Base", None)
    if name == "save_working" and isinstance(case.body, NotSet) and "upload" not in (query or {}):
        case.body, case.media_type = {}, "application/json"
    if isinstance(case.body, dict) and isinstance(case.body.get("keep"), list):
        # Its limit is one of bytes, which no schema can say.
        case.body["keep"] = [path for path in case.body["keep"] if len(path.encode("utf-8", "replace")) <= 200]
    if name == "blame":
        # A part of `next`, which only an answer can give.
        (query or {}).pop("restored", None)
        if query and "path" in query:
            query.pop("label", None)
        elif not query or "label" not in query:
            case.query = {**(query or {}), "path": ""}
    if name == "list_history" and query and "group" in query:
        query.pop("kind", None)
        query.pop("author", None)
    if name == "publish" and isinstance(case.body, dict) and isinstance(case.body.get("from"), dict):
        if case.body["from"]["env"] == case.path_parameters["env"]:
            case.body["from"]["env"] += "2"
