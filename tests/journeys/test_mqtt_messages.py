"""The gateway in front of a real broker: what is published, subscribed and left behind, and how what must not is refused."""

import re
import struct

import pytest

from rig.devices import VERSIONS, listening, place, raw, site_options  # noqa: F401
from rig.mqtt import (CONNACK, DISCONNECT, PUBACK, PUBLISH, PUBREL, SUBACK, Closed, connect_packet, packet,
                      publish_packet, subscribe_packet, text)
from rig.poll import eventually
from rig.site import fresh


# Publishing


@VERSIONS
@pytest.mark.parametrize("qos", [0, 1])
def test_a_refused_publish_reaches_nobody_and_the_connection_stays_usable(place, version, qos):
    with listening(place, version, f"{place.by_id}/#") as listener, raw(place, version) as talker:
        talker.login(place.talker)
        code = talker.publish(place.denied, b"secret", qos=qos, packet_id=7)
        assert code == (None if qos == 0 else 0 if version == 4 else 0x87)
        talker.publish(place.by_id, b"allowed", qos=1, packet_id=8)
        assert listener.message().payload == b"allowed"
        listener.ping()


@VERSIONS
@pytest.mark.parametrize("topic", [
    "other/topic", "$SYS/broker/version", "$CONTROL/dynamic-security/v1", "m", "m/{domain}", "m/{domain}/c",
    "m/{domain}/c/", "m//c/{channel}", "m/{domain}/c/nothing", "m/nothing/c/{channel}", "M/{domain}/c/{channel}",
    "/m/{domain}/c/{channel}", "m/{domain}/x/{channel}", "m/{domain}/c/{other}", "$share/g/m/{domain}/c/{channel}",
])
def test_topics_that_are_no_channel_of_ones_own_are_refused(site, place, version, topic):
    other = site.domain(route=fresh("other"))
    foreign = site.channel(other["id"])
    topic = topic.format(domain=place.domain, channel=place.open, other=foreign["id"])
    with raw(place, version).login(place.talker) as talker:
        if topic.startswith("$share"):
            talker.publish(topic, b"x", qos=0)  # a topic name like others: refused, not stripped of its prefix
            talker.ping()
            return
        code = talker.publish(topic, b"x", qos=1)
        assert code == (0 if version == 4 else 0x87)
        talker.ping()


@VERSIONS
def test_a_publish_to_a_share_topic_reaches_no_subscriber(place, version):
    with listening(place, version, f"{place.by_id}/#") as listener, raw(place, version).login(place.talker) as talker:
        talker.publish(f"$share/g/{place.by_id}", b"wrong", qos=0)
        talker.publish(place.by_id, b"right", qos=1)
        assert listener.message().payload == b"right"


@VERSIONS
def test_acks_keep_the_order_of_the_publishes(place, version):
    with raw(place, version).login(place.talker) as talker:
        topics = [place.by_id, place.denied, place.by_id, place.denied, place.denied, place.by_id]
        talker.send(b"".join(publish_packet(version, t, b"x", 1, i + 1) for i, t in enumerate(topics)))
        got = [talker.expect(PUBACK).body for _ in topics]
        assert [struct.unpack(">H", body[:2])[0] for body in got] == [1, 2, 3, 4, 5, 6]
        if version == 5:
            refused = [i for i, body in enumerate(got) if len(body) > 2 and body[2] == 0x87]
            assert refused == [1, 3, 4]


def test_qos_2_is_refused(place):
    with raw(place, 5).login(place.talker) as talker:
        talker.send(publish_packet(5, place.by_id, b"x", 2, 1))
        assert talker.expect_end() == 0x9B
    with raw(place, 4).login(place.talker) as talker:
        talker.send(publish_packet(4, place.by_id, b"x", 2, 1))
        talker.expect_closed()
    with raw(place, 5).login(place.talker) as talker:
        talker.send(packet(PUBREL, 2, b"\x00\x01"))
        assert talker.expect_end() == 0x9B


def test_v5_is_told_the_maximum_qos(place):
    with raw(place, 5) as client:
        client.send(connect_packet(5, place.talker.id, place.talker.id, place.talker.key))
        assert b"\x24\x01" in client.expect(CONNACK).body


@VERSIONS
def test_a_will_of_qos_2_is_refused(place, version):
    with raw(place, version) as client:
        code = client.connect("x", place.talker.id, place.talker.key, will=(place.by_id, "bye", 2, False))
        assert code == (5 if version == 4 else 0x9B)


def test_a_topic_alias_is_refused(place):
    alias = b"\x23\x00\x01"
    with raw(place, 5).login(place.talker) as talker:
        talker.send(publish_packet(5, place.by_id, b"x", 0, properties=alias))
        assert talker.expect_end() == 0x94
    with raw(place, 5).login(place.talker) as talker:
        talker.send(publish_packet(5, "", b"x", 0, properties=alias))
        assert talker.expect_end() in (0x82, 0x94)


@VERSIONS
def test_a_retained_message_is_kept_for_those_who_may_read_it(place, version):
    topic = f"{place.by_id}/{fresh('retained')}"
    with raw(place, version).login(place.talker) as talker:
        talker.publish(topic, b"kept", qos=1, retain=True)
        with listening(place, version, topic) as listener:
            got = listener.message()
            assert (got.topic, got.payload, got.retain) == (topic, b"kept", True)
        talker.publish(topic, b"", qos=1, retain=True)


@VERSIONS
def test_a_large_message_passes_and_a_too_large_one_ends_the_connection(place, version):
    with listening(place, version, f"{place.by_id}/#") as listener, raw(place, version).login(place.talker) as talker:
        payload = bytes(range(256)) * 2000
        talker.publish(place.by_route, payload, qos=1)
        assert listener.message().payload == payload
        talker.send(publish_packet(version, place.by_id, b"x" * (1 << 20), 0)[:1000])
        code = talker.expect_end()
        assert code == (None if version == 4 else 0x95)


def test_properties_of_a_message_arrive_unaltered(place):
    properties = (b"\x01\x01" + b"\x02" + struct.pack(">I", 60) + b"\x03" + text("text/plain") + b"\x08" +
                  text("m/answers/here") + b"\x09" + text(b"\x00\xff") + b"\x26" + text("a") + text("1") + b"\x26" +
                  text("a") + text("2"))
    with listening(place, 5, f"{place.by_id}/#") as listener, raw(place, 5).login(place.talker) as talker:
        talker.publish(place.by_route, b"x", qos=1, properties=properties)
        got = listener.expect(PUBLISH)
        for part in (b"\x03" + text("text/plain"), b"\x08" + text("m/answers/here"), b"\x09" + text(b"\x00\xff"),
                     b"\x26" + text("a") + text("1") + b"\x26" + text("a") + text("2")):
            assert part in got.body


# Subscribing


@VERSIONS
def test_a_mixed_subscribe_is_answered_filter_by_filter(place, version):
    refused = 0x80 if version == 4 else 0x87
    with raw(place, version).login(place.listener) as client, raw(place, version).login(place.talker) as talker:
        codes = client.subscribe((place.by_id, 0), place.denied, (f"{place.by_route}/a", 1), "#", ("$SYS/#", 0),
                                 (f"{place.by_id}/+/#", 2))
        assert codes == [0, refused, 1, refused, refused, 1]
        talker.publish(place.by_id, b"x", qos=1)
        assert client.message().payload == b"x"


@VERSIONS
@pytest.mark.parametrize("filter", [
    "#", "+", "+/#", "m/#", "m/+/c/{channel}", "m/{domain}/c/+", "m/{domain}/c/#", "m/{domain}/#", "m/{domain}/+/{channel}",
    "+/{domain}/c/{channel}", "$SYS/#", "$SYS/broker/uptime", "$CONTROL/#", "$share/g/#", "$share/g/m/+/c/{channel}",
    "$share/g/m/{domain}/c/+", "$queue/m/{domain}/c/{channel}", "$exclusive/m/{domain}/c/{channel}", "/m/{domain}/c/{channel}",
    "m/{domain}/c/nothing", "m/nothing/c/{channel}", "m/{domain}/c/{closed}", "m//c/{channel}",
])
def test_filters_wider_than_ones_channels_are_refused(place, version, filter):
    filter = filter.format(domain=place.domain, channel=place.open, closed=place.closed)
    with raw(place, version).login(place.listener) as client:
        assert client.subscribe(filter) == [0x80 if version == 4 else 0x87]
        client.ping()


@VERSIONS
@pytest.mark.parametrize("filter, subtopic, matches", [
    ("/#", "", True), ("/#", "/a/b", True), ("/+", "/a", True), ("/+", "/a/b", False), ("/+/b", "/a/b", True),
    ("", "", True), ("", "/a", False), ("/a/#", "/a", True), ("/", "/", True), ("/+", "/", True),
])
@pytest.mark.parametrize("name", ["by_id", "by_route"])
def test_wildcards_below_a_channel_match_as_the_standard_says(place, version, filter, subtopic, matches, name):
    base = getattr(place, name)
    with listening(place, version, base + filter) as listener, raw(place, version).login(place.talker) as talker:
        talker.publish(place.by_id + subtopic, b"probe", qos=1)
        if matches:
            got = listener.message()
            assert (got.topic, got.payload) == (base + subtopic, b"probe")
        listener.ping()


@VERSIONS
def test_a_shared_subscription_gives_each_message_to_one(place, version):
    shared = f"$share/workers/{place.by_route}/#"
    with listening(place, version, shared) as first, listening(place, version, shared) as second, \
            raw(place, version).login(place.talker) as talker:
        for i in range(10):
            talker.publish(f"{place.by_id}/{i}", str(i).encode(), qos=1, packet_id=i + 1)
        got = []
        for client in (first, second):
            try:
                while True:
                    message = client.message(0.3)
                    assert message.topic == f"{place.by_route}/{message.payload.decode()}"
                    got.append(int(message.payload))
            except TimeoutError:
                pass
        assert sorted(got) == list(range(10))


@VERSIONS
@pytest.mark.parametrize("filter", ["$share//x", "$share/g", "$share/+/m/x", "$share/g#/m/x"])
def test_a_malformed_share_is_refused(place, version, filter):
    with raw(place, version).login(place.listener) as client:
        client.send(subscribe_packet(version, [filter]))
        try:
            got = client.read()
        except Closed:
            return
        if got.kind == SUBACK:
            assert got.body[-1] >= 0x80
        else:
            assert got.kind == DISCONNECT and got.body[0] >= 0x80


@VERSIONS
def test_a_subscription_to_qos_2_is_lowered(place, version):
    with raw(place, version).login(place.listener) as client:
        assert client.subscribe((place.by_id, 2)) == [1]


@VERSIONS
def test_unsubscribing_by_route_ends_deliveries(place, version):
    with listening(place, version, place.by_route) as listener, raw(place, version).login(place.talker) as talker:
        talker.publish(place.by_id, b"one", qos=1)
        assert listener.message().payload == b"one"
        listener.unsubscribe(place.by_route)
        talker.publish(place.by_id, b"two", qos=1)
        listener.ping()


@VERSIONS
def test_whoever_subscribed_by_both_names_gets_topics_that_match_a_filter(place, version):
    """A topic delivered must match a filter of the client [MQTT-3.3.2-3]."""
    with listening(place, version, f"{place.by_route}/a", f"{place.by_id}/b") as listener, \
            raw(place, version).login(place.talker) as talker:
        talker.publish(f"{place.by_id}/a", b"a", qos=1)
        assert listener.message().topic == f"{place.by_route}/a"
        talker.publish(f"{place.by_route}/b", b"b", qos=1)
        assert listener.message().topic == f"{place.by_id}/b"


@VERSIONS
def test_resubscribing_under_the_other_name_changes_the_name_of_deliveries(place, version):
    with listening(place, version, place.by_id) as listener, raw(place, version).login(place.talker) as talker:
        for name, other in ((place.by_id, place.by_route), (place.by_route, place.by_id), (place.by_id, None)):
            talker.publish(place.by_id, b"x", qos=1)
            assert listener.message().topic == name
            listener.unsubscribe(name)
            if other:
                assert listener.subscribe(other) == [1]


@VERSIONS
def test_a_kept_session_delivers_what_came_meanwhile_by_id_until_it_subscribes_again(place, version):
    mqtt_id = fresh("kept")
    expiry = {"properties": b"\x11" + struct.pack(">I", 600)} if version == 5 else {}
    with raw(place, version).login(place.listener, mqtt_id, clean=False, **expiry) as first:
        assert first.subscribe(f"{place.by_route}/#") == [1]
        first.disconnect()
    with raw(place, version).login(place.talker) as talker:
        assert talker.publish(f"{place.by_id}/later", b"meanwhile", qos=1) == 0
    with raw(place, version).login(place.listener, mqtt_id, clean=False, **expiry) as again:
        assert again.session_present
        got = again.message()
        assert (got.topic, got.payload) == (f"{place.by_id}/later", b"meanwhile")
        assert again.subscribe(f"{place.by_route}/#") == [1]
        with raw(place, version).login(place.talker) as talker:
            assert talker.publish(f"{place.by_id}/now", b"live", qos=1) == 0
        assert again.message().topic == f"{place.by_route}/now"
    raw(place, version).login(place.listener, mqtt_id, clean=True).close()


# Wills


@VERSIONS
def test_an_authorised_will_is_published(place, version):
    with listening(place, version, f"{place.by_id}/#") as listener:
        client = raw(place, version).login(place.talker, will=(f"{place.by_route}/gone", "bye", 1, False))
        client.close()
        got = listener.message()
        assert (got.topic, got.payload) == (f"{place.by_id}/gone", b"bye")


@VERSIONS
def test_a_will_is_not_published_after_a_proper_goodbye(place, version):
    with listening(place, version, f"{place.by_id}/#") as listener:
        with raw(place, version).login(place.talker, will=(place.by_id, "bye", 1, False)) as client:
            client.disconnect()
            client.expect_closed()
        with raw(place, version).login(place.talker) as talker:
            talker.publish(place.by_id, b"next", qos=1)
        assert listener.message().payload == b"next"


@VERSIONS
def test_a_denied_will_is_refused_before_the_broker_is_contacted(site, place, version):
    marker = fresh("will-marker")
    with raw(place, version) as client:
        code = client.connect(marker, place.talker.id, place.talker.key, will=(place.denied, "bye", 1, False))
        assert code == (5 if version == 4 else 0x87)
        client.expect_closed()
    raw(place, version).login(place.talker, mqtt_id=marker + "-good").close()
    eventually(lambda: marker + "-good" in site.broker.log(), what="the good connection in the broker's log")
    assert f"{marker} " not in site.broker.log() and f"{marker}'" not in site.broker.log()
    assert not re.search(re.escape(marker) + r"(?!-good)", site.broker.log())


def test_refused_credentials_never_reach_the_broker(site, place):
    marker, key = fresh("nobody"), "ak1_canary_key_for_the_broker"
    for version in (4, 5):
        with raw(place, version) as client:
            assert client.connect(marker, marker, key) != 0
    raw(place, 4).login(place.talker, mqtt_id="after-" + marker).close()
    eventually(lambda: "after-" + marker in site.broker.log(), what="the next connection in the broker's log")
    log = site.broker.log().replace("after-" + marker, "")
    assert marker not in log and key not in log and place.talker.key not in log
