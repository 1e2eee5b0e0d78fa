"""MQTT by hand: packets built byte by byte, and the mosquitto command-line clients."""

import socket
import struct
import subprocess
import threading
import time
from queue import Empty, Queue
from types import SimpleNamespace

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = 1, 2, 3, 4, 5, 6, 7
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT, AUTH = 8, 9, 10, 11, 12, 13, 14, 15


def varint(number):
    out = b""
    while True:
        number, digit = divmod(number, 128)
        out += bytes([digit | (0x80 if number else 0)])
        if not number:
            return out


def text(value):
    value = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(value)) + value


def packet(kind, flags, body):
    return bytes([kind << 4 | flags]) + varint(len(body)) + body


def block(properties=b""):
    return varint(len(properties)) + properties


def connect_packet(version, client_id, username=None, password=None, clean=True, keep_alive=60, will=None,
                   properties=b"", name="MQTT"):
    """`will`: (topic, payload, qos, retain)."""
    bits = (2 if clean else 0) | (0x80 if username is not None else 0) | (0x40 if password is not None else 0)
    body = text(client_id)
    if will:
        topic, payload, qos, retain = will
        bits |= 4 | qos << 3 | (0x20 if retain else 0)
        body += (block() if version == 5 else b"") + text(topic) + text(payload)
    body += (text(username) if username is not None else b"") + (text(password) if password is not None else b"")
    head = text(name) + bytes([version, bits]) + struct.pack(">H", keep_alive)
    return packet(CONNECT, 0, head + (block(properties) if version == 5 else b"") + body)


def publish_packet(version, topic, payload=b"", qos=0, packet_id=1, retain=False, properties=b""):
    body = text(topic) + (struct.pack(">H", packet_id) if qos else b"")
    body += block(properties) if version == 5 else b""
    return packet(PUBLISH, qos << 1 | int(retain), body + payload)


def subscribe_packet(version, filters, packet_id=1):
    """`filters`: texts, or (text, options)."""
    body = struct.pack(">H", packet_id) + (block() if version == 5 else b"")
    for entry in filters:
        name, options = entry if isinstance(entry, tuple) else (entry, 1)
        body += text(name) + bytes([options])
    return packet(SUBSCRIBE, 2, body)


def unsubscribe_packet(version, filters, packet_id=1):
    body = struct.pack(">H", packet_id) + (block() if version == 5 else b"")
    return packet(UNSUBSCRIBE, 2, body + b"".join(text(f) for f in filters))


class Closed(Exception):
    """The peer closed the connection."""


class RawClient:
    """One TCP (or TLS) connection to the gateway that sends exactly what it is told."""

    def __init__(self, port, version=4, tls=None, timeout=5.0):
        self.version = version
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
        self.socket.sendall(data)

    def send_bytewise(self, data):
        for byte in data:
            self.socket.sendall(bytes([byte]))

    # Reading

    def _more(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("no packet came in time")
        self.socket.settimeout(left)
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        except (socket.timeout, TimeoutError) as late:
            raise TimeoutError("no packet came in time") from late
        if not data:
            raise Closed()
        self.buffer += data

    def read(self, timeout=None):
        """The next packet: kind, flags, body."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            length, shift, at = 0, 0, 1
            while at < len(self.buffer):
                length |= (self.buffer[at] & 0x7F) << shift
                shift += 7
                at += 1
                if not self.buffer[at - 1] & 0x80:
                    if len(self.buffer) >= at + length:
                        whole, self.buffer = self.buffer[:at + length], self.buffer[at + length:]
                        return SimpleNamespace(kind=whole[0] >> 4, flags=whole[0] & 15, body=whole[at:])
                    break
            self._more(deadline)

    def expect(self, kind, timeout=None):
        """The next packet, which must be of that kind."""
        got = self.read(timeout)
        assert got.kind == kind, f"expected packet type {kind}, got {got}"
        return got

    def expect_closed(self, timeout=None):
        """Nothing more comes but the end."""
        try:
            got = self.read(timeout)
        except Closed:
            return
        raise AssertionError(f"expected the connection to be closed, got {got}")

    def expect_end(self, timeout=None):
        """The connection ends; the v5 DISCONNECT code that came before it, if any."""
        code = None
        try:
            while True:
                got = self.read(timeout)
                if got.kind == DISCONNECT:
                    code = got.body[0] if got.body else 0
        except Closed:
            return code

    # Exchanges

    def connect(self, client_id, username=None, password=None, **more):
        """Sends CONNECT; the code of the CONNACK."""
        self.send(connect_packet(self.version, client_id, username, password, **more))
        ack = self.expect(CONNACK)
        self.session_present = bool(ack.body[0] & 1)
        return ack.body[1]

    def login(self, client, mqtt_id=None, **more):
        """Connects as a client of the directory, which must be accepted."""
        code = self.connect(client.id if mqtt_id is None else mqtt_id, client.id, client.key, **more)
        assert code == 0, f"CONNACK {code:#x}"
        return self

    def publish(self, topic, payload=b"", qos=0, packet_id=1, **more):
        """The PUBACK's code, 0 in 3.1.1; nothing for QoS 0."""
        self.send(publish_packet(self.version, topic, payload, qos, packet_id, **more))
        if qos == 0:
            return None
        ack = self.expect(PUBACK)
        assert struct.unpack(">H", ack.body[:2])[0] == packet_id
        return ack.body[2] if len(ack.body) > 2 else 0

    def subscribe(self, *filters, packet_id=10):
        """The SUBACK's codes."""
        self.send(subscribe_packet(self.version, filters, packet_id))
        ack = self.expect(SUBACK)
        assert struct.unpack(">H", ack.body[:2])[0] == packet_id
        return list(ack.body[3:] if self.version == 5 else ack.body[2:])

    def unsubscribe(self, *filters, packet_id=11):
        self.send(unsubscribe_packet(self.version, filters, packet_id))
        return self.expect(UNSUBACK)

    def message(self, timeout=None):
        """The next message delivered; QoS 1 is acknowledged."""
        got = self.expect(PUBLISH, timeout)
        length = struct.unpack(">H", got.body[:2])[0]
        topic, at = got.body[2:2 + length].decode(), 2 + length
        qos = got.flags >> 1 & 3
        if qos:
            packet_id = got.body[at:at + 2]
            at += 2
            self.send(packet(PUBACK, 0, packet_id))
        if self.version == 5:
            at += 1 + got.body[at]
        return SimpleNamespace(topic=topic, payload=got.body[at:], qos=qos, retain=bool(got.flags & 1))

    def ping(self):
        """Proves that everything sent before was handled, and nothing else came."""
        self.send(packet(PINGREQ, 0, b""))
        self.expect(PINGRESP)

    def disconnect(self):
        self.send(packet(DISCONNECT, 0, b""))


VERSION_NAMES = {4: "311", 5: "5"}


def pub(port, version, client_id, key, topic, payload, *more, timeout=20):
    """mosquitto_pub to its end."""
    return subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(port), "-V", VERSION_NAMES[version],
                           "-i", client_id, "-u", client_id, "-P", key, "-t", topic, "-m", payload, *more],
                          capture_output=True, text=True, timeout=timeout)


class Subscriber:
    """mosquitto_sub as a process (line-buffered by stdbuf); its lines as they come."""

    def __init__(self, port, version, client_id, key, *topics, more=()):
        filters = [part for topic in topics for part in ("-t", topic)]
        self.process = subprocess.Popen(
            ["stdbuf", "-oL", "mosquitto_sub", "-h", "127.0.0.1", "-p", str(port), "-V", VERSION_NAMES[version], "-i", client_id,
             "-u", client_id, "-P", key, "-d", "-q", "1", "-F", "MESSAGE %t %p", *filters, *more],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1)
        self.lines = []
        self.queue = Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.queue.put(line.rstrip("\n"))
        self.queue.put(None)

    def wait_for(self, part, timeout=10):
        """The next line that holds `part`."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                line = self.queue.get(timeout=max(0.001, deadline - time.monotonic()))
            except Empty:
                line = None
            assert line is not None, f"mosquitto_sub did not say {part!r}; it said {self.lines}"
            self.lines.append(line)
            if part in line:
                return line

    def message(self, timeout=10):
        """(topic, payload) of the next message."""
        _, topic, payload = self.wait_for("MESSAGE ", timeout).split(" ", 2)
        return topic, payload

    def wait_end(self, timeout=10):
        code = self.process.wait(timeout)
        self.reader.join(timeout)
        return code

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()  # SIGTERM makes it wait for a goodbye that may be under way already
            self.process.wait(10)
        self.reader.join(10)
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
