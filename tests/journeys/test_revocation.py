"""What was allowed and is not any more ends on live connections within a second."""

import struct
import time
from types import SimpleNamespace

import pytest

from rig.api import refused
from rig.live import WITHIN, no_more_deliveries, open_pair, refused_publish
from rig.mqtt import RawClient
from rig.site import fresh

VERSIONS = pytest.mark.parametrize("version", [4, 5])


@pytest.fixture
def pair(site):
    """A talker and a listener of their own domain and channel."""
    route = fresh("plant")
    domain = site.domain(route=route)["id"]
    channel = site.channel(domain, route="channel")["id"]
    talker, listener = site.client(domain), site.client(domain)
    site.connect(talker.id, channel, "publish")
    site.connect(listener.id, channel, "subscribe")
    return SimpleNamespace(site=site, domain=domain, channel=channel, talker=talker, listener=listener,
                           topic=f"m/{domain}/c/{channel}", by_route=f"m/{route}/c/channel", admin=site.admin,
                           connections=f"/api/v1/channels/{channel}/connections")


@VERSIONS
@pytest.mark.parametrize("how", ["delete", "change"])
def test_a_revoked_publish_right(pair, version, how):
    talker, listener = open_pair(pair, version)
    if how == "delete":
        pair.admin.must("DELETE", f"{pair.connections}/{pair.talker.id}")
    else:
        pair.admin.must("PATCH", f"{pair.connections}/{pair.talker.id}", {"actions": ["subscribe"]})
    refused_publish(pair, talker, version, listener)
    talker.ping()
    talker.close(), listener.close()


@VERSIONS
@pytest.mark.parametrize("how", ["delete", "change"])
def test_a_revoked_subscribe_right(pair, version, how):
    talker, listener = open_pair(pair, version)
    if how == "delete":
        pair.admin.must("DELETE", f"{pair.connections}/{pair.listener.id}")
    else:
        pair.admin.must("PATCH", f"{pair.connections}/{pair.listener.id}", {"actions": ["publish"]})
    no_more_deliveries(pair, listener, talker)
    refusal = 0x80 if version == 4 else 0x87
    assert listener.subscribe(pair.topic) == [refusal]
    listener.ping()
    talker.close(), listener.close()


@VERSIONS
def test_the_very_next_message_after_the_answer_is_judged_anew(pair, version):
    """Not only within a second: the API answers after the state in memory has changed."""
    talker, listener = open_pair(pair, version)
    for i in range(20):
        pair.admin.must("PATCH", f"{pair.connections}/{pair.talker.id}", {"actions": ["subscribe"]})
        talker.publish(pair.topic, b"denied", qos=1)
        pair.admin.must("PATCH", f"{pair.connections}/{pair.talker.id}", {"actions": ["publish"]})
        talker.publish(pair.topic, str(i).encode(), qos=1)
        assert listener.message().payload == str(i).encode()
    talker.close(), listener.close()


@VERSIONS
def test_a_right_given_back_works_again_without_a_reconnect(pair, version):
    talker, listener = open_pair(pair, version)
    pair.admin.must("DELETE", f"{pair.connections}/{pair.listener.id}")
    no_more_deliveries(pair, listener, talker)
    pair.site.connect(pair.listener.id, pair.channel, "subscribe")
    assert listener.subscribe(pair.by_route + "/#") == [1]
    talker.publish(pair.topic, b"again", qos=1)
    assert listener.message().payload == b"again"
    talker.close(), listener.close()


@VERSIONS
@pytest.mark.parametrize("what", ["channel", "channel deleted"])
def test_a_channel_that_is_disabled_or_deleted(pair, version, what):
    talker, listener = open_pair(pair, version)
    if what == "channel":
        pair.admin.must("POST", f"/api/v1/channels/{pair.channel}/disable", {})
    else:
        pair.admin.must("DELETE", f"/api/v1/channels/{pair.channel}")
    refused_publish(pair, talker, version, listener)
    assert listener.subscribe(pair.topic) == [0x80 if version == 4 else 0x87]
    talker.ping(), listener.ping()
    if what == "channel":
        pair.admin.must("POST", f"/api/v1/channels/{pair.channel}/enable", {})
        assert listener.subscribe(pair.topic) == [1]
        talker.publish(pair.topic, b"enabled", qos=1)
        assert listener.message().payload == b"enabled"
    talker.close(), listener.close()


DEATHS = {
    "client disabled": lambda p: p.admin.must("POST", f"/api/v1/clients/{p.talker.id}/disable", {}),
    "client deleted": lambda p: p.admin.must("DELETE", f"/api/v1/clients/{p.talker.id}"),
    "key deleted": lambda p: p.admin.must("DELETE", f"/api/v1/clients/{p.talker.id}/keys/{p.talker.key_id}"),
    "domain disabled": lambda p: p.admin.must("POST", f"/api/v1/domains/{p.domain}/disable", {}),
}


@VERSIONS
@pytest.mark.parametrize("how", DEATHS)
def test_the_connection_of_a_dead_principal_is_closed(pair, version, how):
    talker, listener = open_pair(pair, version)
    DEATHS[how](pair)
    begin = time.monotonic()
    code = talker.expect_end(timeout=WITHIN + 0.5)
    took = time.monotonic() - begin
    assert took < WITHIN, took
    assert code == (None if version == 4 else 0x87 if how == "key deleted" else 0x98)
    if how == "domain disabled":
        listener.expect_end(timeout=WITHIN)
    again = RawClient(pair.site.server.mqtt, version)
    refusals = {"client disabled": (5, 0x8A), "domain disabled": (5, 0x8A)}
    assert again.connect("x", pair.talker.id, pair.talker.key) == refusals.get(how, (4, 0x86))[version == 5]
    talker.close(), listener.close(), again.close()


@VERSIONS
def test_the_will_of_a_dead_principal_is_not_published(pair, version):
    talker, listener = open_pair(pair, version)
    with RawClient(pair.site.server.mqtt, version) as dying:
        dying.login(pair.talker, "dying", will=(pair.topic, "last words", 1, False))
        other_key = pair.admin.must("POST", f"/api/v1/clients/{pair.talker.id}/keys", {})
        pair.admin.must("DELETE", f"/api/v1/clients/{pair.talker.id}/keys/{pair.talker.key_id}")
        dying.expect_end(timeout=WITHIN + 0.5)
    talker.expect_end(timeout=WITHIN)
    survivor = SimpleNamespace(id=pair.talker.id, key=other_key["key"])
    with RawClient(pair.site.server.mqtt, version).login(survivor, "survivor") as talker:
        talker.publish(pair.topic, b"next", qos=1)
        assert listener.message().payload == b"next"
    listener.close()


def test_other_keys_of_the_client_live_on(pair):
    other = pair.admin.must("POST", f"/api/v1/clients/{pair.talker.id}/keys", {})
    first = RawClient(pair.site.server.mqtt, 5).login(pair.talker, "first")
    second = RawClient(pair.site.server.mqtt, 5).login(SimpleNamespace(id=pair.talker.id, key=other["key"]), "second")
    pair.admin.must("DELETE", f"/api/v1/clients/{pair.talker.id}/keys/{pair.talker.key_id}")
    assert first.expect_end(timeout=WITHIN + 0.5) == 0x87
    second.ping()
    first.close(), second.close()


@VERSIONS
def test_a_kept_session_does_not_replay_what_was_revoked(pair, version):
    expiry = {"properties": b"\x11" + struct.pack(">I", 600)} if version == 5 else {}
    port = pair.site.server.mqtt
    with RawClient(port, version).login(pair.listener, clean=False, **expiry) as kept:
        assert kept.subscribe(f"{pair.topic}/#") == [1]
        kept.disconnect()
        kept.expect_closed()
    with RawClient(port, version).login(pair.talker) as talker:
        for i in range(5):
            talker.publish(f"{pair.topic}/{i}", b"queued", qos=1, packet_id=i + 1)
        pair.admin.must("DELETE", f"{pair.connections}/{pair.listener.id}")
        with RawClient(port, version).login(pair.listener, clean=False, **expiry) as back:
            assert back.session_present
            talker.publish(f"{pair.topic}/live", b"live", qos=1)
            back.ping()
    with RawClient(port, version).login(pair.listener, clean=False, **expiry) as once_more:
        once_more.ping()  # what was dropped is not delivered later either


@VERSIONS
def test_a_disabled_client_does_not_get_its_kept_session(pair, version):
    with RawClient(pair.site.server.mqtt, version).login(pair.listener, clean=False) as kept:
        assert kept.subscribe(f"{pair.topic}/#") == [1]
        kept.disconnect()
        kept.expect_closed()
    pair.admin.must("POST", f"/api/v1/clients/{pair.listener.id}/disable", {})
    with RawClient(pair.site.server.mqtt, version) as back:
        assert back.connect(pair.listener.id, pair.listener.id, pair.listener.key, clean=False) != 0


def test_a_revoked_retained_message_is_not_delivered(pair):
    talker, listener = open_pair(pair, 5)
    talker.publish(f"{pair.topic}/state", b"kept", qos=1, retain=True)
    assert listener.message().payload == b"kept"
    pair.admin.must("DELETE", f"{pair.connections}/{pair.listener.id}")
    assert listener.subscribe(f"{pair.topic}/#") == [0x87]
    listener.ping()
    talker.publish(f"{pair.topic}/state", b"", qos=1, retain=True)
    talker.close(), listener.close()


def test_a_hundred_live_connections_lose_their_right_within_a_second(pair):
    devices = [RawClient(pair.site.server.mqtt, 5).login(pair.talker, f"d{i}") for i in range(100)]
    pair.admin.must("POST", f"/api/v1/clients/{pair.talker.id}/disable", {})
    begin = time.monotonic()
    codes = {device.expect_end(timeout=5) for device in devices}
    assert time.monotonic() - begin < WITHIN
    assert codes == {0x98}


def test_the_api_and_the_gateway_agree(pair):
    """check says about a client what the gateway does."""
    question = {"subject": {"kind": "client", "id": pair.talker.id}, "permission": "publish",
                "object": {"kind": "channel", "id": pair.channel}}
    assert pair.admin.must("POST", "/api/v1/auth/check", question)["allowed"] is True
    told = pair.admin.must("POST", "/api/v1/auth/explain", question)
    assert told["allowed"] is True and told["text"] and told["steps"]
    pair.admin.must("DELETE", f"{pair.connections}/{pair.talker.id}")
    assert pair.admin.must("POST", "/api/v1/auth/check", question)["allowed"] is False
    told = pair.admin.must("POST", "/api/v1/auth/explain", question)
    assert told["allowed"] is False and told["text"]


@pytest.mark.parametrize("how", ["client", "key", "domain"])
def test_a_dead_principal_is_refused_by_the_api_too(pair, how):
    own = pair.admin.as_client(pair.talker.id, pair.talker.key)
    body = {"client_key": {"client_id": pair.talker.id, "key": pair.talker.key}}
    assert own.must("POST", "/api/v1/auth/authenticate", body)["principal"]["id"] == pair.talker.id
    DEATHS[{"client": "client disabled", "key": "key deleted", "domain": "domain disabled"}[how]](pair)
    reason = {"client": "client.disabled", "key": "key.unknown", "domain": "domain.disabled"}[how]
    refused(own.post("/api/v1/auth/authenticate", body), 401, reason)
    refused(pair.admin.post("/api/v1/auth/authenticate", body), 401, reason)
