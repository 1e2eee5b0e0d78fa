"""The gateway in front of a real broker: who connects, what is spoken, and what happens when a side fails."""

import re
import ssl
import struct

import pytest

from rig.broker import Broker
from rig.devices import VERSIONS, listening, place, raw, site_options  # noqa: F401
from rig.mqtt import (AUTH, CONNACK, CONNECT, DISCONNECT, PINGREQ, PINGRESP, PUBACK, PUBLISH, SUBACK, Closed,
                      RawClient, Subscriber, block, connect_packet, packet, pub, publish_packet,
                      subscribe_packet, text, varint)
from rig.site import Site
from rig.tls import make_certificate


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
