"""HTTP/1.1 by hand, for requests that no client library would send."""

import socket
import time
from types import SimpleNamespace


class RawHttp:
    def __init__(self, port, timeout=5.0, tls=None):
        self.timeout = timeout
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def send_bytewise(self, data):
        for byte in data if isinstance(data, bytes) else data.encode():
            self.socket.sendall(bytes([byte]))

    def _more(self, deadline):
        self.socket.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self.buffer += data
        return bool(data)

    def answer(self, head_only=False, timeout=None):
        """The next response; nothing if the connection was closed before any byte of it."""
        deadline = time.monotonic() + (timeout or self.timeout)
        while b"\r\n\r\n" not in self.buffer:
            if not self._more(deadline):
                assert not self.buffer, self.buffer
                return None
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, value = line.split(":", 1)
            headers[name.lower()] = value.strip()
        status = int(lines[0].split(" ")[1])
        length = 0 if head_only or status in (204, 304) or status < 200 else int(headers.get("content-length", 0))
        while len(self.buffer) < length:
            assert self._more(deadline), "the response was cut off"
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return SimpleNamespace(status=status, headers=headers, body=body)

    def expect_closed(self, timeout=None):
        deadline = time.monotonic() + (timeout or self.timeout)
        while self._more(deadline):
            pass
        assert not self.buffer, self.buffer


def exchange(port, data):
    """(responses, True if the server then closed) for these bytes."""
    with RawHttp(port) as peer:
        peer.send(data)
        return peer.answer()
