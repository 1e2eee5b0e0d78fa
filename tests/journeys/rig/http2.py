"""HTTP/2 by hand (RFC 9113, RFC 7541), for calls that no gRPC library would make."""

import socket

DATA, HEADERS, RESET, SETTINGS = 0, 1, 3, 4
END_STREAM, END_HEADERS = 1, 4
INITIAL_WINDOW = 4


def frame(kind, flags=0, stream=0, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def settings(**values):
    return frame(SETTINGS, payload=b"".join(
        {"initial_window": INITIAL_WINDOW}[name].to_bytes(2, "big") + value.to_bytes(4, "big") for name, value in values.items()))


HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings()


def _number(value, prefix=0x7F):
    if value < prefix:
        return bytes([value])
    out, value = bytearray([prefix]), value - prefix
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def _field(name, value, how):
    return bytes([how]) + b"".join(_number(len(text)) + text.encode() for text in (name, value))


def _fields(path, metadata):
    return {":method": "POST", ":scheme": "http", ":path": path, ":authority": "x", "te": "trailers",
            "content-type": "application/grpc", **metadata}


def head(path, **metadata):
    """The block of a HEADERS frame; nothing of it is remembered."""
    return b"".join(_field(name, value, 0) for name, value in _fields(path, metadata).items())


def head_to_remember(path, **metadata):
    """The same, and how it is repeated on the same connection: with a byte for each field."""
    fields = _fields(path, metadata)
    return (b"".join(_field(name, value, 0x40) for name, value in fields.items()),
            bytes(0x80 | index for index in range(61 + len(fields), 61, -1)))


def message(data, announced=None):
    """With its prefix; `announced` bytes may be more than come."""
    return b"\0" + (len(data) if announced is None else announced).to_bytes(4, "big") + data


def call(path, data, stream=1, **metadata):
    return frame(HEADERS, END_HEADERS, stream, head(path, **metadata)) + frame(DATA, END_STREAM, stream, message(data))


def connected(port, first=HELLO, timeout=20, source="127.0.0.1"):
    peer = socket.create_connection(("127.0.0.1", port), timeout, (source, 0))
    peer.sendall(first)
    return peer


def read_until(peer, text):
    """What came, once `text` is in it."""
    got = b""
    while text not in got:
        more = peer.recv(65536)
        assert more, f"the connection ended after {got[-300:]}"
        got += more
    return got
