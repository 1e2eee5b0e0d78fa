"""The log stream read by hand: chunks of HTTP, frames of protobuf."""

import socket
import time

HELLO, STATE_BEGIN, IMAGE, STATE_END, ENTRY_END, HEARTBEAT, FAREWELL = range(1, 8)


def read_varint(data, at):
    number, shift = 0, 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return number, at


def fields(message):
    """{number: [values]} of a protobuf message; bytes stay bytes."""
    found, at = {}, 0
    while at < len(message):
        tag, at = read_varint(message, at)
        if tag & 7 == 0:
            value, at = read_varint(message, at)
        else:
            assert tag & 7 == 2, tag
            size, at = read_varint(message, at)
            value, at = message[at:at + size], at + size
        found.setdefault(tag >> 3, []).append(value)
    return found


class LogStream:
    def __init__(self, port, token=None, query="", timeout=10, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect(("127.0.0.1", port))
        bearer = f"Authorization: Bearer {token}\r\n" if token else ""
        self.socket.sendall(f"GET /internal/v1/log{query} HTTP/1.1\r\nHost: x\r\n{bearer}\r\n".encode())
        self.timeout = timeout
        self.raw, self.body, self.ended = b"", b"", False
        while b"\r\n\r\n" not in self.raw:
            self._receive()
        head, self.raw = self.raw.split(b"\r\n\r\n", 1)
        self.status = int(head.split(b" ")[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def _receive(self):
        data = self.socket.recv(65536)
        if not data:
            self.ended = True
            raise EOFError("the stream has ended")
        self.raw += data

    def _more(self):
        """Takes the next chunk into the body."""
        while True:
            end = self.raw.find(b"\r\n")
            if end >= 0:
                size = int(self.raw[:end], 16)
                if len(self.raw) >= end + 2 + size + 2:
                    break
            self._receive()
        if size == 0:
            self.ended = True
            raise EOFError("the stream has ended")
        self.body += self.raw[end + 2:end + 2 + size]
        self.raw = self.raw[end + 2 + size + 2:]

    def frame(self):
        """(kind, fields) of the next frame."""
        while True:
            try:
                size, at = read_varint(self.body, 0)
                if len(self.body) >= at + size:
                    break
            except IndexError:
                pass
            self._more()
        message, self.body = self.body[at:at + size], self.body[at + size:]
        (kind, values), = fields(message).items()
        return kind, fields(values[0])

    def until(self, kind):
        """All frames up to the next of that kind, which is the last."""
        deadline, frames = time.monotonic() + self.timeout, []
        while time.monotonic() < deadline:
            frames.append(self.frame())
            if frames[-1][0] == kind:
                return frames
        raise TimeoutError(f"no frame of kind {kind} came")

    def drain(self):
        """Reads to the end; the frames."""
        frames = []
        try:
            while True:
                frames.append(self.frame())
        except EOFError:
            return frames
