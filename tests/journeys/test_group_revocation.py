"""Rights that devices hold through roles and groups end on live connections within a second."""

from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import pytest

from rig.live import WITHIN, no_more_deliveries, open_pair, refused_publish
from rig.mqtt import RawClient
from rig.poll import eventually
from rig.site import fresh

VERSIONS = pytest.mark.parametrize("version", [4, 5])


@pytest.fixture
def pair(site):
    """A talker and a listener that are connected to no channel: a role on the hall lets them use what is in it."""
    route = fresh("plant")
    domain = site.domain(route=route)["id"]
    hall = site.group(domain, name="hall")["id"]
    line = site.group(domain, name="line", parent_id=hall)["id"]
    channel = site.channel(domain, route="channel", group_id=line)["id"]
    talker, listener = site.client(domain), site.client(domain)
    role = site.role("group", hall, ["channel_publish", "channel_subscribe"], [("client", talker.id), ("client", listener.id)])["id"]
    return SimpleNamespace(site=site, domain=domain, channel=channel, talker=talker, listener=listener, hall=hall, line=line,
                           role=f"/api/v1/roles/{role}", topic=f"m/{domain}/c/{channel}", by_route=f"m/{route}/c/channel", admin=site.admin)


def remove_both(pair):
    for client in (pair.talker, pair.listener):
        pair.admin.must("DELETE", f"{pair.role}/members/client/{client.id}")


def expire(pair):
    soon = (datetime.now(timezone.utc) + timedelta(seconds=0.3)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    both = [{"kind": "client", "id": client.id, "expires_at": soon} for client in (pair.talker, pair.listener)]
    pair.admin.must("POST", f"{pair.role}/members", {"members": both})
    eventually(lambda: pair.admin.must("GET", f"{pair.role}/members")["members"] == [], 0.3 + WITHIN, "the end of the memberships")


ENDS = {
    "members removed": remove_both,
    "memberships expired": expire,
    "actions removed": lambda p: p.admin.must("POST", f"{p.role}/actions/remove", {"actions": ["channel_publish", "channel_subscribe"]}),
    "role deleted": lambda p: p.admin.must("DELETE", p.role),
    "group disabled": lambda p: p.admin.must("POST", f"/api/v1/groups/{p.hall}/disable", {}),
    "group between disabled": lambda p: p.admin.must("POST", f"/api/v1/groups/{p.line}/disable", {}),
    "group moved": lambda p: p.admin.must("POST", f"/api/v1/groups/{p.line}/move", {"parent_id": ""}),
    "channel moved": lambda p: p.admin.must("POST", f"/api/v1/channels/{p.channel}/move", {"group_id": ""}),
    "group deleted": lambda p: p.admin.must("DELETE", f"/api/v1/groups/{p.hall}?force=true"),
}


@VERSIONS
@pytest.mark.parametrize("how", ENDS)
def test_what_came_through_a_group_ends(pair, version, how):
    talker, listener = open_pair(pair, version)
    ENDS[how](pair)
    refused_publish(pair, talker, version, listener)
    assert listener.subscribe(pair.topic) == [0x80 if version == 4 else 0x87]
    talker.ping(), listener.ping()  # the connections live on
    talker.close(), listener.close()


def test_deliveries_end_for_the_one_who_lost_the_right(pair):
    talker, listener = open_pair(pair, 5)
    pair.admin.must("DELETE", f"{pair.role}/members/client/{pair.listener.id}")
    no_more_deliveries(pair, listener, talker)
    assert talker.publish(pair.topic, b"still", qos=1) != 0x87
    talker.close(), listener.close()


@VERSIONS
def test_what_is_given_back_works_again(pair, version):
    talker, listener = open_pair(pair, version)
    pair.admin.must("POST", f"/api/v1/groups/{pair.hall}/disable", {})
    no_more_deliveries(pair, listener, talker)
    pair.admin.must("POST", f"/api/v1/groups/{pair.hall}/enable", {})
    assert listener.subscribe(pair.by_route + "/#") == [1]
    talker.publish(pair.topic, b"again", qos=1)
    assert listener.message().payload == b"again"
    talker.close(), listener.close()


@VERSIONS
def test_a_deleted_domain_throws_its_clients_out(pair, version):
    talker, listener = open_pair(pair, version)
    assert pair.admin.delete(f"/api/v1/domains/{pair.domain}?force=true").status == 204
    for client in (talker, listener):
        assert client.expect_end(timeout=WITHIN) == (None if version == 4 else 0x98)
    with RawClient(pair.site.server.mqtt, version) as again:
        assert again.connect("x", pair.talker.id, pair.talker.key) == (4, 0x86)[version == 5]
