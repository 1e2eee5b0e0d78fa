"""gRPC peers that mean harm, or keep to nothing: what they send costs the server a bounded amount, at the worst moment
too, and others are served meanwhile. How much longer those take is printed, as in test_idle.py."""

import threading

import grpc
import pytest

from rig import http2
from rig.others import OverRpc, latencies, p99
from rig.poll import eventually
from rig.rpc import Rpc, request_of
from rig.site import Site

Code = grpc.StatusCode
GET_USER = "/allauth.v1.UserService/GetUser"
WATCH = "/allauth.v1.WatchService/Watch"
MIB = 1024
WATCHERS = 8  # that one user may have


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path, with_broker=False, **{"grpc.0.max_call_time": "2s"})
    yield made
    assert made.close() == 0


def token(site):
    return f"Bearer {site.admin.token}"


def in_flight(site):
    return site.server.metric('allauth_rpc_calls_in_flight{listener="grpc.0"}')


def me():
    return request_of("UserService.GetUser", {"user_id": "me"}).SerializeToString()


class Meanwhile:
    """Others ask during the block; how much memory it took at most."""

    def __init__(self, site, capsys, what):
        self.site, self.capsys, self.what = site, capsys, what

    def __enter__(self):
        self.calm = latencies(self.site, OverRpc)
        self.before = self.site.server.resident_kib()
        self.site.server.forget_peak()
        self.took, self.failure = [], None
        self.over = threading.Event()
        self.others = threading.Thread(target=self._ask)
        self.others.start()
        return self

    def _ask(self):
        try:
            while not self.over.is_set() or not self.took:
                self.took += latencies(self.site, OverRpc)
        except BaseException as error:  # told to the test in __exit__
            self.failure = error

    def __exit__(self, kind, *_):
        self.over.set()
        self.others.join()
        self.peak = self.site.server.peak_kib() - self.before
        if kind is None and self.failure:
            raise self.failure
        with self.capsys.disabled():
            print(f"\n  {self.what}: {self.peak / MIB:.0f} MiB at most; p99 of others {p99(self.calm) * 1000:.2f} ms, "
                  f"meanwhile {p99(sorted(self.took)) * 1000:.2f} ms")


def take_back(site, calls):
    """Begins calls and takes each back at once; goes on until it is cut off, or no more is read."""
    with http2.connected(site.server.grpc, source="127.0.0.2") as peer:
        peer.settimeout(0.5)  # who does not read what comes back is not read from for long
        first, again = http2.head_to_remember(GET_USER, authorization=token(site))
        reset = (8).to_bytes(4, "big")
        try:
            for begin in range(1, 2 * calls, 200):
                peer.sendall(b"".join(
                    http2.frame(http2.HEADERS, http2.END_HEADERS, stream, first if stream == 1 else again)
                    + http2.frame(http2.RESET, 0, stream, reset) for stream in range(begin, begin + 200, 2)))
        except OSError:
            pass  # cut off, or not read from


def test_calls_that_are_taken_back_at_once(site, capsys):
    """The library holds what it is behind with, some KB for each call, within a quota; a second time that is used again."""
    for again in ("first", "again"):
        with Meanwhile(site, capsys, f"calls taken back, {again}") as meanwhile:
            for _ in range(12):
                take_back(site, 20_000)
            eventually(lambda: in_flight(site) <= 1, within=60, what="the end of all calls")
        assert meanwhile.peak < 640 * MIB
    assert site.server.metric('allauth_rpc_connections_cut_total{listener="grpc.0",cause="resets"}') > 0


def test_streams_that_nobody_reads(site, capsys):
    domain = site.domain()["id"]
    request = request_of("WatchService.Watch", {"domain_id": domain}).SerializeToString()
    with Meanwhile(site, capsys, "streams that nobody reads") as meanwhile:
        peers = [http2.connected(site.server.grpc, http2.HELLO + http2.settings(initial_window=0) + b"".join(
            http2.call(WATCH, request, stream, authorization=token(site)) for stream in (1, 3))) for _ in range(WATCHERS // 2)]
        eventually(lambda: in_flight(site) >= WATCHERS, within=30, what="all streams")
        for _ in range(200):
            site.group(domain)
        for peer in peers:
            peer.close()
        eventually(lambda: in_flight(site) <= 1, within=30, what="the end of all streams")
    assert meanwhile.peak < 64 * MIB


def test_a_call_without_a_deadline_whose_message_never_comes(site):
    with http2.connected(site.server.grpc, http2.HELLO + http2.frame(
            http2.HEADERS, http2.END_HEADERS, 1, http2.head(GET_USER, authorization=token(site))) + http2.frame(
            http2.DATA, 0, 1, http2.message(b"half", 200_000))) as peer:
        assert b"grpc-status\x014" in http2.read_until(peer, b"The call took too long.")


def test_metadata_beyond_all_measure(site, capsys):
    with Meanwhile(site, capsys, "huge metadata") as meanwhile, Rpc(site.server.grpc, site.admin.token) as rpc:
        for size in (20_000, 200_000, 2_000_000, 8_000_000):
            for _ in range(10):
                refused = rpc.send(GET_USER, me(), [("x-more", "a" * size)])
                assert refused.code in (Code.RESOURCE_EXHAUSTED, Code.UNAVAILABLE), refused
    assert meanwhile.peak < 64 * MIB
