"""Judge one exchange with Cloudflare's API against the wire contract, cloudflare-openapi.json.

check(method, path, query, request_body, status, response_body) returns a list of violations, empty when the
exchange keeps the contract. path is without "/client/v4"; query is the raw text behind "?" ("" for none); bodies
are parsed JSON (request_body None: no body was sent).

available() says whether the contract and python3-jsonschema are there; callers exit with 77 (skipped) if not.
"""
import ipaddress
import json
import os
import re
import urllib.parse

try:
    import jsonschema
except ImportError:
    jsonschema = None

CONTRACT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "shared", "data",
                        "cloudflare-openapi.json")

# cloudflared and its API know these, the official schema does not.
UNDOCUMENTED_PARAMETERS = {"name_prefix", "cascade"}

_state = {}


def available():
    return jsonschema is not None and os.path.exists(CONTRACT)


def _nullable(schema):
    """OpenAPI 3.0 to JSON Schema: nullable becomes a type, and that is all these schemas need."""
    if isinstance(schema, list):
        return [_nullable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: _nullable(value) for key, value in schema.items()}
    if out.pop("nullable", False) is True and isinstance(out.get("type"), str):
        out["type"] = [out["type"], "null"]
    return out


def _formats():
    checker = jsonschema.FormatChecker(formats=())

    def format_of(name, pattern):
        regex = re.compile(pattern)
        checker.checks(name)(lambda value: not isinstance(value, str) or bool(regex.fullmatch(value)))

    format_of("date-time", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
    format_of("uuid", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
    format_of("hostname", r"[A-Za-z0-9_*-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")
    checker.checks("ipv4", raises=ValueError)(lambda value: bool(ipaddress.IPv4Address(value)) or True)
    checker.checks("ipv6", raises=ValueError)(lambda value: bool(ipaddress.IPv6Address(value)) or True)
    return checker


def _load():
    if not _state:
        with open(CONTRACT, encoding="utf-8") as file:
            _state["contract"] = _nullable(json.load(file))
        _state["formats"] = _formats()
        _state["paths"] = [(re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), path)
                           for path in sorted(_state["contract"]["paths"], key=lambda p: p.count("{"))]
    return _state["contract"]


def operation(method, path):
    """The contract's operation for a call, or None. A literal path goes before one with variables."""
    contract = _load()
    for regex, template in _state["paths"]:
        if regex.fullmatch(path) and method.lower() in contract["paths"][template]:
            return contract["paths"][template][method.lower()]
    return None


def operation_ids():
    """All operations of the contract, by their operationId."""
    return {found["operationId"] for item in _load()["paths"].values() for found in item.values()}


def _violations(schema, value, where):
    root = {"components": _state["contract"]["components"], "allOf": [schema]}  # where "#/components/…" is looked up
    validator = jsonschema.Draft202012Validator(root, format_checker=_state["formats"])
    return [f"{where}{'.'.join([''] + [str(p) for p in error.absolute_path])}: {error.message[:300]}"
            for error in sorted(validator.iter_errors(value), key=lambda e: [str(p) for p in e.absolute_path])]


def _resolve(item):
    while "$ref" in item:
        target = _state["contract"]
        for part in item["$ref"].lstrip("#/").split("/"):
            target = target[part]
        item = target
    return item


def _parameter_value(schema, text):
    """A query parameter as the type that its schema wants."""
    wanted = _resolve(schema).get("type")
    if wanted == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if wanted in ("number", "integer"):
        try:
            return float(text)
        except ValueError:
            return text
    if wanted == "array":
        return text.split(",")
    return text


def _check_query(found, query):
    declared = {p["name"]: p for p in map(_resolve, found.get("parameters", [])) if p["in"] == "query"}
    out = []
    for name, text in urllib.parse.parse_qsl(query, keep_blank_values=True):
        if name in declared:
            schema = declared[name]["schema"]
            out += _violations(schema, _parameter_value(schema, text), f"query {name}")
        elif name not in UNDOCUMENTED_PARAMETERS:
            out.append(f"query {name}: not in the contract")
    return out


def check_request(method, path, query, body):
    _load()
    found = operation(method, path)
    if not found:
        return [f"{method} {path}: no such operation"]
    out = _check_query(found, query)
    wanted = found.get("requestBody")
    if not wanted:
        return out if body in (None, {}) else out + [f"{method} {path}: takes no body"]
    if body is None:
        return out + [f"{method} {path}: needs a body"]
    return out + _violations(wanted["content"]["application/json"]["schema"], body, "request")


def _without_known_deviations(body):
    """Before the first PUT a configuration is null at version 0; the schema has no word for that."""
    result = body.get("result") if isinstance(body, dict) else None
    if isinstance(result, dict) and "tunnel_id" in result and result.get("config", 1) is None and \
            result.get("version") == 0:
        body = dict(body, result={key: value for key, value in result.items() if key != "config"})
    return body


def check_response(method, path, status, body):
    _load()
    if status >= 500:
        return []
    found = operation(method, path)
    if 400 <= status < 500:
        schema = {"$ref": "#/components/schemas/api-response-common-failure"}
    elif not found:
        return [f"{method} {path}: no such operation"]
    elif str(status) not in found["responses"]:
        return [f"{method} {path}: status {status} is not in the contract"]
    else:
        schema = found["responses"][str(status)]["content"]["application/json"]["schema"]
    return _violations(schema, _without_known_deviations(body), "response")


def check(method, path, query, request_body, status, response_body):
    return check_request(method, path, query, request_body) + check_response(method, path, status, response_body)
