"""Topics of channels' own through the gateway and a real broker: by their own names, each domain for itself, and only as long
as they are the channel's."""

from types import SimpleNamespace

import pytest

from rig.devices import VERSIONS
from rig.live import WITHIN, within_a_second
from rig.mqtt import RawClient, Subscriber, pub
from rig.poll import eventually
from rig.site import fresh


def make_place(site, topics):
    """A domain of its own with a channel that has these topics, a talker and a listener."""
    route = fresh("plant")
    domain = site.domain(route=route)["id"]
    channel = site.channel(domain, topics=topics)["id"]
    talker, listener = site.client(domain), site.client(domain)
    site.connect(talker.id, channel, "publish")
    site.connect(listener.id, channel, "subscribe")
    return SimpleNamespace(domain=domain, route=route, channel=channel, talker=talker, listener=listener,
                           port=site.server.mqtt)


def talking(place, version=5):
    return RawClient(place.port, version).login(place.talker)


def listening(place, *filters, version=5, granted=1):
    client = RawClient(place.port, version).login(place.listener, mqtt_id=fresh("listener"))
    assert client.subscribe(*filters) == [granted] * len(filters)
    return client


@VERSIONS
def test_two_domains_have_the_same_topics_and_do_not_meet(site, version):
    here, there = (make_place(site, ["plants/+/temp/#"]) for _ in range(2))
    with listening(here, "plants/+/temp/#", version=version) as mine, \
            listening(there, "plants/+/temp/#", version=version) as theirs, \
            talking(here, version) as talker, talking(there, version) as other:
        talker.publish("plants/rose/temp/now", b"mine", qos=1)
        other.publish("plants/rose/temp/now", b"theirs", qos=1)
        got = mine.message()
        assert (got.topic, got.payload) == ("plants/rose/temp/now", b"mine")
        assert theirs.message().payload == b"theirs"
        for client in (mine, theirs):
            with pytest.raises(TimeoutError):
                client.message(0.3)


def test_the_broker_sees_them_under_their_domain(site):
    place = make_place(site, ["heat/#"])
    seen = f"m/{place.domain}/t/heat/1"
    with RawClient(site.broker.port, 5) as tap:
        assert tap.connect(fresh("tap")) == 0
        tap.subscribe("m/+/t/#")
        with talking(place) as talker:
            talker.publish("heat/1", b"x", qos=1)
        assert tap.message().topic == seen
    # Each gets the names that it asked for.
    names = {"heat/+": "heat/1", f"m/{place.domain}/t/heat/+": seen, f"m/{place.route}/t/heat/+": f"m/{place.route}/t/heat/1"}
    for subscribed, told in names.items():
        with listening(place, subscribed) as listener, talking(place) as talker:
            talker.publish("heat/1", b"x", qos=1)
            assert listener.message().topic == told


def test_a_domains_topics_are_no_way_into_another(site):
    here, there = make_place(site, ["heat/#"]), make_place(site, ["heat/#"])
    with talking(here) as talker:
        for name in (f"m/{there.domain}/t/heat/1", f"m/{there.route}/t/heat/1", "cold", f"m/{here.domain}/t/cold"):
            assert talker.publish(name, b"x", qos=1) == 0x87, name
    with RawClient(here.port, 5).login(here.listener) as listener:
        for name in (f"m/{there.domain}/t/heat/#", "m/+/t/heat/#", f"m/{here.domain}/t/#", "#", "cold/#",
                     f"$share/g/m/{there.domain}/t/heat/#"):
            assert listener.subscribe(name) == [0x87], name


@VERSIONS
def test_shared_subscriptions_share_them(site, version):
    place = make_place(site, ["jobs/#"])
    with listening(place, "$share/workers/jobs/#", version=version) as one, \
            listening(place, "$share/workers/jobs/#", version=version) as two, talking(place, version) as talker:
        for number in range(6):
            talker.publish(f"jobs/{number}", b"x", qos=1)
        topics = []

        def all_there():
            for worker in (one, two):
                try:
                    topics.append(worker.message(0.05).topic)
                except TimeoutError:
                    pass
            return len(topics) >= 6
        eventually(all_there, 5, "all jobs")
        assert sorted(topics) == [f"jobs/{number}" for number in range(6)]


@VERSIONS
@pytest.mark.parametrize("how", ["removed", "moved", "channel deleted"])
def test_what_a_channel_has_no_more_ends_on_live_connections(site, version, how):
    place = make_place(site, ["heat/#", "cold/#"])
    other = site.channel(place.domain)["id"]
    with listening(place, "heat/#", version=version) as listener, talking(place, version) as talker:
        talker.publish("heat/1", b"before", qos=1)
        assert listener.message().payload == b"before"
        if how == "channel deleted":
            site.admin.must("DELETE", f"/api/v1/channels/{place.channel}")
        else:
            site.admin.must("PATCH", f"/api/v1/channels/{place.channel}", {"topics": ["cold/#"]})
        if how == "moved":
            site.admin.must("PATCH", f"/api/v1/channels/{other}", {"topics": ["heat/#"]})
            site.connect(place.talker.id, other, "publish")
        if version == 5 and how != "moved":
            within_a_second(lambda: talker.publish("heat/1", b"after", qos=1) == 0x87, "the refusal")
        else:
            talker.publish("heat/1", b"after", qos=1)
        with pytest.raises(TimeoutError):
            while listener.message(WITHIN).payload == b"after":
                talker.publish("heat/1", b"later", qos=1)
        refusal = 0x80 if version == 4 else 0x87
        assert listener.subscribe("heat/#") == [refusal]
        listener.ping()


def test_a_topic_that_moves_between_channels_goes_on_for_who_may_use_both(site):
    place = make_place(site, ["heat/#"])
    other = site.channel(place.domain)["id"]
    site.connect(place.talker.id, other, "publish")
    site.connect(place.listener.id, other, "subscribe")
    with listening(place, "heat/#") as listener, talking(place) as talker:
        site.admin.must("PATCH", f"/api/v1/channels/{place.channel}", {"topics": []})
        site.admin.must("PATCH", f"/api/v1/channels/{other}", {"topics": ["heat/#"]})
        listener.subscribe("heat/#")
        assert talker.publish("heat/1", b"after", qos=1) == 0
        assert listener.message().payload == b"after"


def test_command_line_clients_use_them(site):
    place = make_place(site, ["plants/+/temp/#"])
    with Subscriber(place.port, 4, place.listener.id, place.listener.key, "plants/+/temp/#") as listener:
        listener.wait_for("Subscribed")
        sent = pub(place.port, 5, place.talker.id, place.talker.key, "plants/rose/temp", "21 C", "-q", "1")
        assert sent.returncode == 0, sent
        assert listener.message() == ("plants/rose/temp", "21 C")


def test_conflicts_are_told_with_the_topic_at_fault(site):
    place = make_place(site, ["plants/+/temp/#"])
    refused = site.admin.call("POST", f"/api/v1/domains/{place.domain}/channels",
                              {"name": "x", "topics": ["a", "plants/#"]})
    assert refused.status == 409 and refused.reason == "topic.taken"
    assert "plants/+/temp/#" in refused.json["detail"] and place.channel in refused.json["detail"]
    for topics, reason in ((["m/x"], "topics.reserved"), (["$SYS/#"], "topics.reserved"), (["a/#/b"], "topics.invalid"),
                           (["x"] * 33, "topics.too_many"), (["x" * 257], "topics.invalid")):
        refused = site.admin.call("PATCH", f"/api/v1/channels/{place.channel}", {"topics": topics})
        assert (refused.status, refused.reason) == (400, reason)
    assert site.admin.must("GET", f"/api/v1/channels/{place.channel}")["topics"] == ["plants/+/temp/#"]
