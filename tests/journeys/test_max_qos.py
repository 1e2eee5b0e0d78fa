"""Channels with a highest QoS: what is published, subscribed to and delivered through the gateway and a real broker."""

from types import SimpleNamespace

import pytest

from rig.devices import VERSIONS
from rig.live import within_a_second
from rig.mqtt import RawClient, Subscriber, pub
from rig.site import fresh


@pytest.fixture
def place(site):
    domain = site.domain()["id"]
    channel = site.channel(domain, max_qos=0)["id"]
    device = site.client(domain)
    site.connect(device.id, channel)
    return SimpleNamespace(site=site, domain=domain, channel=channel, device=device, topic=f"m/{domain}/c/{channel}",
                           port=site.server.mqtt, path=f"/api/v1/channels/{channel}")


def connected(place, version=5):
    return RawClient(place.port, version).login(place.device, mqtt_id=fresh("device"))


@VERSIONS
def test_a_message_of_a_higher_qos_reaches_nobody(place, version):
    with connected(place, version) as listener, connected(place, version) as talker:
        assert listener.subscribe(place.topic) == [0], "granted with less"
        assert talker.publish(place.topic, b"refused", qos=1) == (0 if version == 4 else 0x87)
        talker.publish(place.topic, b"passes", qos=0)
        got = listener.message()
        assert (got.payload, got.qos) == (b"passes", 0)


@VERSIONS
def test_the_limit_holds_on_live_connections(place, version):
    place.site.admin.must("PATCH", place.path, {"max_qos": 1})
    with connected(place, version) as listener, connected(place, version) as talker:
        assert listener.subscribe(place.topic) == [1]
        talker.publish(place.topic, b"before", qos=1)
        assert listener.message().payload == b"before"
        place.site.admin.must("PATCH", place.path, {"max_qos": 0})
        if version == 5:
            within_a_second(lambda: talker.publish(place.topic, b"x", qos=1) == 0x87, "the refusal")
        place.site.admin.must("PATCH", place.path, {"max_qos": 2})
        within_a_second(lambda: talker.publish(place.topic, b"after", qos=1) == 0, "the grant")


def test_what_the_broker_kept_is_delivered_with_less(place):
    place.site.admin.must("PATCH", place.path, {"max_qos": 1})
    with connected(place) as talker:
        assert talker.publish(place.topic, b"kept", qos=1, retain=True) in (0, 0x10)  # nobody listens
    place.site.admin.must("PATCH", place.path, {"max_qos": 0})
    with connected(place) as listener:
        listener.subscribe(place.topic)
        got = listener.message()
        assert (got.payload, got.qos, got.retain) == (b"kept", 0, True)
        listener.ping()
    with connected(place) as talker:
        talker.publish(place.topic, b"", qos=0, retain=True)


def test_a_will_of_a_higher_qos_is_told_as_such(place):
    for version, code in ((4, 5), (5, 0x9B)):
        with RawClient(place.port, version) as client:
            assert client.connect("x", place.device.id, place.device.key, will=(place.topic, "bye", 1, False)) == code


def test_command_line_clients_keep_to_it(place):
    with Subscriber(place.port, 5, place.device.id, place.device.key, place.topic, more=("-q", "1")) as listener:
        listener.wait_for("Subscribed")
        other = place.site.client(place.domain)
        place.site.connect(other.id, place.channel)
        assert pub(place.port, 5, other.id, other.key, place.topic, "21 C", "-q", "0").returncode == 0
        assert listener.message() == (place.topic, "21 C")
        refused = pub(place.port, 5, other.id, other.key, place.topic, "22 C", "-q", "1", "-d")
        assert "135" in refused.stdout or "Not authorized" in refused.stdout + refused.stderr, refused


def test_the_refusal_is_logged_with_its_reason(place):
    with connected(place) as talker:
        talker.publish(place.topic, b"x", qos=1)
    within_a_second(lambda: "message.qos" in place.site.server.log(), "the line in the log")


def test_only_a_qos_of_mqtt_is_taken(place):
    refused = place.site.admin.call("PATCH", place.path, {"max_qos": 3})
    assert (refused.status, refused.reason, refused.field) == (400, "qos.invalid", "max_qos")
    assert place.site.admin.must("GET", place.path)["max_qos"] == 0
    place.site.admin.must("PATCH", place.path, {"name": "Other"})
    assert place.site.admin.must("GET", place.path)["max_qos"] == 0
    assert place.site.channel(place.domain)["max_qos"] == 2
