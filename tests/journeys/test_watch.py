"""Watching the log over the API: what is told, to whom, and how it ends."""

import http.client
import json

import pytest

from rig.api import refused
from rig.directory import admin, home, site_options  # noqa: F401
from rig.poll import eventually
from rig.site import Site


class Watch:
    """A stream of GET /api/v1/watch, line by line."""

    def __init__(self, api, query="", port=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", port or api.port, timeout=20)
        self.connection.request("GET", f"/api/v1/watch?{query}", headers=api.authorization())
        self.response = self.connection.getresponse()
        assert self.response.status == 200, self.response.read()
        self.cursor = None

    def next(self):
        """The next message; None at the end."""
        line = self.response.readline()
        message = json.loads(line) if line else None
        if message and "cursor" in message:
            self.cursor = message["cursor"]
        return message

    def event(self):
        """What happens next."""
        while "event" not in (message := self.next()):
            assert "error" not in message, message
        return message["event"]

    def reason(self):
        """Why it ended."""
        while "error" not in (message := self.next()):
            pass
        assert self.next() is None
        return message["error"]["reason"]

    def close(self):
        self.response.close()  # it holds the socket, too
        self.connection.close()


@pytest.fixture
def watch(request):
    def begin(api, query="", **more):
        made = Watch(api, query, **more)
        request.addfinalizer(made.close)
        return made

    return begin


def test_what_happens_in_a_domain_is_told(site, admin, home, watch):
    stream = watch(admin, f"domain_id={home}")
    first = stream.next()
    assert set(first) == {"cursor"}
    site.client(site.domain()["id"])
    made = admin.call("POST", f"/api/v1/domains/{home}/clients", json={"name": "Pump"}, headers={"X-Request-Id": "request-7"})
    event = stream.event()
    assert event["what"] == "client.created" and event["domain_id"] == home
    assert (event["target_kind"], event["target_id"]) == ("client", made.json["client"]["id"])
    assert (event["actor_kind"], event["actor_id"]) == ("user", site.admin_user["id"])
    assert event["request_id"] == "request-7" and event["revision"] == made.headers["Allauth-Revision"] and event["time"]


def test_a_stream_goes_on_where_another_ended(site, admin, home, watch):
    stream = watch(admin, f"domain_id={home}&kinds=client")
    stream.next()
    first = site.client(home).id
    assert stream.event()["target_id"] == first
    stream.close()
    site.channel(home)
    second = site.client(home).id
    again = watch(admin, f"domain_id={home}&kinds=client&from={stream.cursor}")
    assert again.event()["target_id"] == second
    third = site.client(home).id
    assert again.event()["target_id"] == third


def test_a_stream_ends_when_the_right_or_the_session_does(site, admin, home, watch):
    user = site.user()
    admin.must("POST", f"/api/v1/domains/{home}/members", {"user_id": user["id"], "role": "admin"})
    stream = watch(site.login(user["email"]), f"domain_id={home}")
    stream.next()
    admin.must("DELETE", f"/api/v1/domains/{home}/members/{user['id']}")
    assert stream.reason() == "watch.ended"

    admin.must("POST", f"/api/v1/domains/{home}/members", {"user_id": user["id"], "role": "admin"})
    stream = watch(site.login(user["email"]), f"domain_id={home}")
    stream.next()
    admin.must("DELETE", f"/api/v1/users/{user['id']}/sessions")
    assert stream.reason() == "gate.credential"


def test_what_cannot_be_watched_is_refused(site, admin, home):
    refused(admin.get("/api/v1/watch?from=yesterday"), 400, "log.cursor", "from")
    refused(admin.get("/api/v1/watch?from=1.0123456789abcdef"), 409, "log.replaced")
    refused(admin.get("/api/v1/watch?domain_id=nothing"), 404, "object.missing")
    refused(admin.get("/api/v1/watch?kinds="), 400, "watch.kinds", "kinds")
    refused(admin.get("/api/v1/watch", headers={"Accept": "image/png"}), 406, "http.not_acceptable")


def test_browsers_get_events(admin, home):
    answer = admin.get(f"/api/v1/watch?domain_id={home}", headers={"Accept": "text/event-stream"})
    assert answer.headers["Content-Type"] == "text/event-stream" and answer.body.startswith(b"data: {\"cursor\":")


def test_so_many_of_one_principal_at_once(site, home, watch):
    user = site.user()
    site.admin.must("POST", f"/api/v1/domains/{home}/members", {"user_id": user["id"], "role": "admin"})
    own = site.login(user["email"])
    streams = [watch(own, f"domain_id={home}") for _ in range(8)]
    refused(own.get(f"/api/v1/watch?domain_id={home}"), 429, "watch.too_many")
    streams[0].close()
    eventually(lambda: own.get(f"/api/v1/watch?domain_id={home}").status == 200, within=30)


def test_streams_on_every_engine_tell_what_other_nodes_write_and_end_when_the_server_stops(tmp_path, engine, watch):
    site = Site(tmp_path, with_broker=False, **engine.options)
    try:
        node = site.node() if engine.name == "postgresql" else site.server
        domain = site.domain()["id"]
        eventually(lambda: site.admin_at(node).get(f"/api/v1/domains/{domain}").status == 200)
        stream = watch(site.admin, f"domain_id={domain}", port=node.api)
        stream.next()
        clients = [site.client(domain).id for _ in range(20)]
        assert [stream.event()["target_id"] for _ in clients] == clients
        assert node.stop() == 0
        while stream.next() is not None:
            pass
    finally:
        site.close()
