"""Connections that do nothing, or almost nothing: as many as descriptors allow. They cost little memory, they go in the end,
and others are served meanwhile. How much longer those take is printed; a machine that is busy otherwise decides too much
of it for a limit."""

import math
import resource
import socket
import ssl
import time

import pytest

from rig.http import RawHttp
from rig.poll import eventually
from rig.site import Site
from rig.tls import make_certificate

WANTED = 8000
RESERVE = 600  # descriptors that the test and the server need otherwise
ASKED = 200


def room():
    """How many connections this process can hold, and the server with the same limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return min(WANTED, hard - RESERVE)


@pytest.fixture(scope="module")
def count():
    found = room()
    if found < WANTED:
        print(f"only {found} of {WANTED} connections: the limit of open files is {resource.getrlimit(resource.RLIMIT_NOFILE)[1]}")
    return found


@pytest.fixture
def site(tmp_path, count):
    """A new one each time: memory that was given back once would hide what the next kind takes."""
    certificate, key = make_certificate(tmp_path / "tls")
    made = Site(tmp_path, with_broker=False, **{
        "listener.0.max_connections": 20_000, "http.head_timeout": "3m", "http.body_timeout": "3m", "http.idle_timeout": "3m",
        "listener.1.address": "127.0.0.1:0", "listener.1.max_connections": 20_000, "listener.1.tls.certificate": certificate,
        "listener.1.tls.key": key})
    made.tls_port = int(made.server.banner.split("https://127.0.0.1:")[1].split()[0])
    yield made
    assert made.close() == 0


def token_line(site):
    return f"Authorization: Bearer {site.admin.token}\r\n"


def opened(port, count, first):
    """`count` connections, each with these bytes sent."""
    peers = []
    for _ in range(count):
        peer = socket.create_connection(("127.0.0.1", port), 20)
        if first:
            peer.sendall(first)
        peers.append(peer)
    return peers


def answered_once(site, count):
    # Answered from memory: of what goes to a pool, only so many can wait at once.
    peers = opened(site.server.api, count, f"GET /api/v1/info HTTP/1.1\r\nHost: x\r\n{token_line(site)}\r\n".encode())
    for peer in peers:
        assert peer.recv(65536).startswith(b"HTTP/1.1 200")
    return peers


def client_hello():
    """The first bytes of a handshake, cut off."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    made = context.wrap_bio(incoming, outgoing)
    with pytest.raises(ssl.SSLWantReadError):
        made.do_handshake()
    return outgoing.read()[:100]


# What they do: (how they are opened, KiB that each may cost the server at most).
KINDS = {
    "idle after an answer": (answered_once, 16),
    "silent from the start": (lambda site, n: opened(site.server.api, n, b""), 24),
    "half a head": (lambda site, n: opened(site.server.api, n, b"GET /api/v1/users/me HTTP/1.1\r\nHost: x\r\nX: "), 24),
    "half a body": (lambda site, n: opened(site.server.api, n, (
        f"POST /api/v1/domains HTTP/1.1\r\nHost: x\r\n{token_line(site)}Content-Type: application/json\r\n"
        "Content-Length: 200000\r\n\r\n{\"name\":").encode()), 48),
    "half a TLS handshake": (lambda site, n: opened(site.tls_port, n // 4, client_hello()), 64),
}


def latencies(site):
    """Seconds for each of some requests on a connection of their own."""
    took = []
    with RawHttp(site.server.api, timeout=20) as peer:
        for _ in range(ASKED):
            began = time.monotonic()
            peer.send(f"GET /api/v1/users/me HTTP/1.1\r\nHost: x\r\n{token_line(site)}\r\n")
            assert peer.answer().status == 200
            took.append(time.monotonic() - began)
    return sorted(took)


def p99(took):
    return took[math.ceil(len(took) * 0.99) - 1]


def connections(site):
    return sum(float(line.rsplit(" ", 1)[1]) for line in site.metrics().splitlines()
               if line.startswith("allauth_net_connections{"))


@pytest.mark.parametrize("kind", KINDS)
def test_many_that_do_nothing_cost_little_and_hold_up_nobody(site, count, capsys, kind):
    open_all, most = KINDS[kind]
    latencies(site)
    calm = latencies(site)
    others = connections(site)
    before = site.server.resident_kib()
    peers = open_all(site, count)
    try:
        eventually(lambda: connections(site) >= others + len(peers), within=60, what="all connections")
        disturbed = latencies(site)
        each = (site.server.resident_kib() - before) / len(peers)
    finally:
        for peer in peers:
            peer.close()
    eventually(lambda: connections(site) <= others + 1, within=60, what="the end of all connections")
    with capsys.disabled():
        print(f"\n  {len(peers)} connections, {kind}: {each:.1f} KiB each; p99 of others {p99(calm) * 1000:.2f} ms, "
              f"meanwhile {p99(disturbed) * 1000:.2f} ms: x {p99(disturbed) / p99(calm):.2f}")
    assert each < most, f"{each:.1f} KiB for each connection"
    latencies(site)  # all is as before


def test_the_memory_of_connections_is_used_again(site, count):
    """Twice as many, one half after the other, take no more than the first half did."""
    def once():
        peers = answered_once(site, count // 2)
        held = site.server.resident_kib()
        for peer in peers:
            peer.close()
        eventually(lambda: connections(site) < 50, within=60, what="the end of all connections")
        return held

    first = once()
    assert max(once() for _ in range(3)) < first * 1.1 + 8 * 1024
