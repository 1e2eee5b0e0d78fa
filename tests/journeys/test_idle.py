"""Connections that do nothing, or almost nothing: as many as descriptors allow. They cost little memory, they go in the end,
and others are served meanwhile. How much longer those take is printed; a machine that is busy otherwise decides too much
of it for a limit."""

import resource
import socket
import ssl

import pytest

from rig import http2
from rig.others import OverHttp, OverRpc, latencies, p99
from rig.poll import eventually
from rig.rpc import request_of
from rig.site import Site
from rig.tls import make_certificate

WANTED = 8000
GONE = 3  # of others, that were still counted
RESERVE = 600  # descriptors that the test and the server need otherwise


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
        "grpc.0.max_connections": 20_000,
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


# Over gRPC; who says nothing at all is cut off soon, which the tests of net/rpc show.
GET_USER = "/allauth.v1.UserService/GetUser"


def opened_rpc(site, count, *frames):
    """Not all at once: of those that wait to be taken over, one address has a share only."""
    peers, others = [], connections(site)
    while len(peers) < count // 8:
        peers += opened(site.server.grpc, 200, http2.HELLO + b"".join(frames))
        eventually(lambda: connections(site) >= others + len(peers) - GONE
                   and site.server.metric('allauth_pool_queue{pool="rpc-accept"}') == 0, within=20, what="these connections")
    return peers


def begun(site, path, flags=http2.END_HEADERS):
    return http2.frame(http2.HEADERS, flags, 1, http2.head(path, authorization=f"Bearer {site.admin.token}"))


def answered_rpc(site, count):
    me = request_of("UserService.GetUser", {"user_id": "me"}).SerializeToString()
    peers = opened_rpc(site, count, begun(site, GET_USER), http2.frame(http2.DATA, http2.END_STREAM, 1, http2.message(me)))
    for peer in peers:
        http2.read_until(peer, b"grpc-status\x010")
    return peers


# What they do: (how they are opened, KiB that each may cost the server at most).
KINDS = {
    "idle after an answer": (answered_once, 16),
    "silent from the start": (lambda site, n: opened(site.server.api, n, b""), 24),
    "half a head": (lambda site, n: opened(site.server.api, n, b"GET /api/v1/users/me HTTP/1.1\r\nHost: x\r\nX: "), 24),
    "half a body": (lambda site, n: opened(site.server.api, n, (
        f"POST /api/v1/domains HTTP/1.1\r\nHost: x\r\n{token_line(site)}Content-Type: application/json\r\n"
        "Content-Length: 200000\r\n\r\n{\"name\":").encode()), 48),
    "half a TLS handshake": (lambda site, n: opened(site.tls_port, n // 4, client_hello()), 64),
    "gRPC without a call": (opened_rpc, 48),
    "gRPC, idle after an answer": (answered_rpc, 48),
    "gRPC, half a head": (lambda site, n: opened_rpc(site, n, begun(site, GET_USER, 0)), 64),
    "gRPC, half a message": (lambda site, n: opened_rpc(
        site, n, begun(site, GET_USER), http2.frame(http2.DATA, 0, 1, http2.message(b"half", 200_000))), 96),
}


def connections(site):
    return sum(float(line.rsplit(" ", 1)[1]) for line in site.metrics().splitlines()
               if line.startswith("allauth_net_connections{"))


@pytest.mark.parametrize("kind", KINDS)
def test_many_that_do_nothing_cost_little_and_hold_up_nobody(site, count, capsys, kind):
    open_all, most = KINDS[kind]
    over = OverRpc if kind.startswith("gRPC") else OverHttp
    latencies(site, over)
    calm = latencies(site, over)
    others = connections(site)
    before = site.server.resident_kib()
    peers = open_all(site, count)
    try:
        eventually(lambda: connections(site) >= others + len(peers) - GONE, within=60, what="all connections")
        disturbed = latencies(site, over)
        each = (site.server.resident_kib() - before) / len(peers)
    finally:
        for peer in peers:
            peer.close()
    eventually(lambda: connections(site) <= others + 2, within=60, what="the end of all connections")
    with capsys.disabled():
        print(f"\n  {len(peers)} connections, {kind}: {each:.1f} KiB each; p99 of others {p99(calm) * 1000:.2f} ms, "
              f"meanwhile {p99(disturbed) * 1000:.2f} ms: x {p99(disturbed) / p99(calm):.2f}")
    assert each < most, f"{each:.1f} KiB for each connection"
    latencies(site, over)  # all is as before


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
