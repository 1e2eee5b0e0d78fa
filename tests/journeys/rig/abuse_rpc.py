"""What is wrong with a gRPC message, by kind: bytes made from the descriptor of the method and a proper request."""

from google.protobuf.descriptor import FieldDescriptor as F

from .abuse import NOT_LOOKED_AT
from .rpc import request_of

LONG = b"x" * 200_000  # less than a message may have, more than any field
VARINT, BYTES, FIXED32 = 0, 2, 5


def varint(number):
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def number(field, value):
    return varint(field << 3 | VARINT) + varint(value)


def piece(field, value):
    return varint(field << 3 | BYTES) + varint(len(value)) + value


def nested_struct(depth):
    """{"a": {"a": …}} of google.protobuf.Struct."""
    struct = b""
    for _ in range(depth):
        struct = piece(1, piece(1, b"a") + piece(2, piece(5, struct)))
    return struct


def struct_of(value):
    return piece(1, piece(1, b"a") + piece(2, value))


def wrong_values(field):
    """(what, bytes of the field) that a field of this type must not take."""
    n = field.number
    if field.type == F.TYPE_STRING:
        return {"a number": number(n, 1), "no UTF-8": piece(n, b"a\xff"), "half a character": piece(n, b"\xed\xa0\x80"),
                "NUL": piece(n, b"a\0b"), "too long": piece(n, LONG), "cut off": varint(n << 3 | BYTES) + b"\x7fabc"}
    if field.type == F.TYPE_ENUM:
        return {"an unknown value": number(n, 99), "a text": piece(n, b"enabled\xff\xff"), "fixed": varint(n << 3 | FIXED32) + b"1234"}
    if field.type != F.TYPE_MESSAGE:
        return {"a text": piece(n, b"\xff\xff\xff"), "fixed": varint(n << 3 | FIXED32) + b"1234"}
    name = field.message_type.full_name
    wrong = {"a number": number(n, 1), "no message": piece(n, b"\xff\xff\xff"), "an unknown field": piece(n, number(500, 1))}
    if name == "google.protobuf.Struct":
        nan = b"\x11" + b"\0\0\0\0\0\0\xf8\x7f"
        wrong |= {"too deep": piece(n, nested_struct(9)), "deep beyond measure": piece(n, nested_struct(1000)),
                  "too large": piece(n, struct_of(piece(3, b"x" * 20_000))), "a number that is none": piece(n, struct_of(nan)),
                  "a value of no kind": piece(n, struct_of(b""))}
    if name == "google.protobuf.Timestamp":
        wrong |= {"a time far off": piece(n, number(1, 1 << 60)), "too many nanoseconds": piece(n, number(2, 1 << 30))}
    if name == "google.protobuf.FieldMask":
        wrong |= {"an unknown path": piece(n, piece(1, b"nonsense")), "a path into nothing": piece(n, piece(1, b"name.nonsense"))}
    return wrong


def all_wrong(method, values):
    """(what, message)."""
    whole = request_of(method.name, values).SerializeToString()
    yield from {"garbage": b"\xff" * 50, "an unknown field": whole + number(500, 1), "an unknown text": whole + piece(501, b"x"),
                "a group": whole + b"\xa3\x1f", "field zero": whole + b"\x00\x00",
                "too large": whole + piece(500, b"x" * 300_000)}.items()
    for field in method.request.fields:
        rest = request_of(method.name, {name: value for name, value in values.items() if name != field.name}).SerializeToString()
        for what, wrong in wrong_values(field).items():
            if field.label == F.LABEL_REPEATED and field.type == F.TYPE_ENUM and what == "a text":
                continue  # several values, packed, of which some are not known
            if f"{method.request.name}.{field.name}: {what} a text" in NOT_LOOKED_AT:
                continue
            yield f"{field.name}: {what}", rest + wrong
