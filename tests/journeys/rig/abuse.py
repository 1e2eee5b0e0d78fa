"""What is wrong with a request, by kind: each a name, and the HTTP message that has it. Made from the descriptor of the
method and a proper request."""

import json
import urllib.parse

from google.protobuf.descriptor import FieldDescriptor as F

from .samples import enum_words, in_query

LONG = "x" * 200_000  # less than a body may have, more than any member
JSON = {"Content-Type": "application/json"}


# What is no reason to refuse: an administrator, who asks here, is not asked for the old password; of many questions
# each is refused in its place.
NOT_LOOKED_AT = {"ChangePasswordRequest.current_password: too long a text", "BatchCheckRequest.checks: an empty object in it"}


class Case:
    def __init__(self, name, verb, target, body=None, headers=None):
        self.name, self.verb, self.target, self.body = name, verb, target, body
        self.headers = headers or {}

    def __repr__(self):
        return f"{self.name}: {self.verb} {self.target[:120]} {(self.body or '')[:160]!r}"


def wrong_values(field):
    """(what, value as JSON text) that a field of this type must not take."""
    wrong = {"null": "null", "an empty object in it": "[{}]", "an array of arrays": "[[[]]]"}
    if field.label == F.LABEL_REPEATED:
        wrong |= {"no array": '"x"', "a number": "7", "an object": "{}", "null in it": "[null]"}
        wrong |= {f"{what} in it": f"[{value}]" for what, value in _wrong_scalars(field).items()}
        return wrong
    return wrong | {"an array": "[]"} | _wrong_scalars(field)


def _wrong_scalars(field):
    number = {"a number": "7", "a real number": "1.5", "true": "true"}
    if field.type == F.TYPE_STRING:
        return number | {"an object": "{}", "NUL": r'"a\u0000b"', "half a character": r'"\ud800"', "too long a text": f'"{LONG}"'}
    if field.type == F.TYPE_BOOL:
        return {"a number": "1", "a text": '"true"', "an object": "{}"}
    if field.type in (F.TYPE_UINT32, F.TYPE_INT32):
        return {"a text": '"1"', "true": "true", "below zero": "-1", "a real number": "1.5", "too large": "4294967296",
                "far too large": "1e400", "an object": "{}"}
    if field.type == F.TYPE_ENUM:
        return number | {"another word": '"nonsense"', "no word": '""', "the word for none": '"unspecified"',
                         "capitals": json.dumps(enum_words(field.enum_type)[0].upper())}
    name = field.message_type.full_name
    if name == "google.protobuf.Timestamp":
        return number | {"no time": '"soon"', "another zone": '"2099-01-01T00:00:00+01:00"', "an object": "{}"}
    if name == "google.protobuf.Struct":
        return number | {"a text": '"x"', "too deep": '{"a":' * 9 + "1" + "}" * 9, "too large": json.dumps({"a": "x" * 20_000}),
                         "a member twice": '{"a":1,"a":2}', "a number that is none": '{"a":1e999}'}
    return number | {"a text": '"x"', "an unknown member": '{"nonsense":1}'}


def bodies(method, request):
    """Cases of a wrong body."""
    proper = request.body() or {}
    case = lambda name, text, headers=JSON: Case(name, method.verb, request.target(), text, headers)  # noqa: E731
    whole = json.dumps(proper)
    with_more = lambda more: "{" + ",".join(filter(None, [whole[1:-1], more])) + "}"  # noqa: E731
    yield from (case(name, text) for name, text in {
        "no JSON": "{", "an array": "[]", "a text": '"x"', "null": "null", "two documents": whole + whole,
        "a comma too many": with_more("") [:-1] + ",}", "a comment": whole + "/**/", "a byte order mark": "\ufeff" + whole,
        "an unknown member": with_more('"nonsense":1'), "a mask": with_more('"update_mask":"name"'),
        "too deep": '{"nonsense":' * 100 + "1" + "}" * 100, "deep beyond measure": "[" * 100_000,
        "too large": with_more(f'"nonsense":"{"x" * 300_000}"'),
    }.items())
    yield case("no UTF-8", b'{"nonsense":"\xff"}')
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "multipart/form-data"):
        yield case(f"content type {kind}", whole, {"Content-Type": kind})
    for name in method.in_path:
        yield case(f"{name} once more", with_more(f"{json.dumps(name)}:{json.dumps(request.values[name])}"))
    for field in method.in_body():
        rest = {name: value for name, value in proper.items() if name != field.name}
        alone = json.dumps(rest)[1:-1]
        for what, value in wrong_values(field).items():
            if f"{method.request.name}.{field.name}: {what}" in NOT_LOOKED_AT:
                continue
            yield case(f"{field.name}: {what}", "{" + ",".join(filter(None, [alone, f'"{field.name}":{value}'])) + "}")
        if field.name in proper:
            yield case(f"{field.name}: twice", with_more(f"{json.dumps(field.name)}:{json.dumps(proper[field.name])}"))


def queries(method, request):
    """Cases of a wrong query, for methods without a body that takes all."""
    if method.body == "*":
        yield Case("a query beside the body", method.verb, request.path() + "?nonsense=1", json.dumps(request.body()), JSON)
        return
    text = None if request.body() is None else json.dumps(request.body())
    headers = {} if text is None else JSON
    query = request.query()
    case = lambda name, more: Case(name, method.verb, request.path() + "?" + "&".join(filter(None, [query, more])), text, headers)  # noqa: E731
    yield case("an unknown parameter", "nonsense=1")
    yield case("a broken escape", "nonsense=%zz")
    for name in method.in_path:
        yield case(f"{name} in the query, too", f"{name}=x")
    for field in method.in_query():
        for what, value in {"an empty text": "", "NUL": "%00", "no UTF-8": "%ff", "a broken escape": "%z"}.items():
            if what == "an empty text" and field.type == F.TYPE_STRING:
                continue
            yield Case(f"{field.name}: {what}", method.verb, f"{request.path()}?{field.name}={value}", text, headers)
        if field.label != F.LABEL_REPEATED and field.name in request.values:
            again = urllib.parse.quote(in_query(request.values[field.name]))
            yield case(f"{field.name}: twice", f"{field.name}={again}")
        if field.type in (F.TYPE_UINT32, F.TYPE_INT32):
            for value in ("-1", "1.5", "x", "4294967296", "0x1"):
                yield Case(f"{field.name}: {value}", method.verb, f"{request.path()}?{field.name}={value}", text, headers)
        if field.type == F.TYPE_BOOL:
            for value in ("1", "yes", "TRUE"):
                yield Case(f"{field.name}: {value}", method.verb, f"{request.path()}?{field.name}={value}", text, headers)
        if field.type == F.TYPE_ENUM:
            yield Case(f"{field.name}: nonsense", method.verb, f"{request.path()}?{field.name}=nonsense", text, headers)
        if field.name.endswith("page_token") or field.name == "cursor":
            for value in ("nonsense", "AAAA", "x" * 2000):
                yield Case(f"{field.name}: {value[:9]}", method.verb, f"{request.path()}?{field.name}={value}", text, headers)


def paths(method, request):
    """Cases of wrong ids in the path."""
    text = None if request.body() is None else json.dumps(request.body())
    headers = {} if text is None else JSON
    mark = "MARK"
    for name in method.in_path:
        for what, value in {"NUL": "%00", "no UTF-8": "%ff", "a broken escape": "%zz", "dots": "..", "dots, escaped": "%2e%2e",
                            "nothing": "", "a slash": "a%2Fb", "a blank": "a%20b", "too long": "x" * 65,
                            "far too long": "x" * 9000, "a quote": "%27%20OR%201=1--", "no such": "no-such-thing"}.items():
            yield Case(f"{name}: {what}", method.verb, request.path(**{name: mark}).replace(mark, value), text, headers)


def methods_of(method, request):
    yield Case("another method", "PATCH" if request.method.verb == "PUT" else "PUT", request.path(), "{}", JSON)
    yield Case("no such method", "NONSENSE", request.path())


def all_wrong(method, request):
    if method.body:
        yield from bodies(method, request)
    yield from queries(method, request)
    yield from paths(method, request)
    yield from methods_of(method, request)
