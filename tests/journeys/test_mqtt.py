"""The gateway in front of a real broker: who connects, what passes, and how what must not is refused."""

import re
import ssl
import struct
from types import SimpleNamespace

import pytest

from rig.broker import Broker
from rig.mqtt import (AUTH, CONNACK, CONNECT, DISCONNECT, PINGREQ, PINGRESP, PUBACK, PUBLISH, PUBREL, SUBACK, Closed,
                      RawClient, Subscriber, block, connect_packet, packet, pub, publish_packet, subscribe_packet,
                      text, varint)
from rig.poll import eventually
from rig.site import Site, fresh
from rig.tls import make_certificate

VERSIONS = pytest.mark.parametrize("version", [4, 5])


@pytest.fixture(scope="module")
def site_options(tmp_path_factory):
    certificate, key = make_certificate(tmp_path_factory.mktemp("tls"))
    return {"gateway.0.connect_timeout": "300ms", "gateway.1.address": "127.0.0.1:0",
            "gateway.1.upstream.address": "127.0.0.1:1", "gateway.2.address": "127.0.0.1:0",
            "gateway.2.tls.certificate": certificate, "gateway.2.tls.key": key,
            "gateway.2.upstream.address": "127.0.0.1:1"}


@pytest.fixture(scope="module")
def place(site):
    """A domain with routes: `talker` may publish, `listener` subscribe on `open`; nobody on `closed`."""
    route = fresh("plant")
    domain = site.domain(route=route)["id"]
    made = SimpleNamespace(domain=domain, route=route, port=site.server.mqtt)
    made.open = site.channel(domain, route="open")["id"]
    made.closed = site.channel(domain, route="closed")["id"]
    made.talker = site.client(domain)
    made.listener = site.client(domain)
    made.both = site.client(domain)
    site.connect(made.talker.id, made.open, "publish")
    site.connect(made.listener.id, made.open, "subscribe")
    site.connect(made.both.id, made.open, "publish", "subscribe")
    made.by_id = f"m/{domain}/c/{made.open}"
    made.by_route = f"m/{route}/c/open"
    made.denied = f"m/{domain}/c/{made.closed}"
    return made


def raw(place, version):
    return RawClient(place.port, version)


def listening(place, version, *filters):
    client = raw(place, version).login(place.listener, mqtt_id=fresh("listener"))
    codes = client.subscribe(*filters)
    assert all(code < 0x80 for code in codes), codes
    return client


# Command-line clients


@VERSIONS
@pytest.mark.parametrize("subscribed, published", [("by_id", "by_id"), ("by_route", "by_route"),
                                                   ("by_id", "by_route"), ("by_route", "by_id")])
def test_devices_meet_by_id_and_by_route(place, version, subscribed, published):
    topic = getattr(place, subscribed)
    with Subscriber(place.port, version, place.listener.id, place.listener.key, f"{topic}/#") as listener:
        listener.wait_for("Subscribed")
        sent = pub(place.port, version, place.talker.id, place.talker.key, f"{getattr(place, published)}/a/b", "21 C",
                   "-q", "1")
        assert sent.returncode == 0, sent
        assert listener.message() == (f"{topic}/a/b", "21 C")


def test_devices_of_both_versions_meet(place):
    with Subscriber(place.port, 4, place.listener.id, place.listener.key, place.by_id) as old:
        old.wait_for("Subscribed")
        assert pub(place.port, 5, place.talker.id, place.talker.key, place.by_id, "new to old").returncode == 0
        assert old.message() == (place.by_id, "new to old")


@VERSIONS
def test_a_wrong_key_is_told_as_such(place, version):
    sent = pub(place.port, version, place.talker.id, "ak1_wrong", place.by_id, "x")
    assert sent.returncode != 0
    code = raw(place, version).connect(place.talker.id, place.talker.id, "ak1_wrong")
    assert code == (4 if version == 4 else 0x86)


def test_the_command_line_client_sees_a_refused_publish(place):
    sent = pub(place.port, 5, place.talker.id, place.talker.key, place.denied, "x", "-q", "1", "-d")
    assert "rc135" in sent.stdout or "(135)" in sent.stdout or "Not authorized" in sent.stdout + sent.stderr, sent


def test_the_command_line_client_sees_a_refused_subscribe(place):
    for version, code in ((4, 128), (5, 135)):
        with Subscriber(place.port, version, place.talker.id, place.talker.key, place.by_id) as refused:
            refused.wait_for(f"Subscribed (mid: 1): {code}")


# Who may connect


@VERSIONS
@pytest.mark.parametrize("username, password", [
    (None, None), ("nobody", "ak1_x"), ("", ""), ("talker", ""), ("talker", None), ("other", "own"),
    ("with/slash", "x"), ("talker", "x" * 65535), ("talker", "own "), ("talker", "ownx"),
])
def test_credentials_that_do_not_hold_are_refused(place, version, username, password):
    names = {"talker": place.talker.id, "other": place.listener.id}
    keys = {"own": place.talker.key, "own ": place.talker.key + " ", "ownx": place.talker.key[:-1]}
    with raw(place, version) as client:
        code = client.connect("device", names.get(username, username), keys.get(password, password))
        assert code == (4 if version == 4 else 0x86)
        client.expect_closed()


@VERSIONS
def test_a_disabled_client_is_banned(site, place, version):
    client = site.client(place.domain)
    site.admin.must("POST", f"/api/v1/clients/{client.id}/disable", {})
    with raw(place, version) as device:
        assert device.connect(client.id, client.id, client.key) == (5 if version == 4 else 0x8A)
        device.expect_closed()
    site.admin.must("POST", f"/api/v1/clients/{client.id}/enable", {})
    raw(place, version).login(client).close()


@VERSIONS
def test_a_client_of_a_disabled_domain_is_banned(site, place, version):
    domain = site.domain()["id"]
    client = site.client(domain)
    site.admin.must("POST", f"/api/v1/domains/{domain}/disable", {})
    with raw(place, version) as device:
        assert device.connect(client.id, client.id, client.key) == (5 if version == 4 else 0x8A)


@VERSIONS
def test_the_id_of_another_client_is_refused_and_its_connection_untouched(place, version):
    with raw(place, version).login(place.listener) as victim:
        with raw(place, version) as thief:
            assert thief.connect(place.listener.id, place.talker.id, place.talker.key) == (2 if version == 4 else 0x85)
            thief.expect_closed()
        victim.ping()


@VERSIONS
def test_an_id_of_their_own_does_not_make_clients_collide(place, version):
    with raw(place, version).login(place.talker, mqtt_id="sensor") as first:
        with raw(place, version).login(place.listener, mqtt_id="sensor") as second:
            first.ping()
            second.ping()


@VERSIONS
def test_the_same_client_with_the_same_id_takes_over(place, version):
    with raw(place, version).login(place.talker) as first, raw(place, version).login(place.talker) as second:
        code = first.expect_end()
        assert code in ((None,) if version == 4 else (0x8E, 0x80))  # as the broker says, or does not
        second.ping()


def test_an_empty_id_is_assigned(place):
    with raw(place, 5) as first, raw(place, 5).login(place.talker, mqtt_id="") as second:
        first.send(connect_packet(5, "", place.talker.id, place.talker.key))
        ack = first.expect(CONNACK)
        assert ack.body[1] == 0 and b"\x12" in ack.body
        at = ack.body.index(b"\x12") + 1
        assigned = ack.body[at + 2:at + 2 + struct.unpack(">H", ack.body[at:at + 2])[0]].decode()
        assert assigned
        first.ping()
        second.ping()  # two without an id are not one
        with raw(place, 5).login(place.talker, mqtt_id=assigned) as again:
            first.expect_end()
            again.ping()


def test_an_empty_id_in_3_1_1_takes_a_clean_session(place):
    with raw(place, 4).login(place.talker, mqtt_id="") as first, raw(place, 4).login(place.talker, mqtt_id="") as second:
        first.ping()
        second.ping()
    with raw(place, 4) as client:
        assert client.connect("", place.talker.id, place.talker.key, clean=False) == 2


@VERSIONS
def test_a_user_is_no_device(site, place, version):
    user = site.user()
    with raw(place, version) as client:
        code = client.connect("device", user["email"], "a long enough password")
        assert code == (4 if version == 4 else 0x86)


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
def test_a_kept_session_delivers_what_came_meanwhile_under_the_name_subscribed(place, version):
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
        assert (got.topic, got.payload) == (f"{place.by_route}/later", b"meanwhile")
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


# What is not MQTT as we speak it


def test_an_unknown_level_is_told_which_protocol_is_spoken(place):
    with raw(place, 3) as client:
        assert client.connect("x", place.talker.id, place.talker.key, name="MQIsdp") == 1
        client.expect_closed()
    with raw(place, 6) as client:
        assert client.connect("x", place.talker.id, place.talker.key) == 0x84
        client.expect_closed()


def test_enhanced_authentication_is_refused(place):
    with raw(place, 5) as client:
        method = b"\x15" + text("SCRAM-SHA-256")
        assert client.connect("x", place.talker.id, place.talker.key, properties=method) == 0x8C
    with raw(place, 5).login(place.talker) as client:
        client.send(packet(AUTH, 0, b"\x19\x00"))
        assert client.expect_end() in (0x81, 0x82)


@VERSIONS
def test_a_second_connect_ends_the_connection(place, version):
    with raw(place, version).login(place.talker) as client:
        client.send(connect_packet(version, place.talker.id, place.talker.id, place.talker.key))
        assert client.expect_end() == (None if version == 4 else 0x82)


BROKEN_OPENINGS = {
    "publish first": publish_packet(4, "m/x/c/y", b"x"),
    "ping first": packet(PINGREQ, 0, b""),
    "http": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "tls hello": bytes.fromhex("16030100c8010000c40303") + bytes(64),
    "zeros": bytes(64),
    "other protocol name": connect_packet(4, "x", name="AMQP"),
    "flags of the packet": bytes([0x11]) + connect_packet(4, "x")[1:],
    "reserved bit": connect_packet(4, "x").replace(b"MQTT\x04\x02", b"MQTT\x04\x03"),
    "will of qos 3": connect_packet(4, "x").replace(b"MQTT\x04\x02", b"MQTT\x04\x1e"),
    "password without user in 3.1.1": connect_packet(4, "x", None, "key"),
    "bytes left over": packet(CONNECT, 0, connect_packet(4, "x")[2:] + b"!"),
    "too short": packet(CONNECT, 0, connect_packet(4, "x")[2:-1]),
    "bad utf-8": connect_packet(4, b"\xc3\x28"),
    "zero character": connect_packet(4, "a\0b"),
    "surrogate": connect_packet(4, b"\xed\xa0\x80"),
    "length of five bytes": b"\x10\xff\xff\xff\xff\x01",
    "length of 256 MB": b"\x10\xff\xff\xff\x7f",
}


@pytest.mark.parametrize("what", BROKEN_OPENINGS)
def test_what_is_no_connect_is_closed_without_a_word(place, what):
    with raw(place, 4) as client:
        client.send(BROKEN_OPENINGS[what])
        client.expect_closed()


def test_a_malformed_v5_connect_gets_no_success(place):
    twice = (b"\x11" + struct.pack(">I", 5)) * 2
    for broken in (connect_packet(5, "x", place.talker.id, place.talker.key, properties=twice),
                   connect_packet(5, "x", properties=b"\x23\x00\x01"),
                   packet(CONNECT, 0, connect_packet(5, "x")[2:] + b"!")):
        with raw(place, 5) as client:
            client.send(broken)
            try:
                ack = client.expect(CONNACK)
                assert ack.body[0] == 0 and ack.body[1] >= 0x80
            except Closed:
                continue
            client.expect_closed()


MALFORMED = {
    "reserved type": (bytes([0, 0]), 0x81),
    "qos 3": (bytes([0x36]) + varint(5) + b"\x00\x01a\x00\x01", 0x81),
    "ping with a body": (packet(PINGREQ, 0, b"x"), 0x81),
    "subscribe without filters": (packet(8, 2, b"\x00\x01" + block()), 0x82),
    "subscribe with wrong flags": (packet(8, 0, b"\x00\x01" + block() + text("a") + b"\x00"), 0x81),
    "topic with a wildcard": (publish_packet(5, "m/+/c/x"), 0x90),
    "topic not utf-8": (publish_packet(5, b"\xff\xfe"), 0x81),
    "packet id 0": (publish_packet(5, "m/a/c/b", b"", 1, 0), 0x82),
    "subscription id in a publish": (publish_packet(5, "m/a/c/b", properties=b"\x0b\x01"), 0x82),
    "unknown property": (publish_packet(5, "m/a/c/b", properties=b"\x7f\x01"), 0x81),
    "property twice": (publish_packet(5, "m/a/c/b", properties=b"\x01\x01\x01\x01"), 0x82),
    "length of five bytes": (b"\x30\xff\xff\xff\xff\x01", 0x81),
    "length not in its shortest form": (b"\x30\x89\x00" + b"\x00\x07m/a/c/b\x00"[:9], 0x81),
    "connack from a client": (packet(CONNACK, 0, b"\x00\x00\x00"), 0x82),
    "suback from a client": (packet(SUBACK, 0, b"\x00\x01\x00\x00"), 0x82),
    "pingresp from a client": (packet(PINGRESP, 0, b""), 0x82),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_a_malformed_packet_ends_the_connection_with_its_code(place, what):
    data, code = MALFORMED[what]
    with raw(place, 5).login(place.talker) as client:
        client.send(data)
        assert client.expect_end() in {code, 0x81 if code == 0x90 else code}


# Timing, framing, order


@VERSIONS
def test_packets_sent_before_the_connack_are_replayed_in_order(place, version):
    with raw(place, version) as client:
        client.send(connect_packet(version, place.both.id, place.both.id, place.both.key) +
                    subscribe_packet(version, [f"{place.by_id}/#"], 1) +
                    b"".join(publish_packet(version, f"{place.by_id}/{i}", b"x", 1, i + 2) for i in range(5)) +
                    publish_packet(version, place.denied, b"x", 1, 99))
        assert client.expect(CONNACK).body[1] == 0
        seen = []
        while len([k for k in seen if k == PUBLISH]) < 5 or len([k for k in seen if k == PUBACK]) < 6:
            got = client.read()
            seen.append(got.kind)
            if got.kind == PUBLISH:
                i = len([k for k in seen if k == PUBLISH]) - 1
                assert f"{place.by_id}/{i}".encode() in got.body
        assert seen[0] == SUBACK


@VERSIONS
def test_packets_behind_a_refused_connect_are_discarded(place, version):
    with listening(place, version, f"{place.by_id}/#") as listener:
        with raw(place, version) as client:
            client.send(connect_packet(version, "x", place.talker.id, "ak1_wrong") +
                        publish_packet(version, place.by_id, b"no", 1, 1))
            assert client.expect(CONNACK).body[1] != 0
            client.expect_closed()
        listener.ping()


@VERSIONS
def test_one_byte_at_a_time_is_enough(place, version):
    with listening(place, version, f"{place.by_id}/#") as listener, raw(place, version) as client:
        client.send_bytewise(connect_packet(version, place.talker.id, place.talker.id, place.talker.key))
        assert client.expect(CONNACK).body[1] == 0
        client.send_bytewise(publish_packet(version, f"{place.by_route}/b", b"bytewise", 1, 3))
        client.expect(PUBACK)
        assert listener.message().payload == b"bytewise"


@pytest.mark.parametrize("sent", [b"", b"\x10", connect_packet(4, "half", "u", "p")[:12]])
def test_a_half_open_connect_is_cut_off(place, sent):
    with raw(place, 4) as client:
        client.send(sent)
        client.expect_closed(timeout=3)


def test_keep_alive_passes_the_gateway_and_silence_ends_the_connection(place):
    with raw(place, 5).login(place.talker, keep_alive=1) as silent, \
            raw(place, 5).login(place.both, keep_alive=1) as busy:
        code = None
        ended = False
        while not ended:  # `busy` only ever sends what is denied at QoS 0, until `silent` is gone
            busy.publish(place.denied, b"x")
            try:
                got = silent.read(0.2)
                assert got.kind == DISCONNECT
                code = got.body[0]
            except TimeoutError:
                continue
            except Closed:
                ended = True
        assert code == 0x8D
        busy.ping()


@VERSIONS
def test_other_clients_messages_flow_while_one_client_is_slow(place, version):
    with listening(place, version, f"{place.by_id}/#") as slow, listening(place, version, place.by_id) as quick, \
            raw(place, version).login(place.talker) as talker:
        talker.send(publish_packet(version, f"{place.by_id}/big", b"x" * 500_000) * 10)
        talker.publish(place.by_id, b"hello", qos=1)
        assert quick.message().payload == b"hello"
        assert slow.message().payload == b"x" * 500_000


# The broker


@VERSIONS
def test_a_broker_that_is_away_is_told(site, place, version):
    port = int(re.findall(r"mqtt://127\.0\.0\.1:(\d+)", site.server.banner)[1])
    with RawClient(port, version) as client:
        assert client.connect(place.talker.id, place.talker.id, place.talker.key) == (3 if version == 4 else 0x88)
        client.expect_closed()
    with RawClient(port, version) as client:  # who it is comes first
        assert client.connect("x", place.talker.id, "ak1_wrong") == (4 if version == 4 else 0x86)


def test_a_broker_that_dies_takes_its_connections_along_and_serves_again(tmp_path):
    site = Site(tmp_path)
    try:
        domain = site.domain()["id"]
        channel = site.channel(domain)["id"]
        device = site.client(domain)
        site.connect(device.id, channel)
        old = RawClient(site.server.mqtt, 4).login(device, "old")
        new = RawClient(site.server.mqtt, 5).login(device, "new")
        site.broker.kill()
        old.expect_closed()
        assert new.expect_end() is not None
        assert RawClient(site.server.mqtt, 5).connect(device.id, device.id, device.key) == 0x88
        site.broker.start()
        with RawClient(site.server.mqtt, 5).login(device) as back:
            assert back.publish(f"m/{domain}/c/{channel}", b"x", qos=1) in (0, 0x10)
    finally:
        site.close()


@VERSIONS
def test_the_gateway_shows_its_own_login_to_the_broker_over_tls(tmp_path, version):
    tls = make_certificate(tmp_path / "tls")
    broker = Broker(tmp_path / "guarded", login=("gateway", "the broker's password"), tls=tls).start()
    (tmp_path / "password").write_text("the broker's password\n")
    (tmp_path / "wrong").write_text("not the broker's password\n")
    options = {}
    for i, (name, file) in enumerate((("gateway", "password"), ("gateway", "wrong"))):
        options |= {f"gateway.{i}.address": "127.0.0.1:0", f"gateway.{i}.upstream.address": f"localhost:{broker.port}",
                    f"gateway.{i}.upstream.username": name, f"gateway.{i}.upstream.password_file": tmp_path / file,
                    f"gateway.{i}.upstream.tls": True, f"gateway.{i}.upstream.ca": tls[0]}
    site = Site(tmp_path, with_broker=False, **options)
    try:
        domain = site.domain()["id"]
        channel, device = site.channel(domain)["id"], site.client(domain)
        site.connect(device.id, channel)
        good, bad = (int(port) for port in re.findall(r"mqtt://127\.0\.0\.1:(\d+)", site.server.banner))
        with RawClient(good, version).login(device) as client:
            assert client.subscribe(f"m/{domain}/c/{channel}") == [1]
            client.publish(f"m/{domain}/c/{channel}", b"through", qos=0)
            assert client.message().payload == b"through"
        with RawClient(bad, version) as client:  # the gateway's failure, not the client's
            assert client.connect(device.id, device.id, device.key) == (3 if version == 4 else 0x88)
        assert device.key not in broker.log() and "the broker's password" not in broker.log() + site.server.log()
    finally:
        site.close()
        broker.stop()


def test_half_open_and_broken_peers_leave_the_memory_flat(site, place):
    def wave():
        peers = [RawClient(place.port, 4) for _ in range(300)]
        for i, peer in enumerate(peers):
            peer.send((b"", b"\x10\xff\xff\xff\x7f", b"\x10\x80\x80\x04" + b"x" * 20000, connect_packet(4, "x", "u", "p")[:9])[i % 4])
        raw(place, 5).login(place.talker).close()  # others are served meanwhile
        for peer in peers:
            peer.expect_end(timeout=5)
            peer.close()
    wave()
    before = site.server.resident_kib()
    for _ in range(4):
        wave()
    assert site.server.resident_kib() - before < 8 * 1024


# TLS


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_devices_speak_tls(tmp_path):
    certificate, key = make_certificate(tmp_path / "tls")
    site = Site(tmp_path, **{"gateway.0.tls.certificate": certificate, "gateway.0.tls.key": key,
                             "gateway.0.connect_timeout": "1s"})
    try:
        domain = site.domain()["id"]
        channel = site.channel(domain)["id"]
        device = site.client(domain)
        site.connect(device.id, channel)
        topic = f"m/{domain}/c/{channel}"
        trust = ("--cafile", str(certificate))
        with Subscriber(site.server.mqtt, 5, device.id, device.key, topic, more=trust) as listener:
            listener.wait_for("Subscribed")
            assert pub(site.server.mqtt, 4, device.id, device.key, topic, "x", "-i", "other", *trust).returncode == 0
            assert listener.message() == (topic, "x")
        with RawClient(site.server.mqtt, 4) as plain:  # clear text to the TLS port
            plain.send(connect_packet(4, "x", device.id, device.key))
            try:
                assert plain.read().kind not in (CONNACK,)
            except (Closed, TimeoutError):
                pass
        context = ssl.create_default_context(cafile=str(certificate))
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises((ssl.SSLError, ConnectionError)):
            RawClient(site.server.mqtt, 4, tls=context)
        for newest in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = ssl.create_default_context(cafile=str(certificate))
            context.minimum_version = context.maximum_version = newest
            with RawClient(site.server.mqtt, 5, tls=context).login(device, f"tls{newest}") as secure:
                assert secure.publish(topic, b"x", qos=1) in (0, 0x10)
        with RawClient(site.server.mqtt, 4) as stalled:  # a handshake that never comes
            stalled.expect_closed(timeout=5)
    finally:
        site.close()


# Stopping


def test_a_stop_tells_v5_devices_and_closes_the_others(tmp_path):
    site = Site(tmp_path)
    try:
        device = site.client(site.domain()["id"])
        new = [RawClient(site.server.mqtt, 5).login(device, f"new{i}") for i in range(20)]
        old = [RawClient(site.server.mqtt, 4).login(device, f"old{i}") for i in range(20)]
        site.server.terminate()
        assert {client.expect_end() for client in new} == {0x8B}
        assert {client.expect_end() for client in old} == {None}
        assert site.server.wait() == 0
    finally:
        site.close()
