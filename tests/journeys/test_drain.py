"""SIGTERM: what is under way is finished, then the process ends with 0."""

import json
import signal
import threading
import time

import pytest

from rig.api import Api
from rig.http import RawHttp
from rig.mqtt import RawClient
from rig.poll import eventually
from rig.server import Server
from rig.site import ADMIN_PASSWORD, Site, fresh

DRAIN = 3


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path, **{"drain_timeout": f"{DRAIN}s", "http.head_timeout": "30s"})
    yield made
    made.close()


def stopping(site):
    return "stopping" in site.server.log()


def test_a_request_in_flight_is_answered(site):
    body = json.dumps({"name": "late"})
    with RawHttp(site.server.api) as peer:
        peer.send(f"POST /api/v1/domains HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {site.admin.token}\r\n"
                  f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body[:5]}")
        # The head is read once a later connection has been answered by the same server.
        for _ in range(3):
            site.admin.must("GET", "/api/v1/users/me")
        begin = time.monotonic()
        site.server.terminate()
        eventually(lambda: stopping(site), what="the stop")
        peer.send(body[5:])
        answer = peer.answer()
        assert answer.status == 201, answer
        assert answer.headers.get("connection") == "close"
        made = json.loads(answer.body)
        peer.expect_closed()
    assert site.server.wait() == 0
    assert time.monotonic() - begin < DRAIN
    site.server.start()
    assert site.login(site.admin_email, ADMIN_PASSWORD).must("GET", f"/api/v1/domains/{made['id']}")["name"] == "late"


def test_what_hangs_is_cut_off_after_the_timeout(site):
    with RawHttp(site.server.api) as hanging:
        hanging.send(f"POST /api/v1/domains HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {site.admin.token}\r\n"
                     f"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{")
        for _ in range(3):
            site.admin.must("GET", "/api/v1/users/me")
        begin = time.monotonic()
        site.server.terminate()
        hanging.answer(timeout=DRAIN + 5)
        hanging.expect_closed()
        assert site.server.wait() == 0
        assert DRAIN - 0.5 < time.monotonic() - begin < DRAIN + 2


def test_idle_connections_do_not_hold_a_stop_up(site):
    idle = [RawHttp(site.server.api) for _ in range(50)]
    for peer in idle[:25]:
        peer.send("GET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\n\r\n")
        assert peer.answer().status == 200
    begin = time.monotonic()
    site.server.terminate()
    assert site.server.wait() == 0
    assert time.monotonic() - begin < 2
    for peer in idle:
        peer.expect_closed()
        peer.close()


@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGINT])
def test_both_signals_stop_it(site, which):
    site.server.process.send_signal(which)
    assert site.server.wait() == 0
    assert "stopped" in site.server.log()


def test_nothing_is_lost_of_the_writes_answered_during_a_stop(site):
    """Many writers at the moment of the stop: what was answered with 201 is there afterwards."""
    made, refused, begun = [], [], threading.Event()

    def writer():
        while True:
            try:
                answer = Api(site.server.api, site.admin.token).post("/api/v1/domains", {"name": "x", "route": fresh("r")})
            except OSError:
                return
            except Exception:  # http.client: the connection ended before an answer
                return
            if answer.status != 201:
                refused.append(answer)
                return
            made.append(answer.json["id"])
            if len(made) > 20:
                begun.set()

    writers = [threading.Thread(target=writer) for _ in range(8)]
    for thread in writers:
        thread.start()
    assert begun.wait(10)
    site.server.terminate()
    for thread in writers:
        thread.join(20)
    assert site.server.wait() == 0
    assert all(answer.status in (503, 429) and answer.is_problem for answer in refused), refused
    site.server.start()
    admin = Api(site.server.api, site.admin.token)
    for domain in made:
        assert admin.get(f"/api/v1/domains/{domain}").status == 200


def test_devices_are_told_before_the_process_ends(site):
    device = site.client(site.domain()["id"])
    with RawClient(site.server.mqtt, 5).login(device) as client:
        site.server.terminate()
        assert client.expect_end() == 0x8B
    assert site.server.wait() == 0
    eventually(lambda: "disconnected" in site.broker.log() or "closed" in site.broker.log(), what="the broker's side")


def test_a_stop_right_after_the_start_is_clean(tmp_path):
    for _ in range(3):
        server = Server(tmp_path / "data").start()
        assert server.stop() == 0
