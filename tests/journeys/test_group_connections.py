"""A group that is connected to a channel: what its clients may do, live and in answers, and who may connect it."""

from types import SimpleNamespace

import pytest

from rig.api import refused
from rig.live import no_more_deliveries, open_pair, refused_publish
from rig.site import ADMIN_PASSWORD, fresh

VERSIONS = pytest.mark.parametrize("version", [4, 5])


@pytest.fixture
def pair(site):
    """A talker and a listener in a line of a hall; the hall is connected to a channel that lies in no group."""
    route = fresh("plant")
    domain = site.domain(route=route)["id"]
    hall = site.group(domain, name="hall")["id"]
    line = site.group(domain, name="line", parent_id=hall)["id"]
    channel = site.channel(domain, route="channel")["id"]
    talker, listener = site.client(domain, group_id=line), site.client(domain, group_id=line)
    site.connect_group(hall, channel)
    base = f"/api/v1/channels/{channel}/group-connections"
    return SimpleNamespace(site=site, admin=site.admin, domain=domain, hall=hall, line=line, channel=channel, talker=talker,
                           listener=listener, base=base, connection=f"{base}/{hall}", topic=f"m/{domain}/c/{channel}",
                           by_route=f"m/{route}/c/channel")


def may(pair, permission, client=None):
    question = {"subject": {"kind": "client", "id": (client or pair.talker).id}, "permission": permission,
                "object": {"kind": "channel", "id": pair.channel}}
    return pair.admin.must("POST", "/api/v1/auth/check", question)["allowed"]


def post(path, body=None):
    return lambda p: p.admin.must("POST", path(p), body(p) if callable(body) else body or {})


def move_both_out(pair):
    for client in (pair.talker, pair.listener):
        pair.site.move("client", client.id, "")


ENDS = {
    "disconnected": lambda p: p.admin.must("DELETE", p.connection),
    "disconnected among others": post(lambda p: f"/api/v1/domains/{p.domain}/connections/remove",
                                      lambda p: {"group_ids": [p.hall], "channel_ids": [p.channel]}),
    "group disabled": post(lambda p: f"/api/v1/groups/{p.hall}/disable"),
    "group between disabled": post(lambda p: f"/api/v1/groups/{p.line}/disable"),
    "group moved": post(lambda p: f"/api/v1/groups/{p.line}/move", {"parent_id": ""}),
    "group deleted": lambda p: p.admin.must("DELETE", f"/api/v1/groups/{p.hall}?force=true"),
    "clients moved out": move_both_out,
    "channel disabled": post(lambda p: f"/api/v1/channels/{p.channel}/disable"),
}


@VERSIONS
@pytest.mark.parametrize("how", ENDS)
def test_what_came_by_a_groups_connection_ends_on_live_connections(pair, version, how):
    talker, listener = open_pair(pair, version)
    ENDS[how](pair)
    refused_publish(pair, talker, version, listener)
    assert listener.subscribe(pair.topic) == [0x80 if version == 4 else 0x87]
    talker.ping(), listener.ping()  # they live on
    talker.close(), listener.close()


def test_deliveries_end_for_the_client_that_was_moved_out(pair):
    talker, listener = open_pair(pair, 5)
    pair.site.move("client", pair.listener.id, "")
    no_more_deliveries(pair, listener, talker)
    assert talker.publish(pair.topic, b"still", qos=1) != 0x87
    pair.site.move("client", pair.listener.id, pair.hall)
    assert listener.subscribe(pair.by_route + "/#") == [1]
    talker.publish(pair.topic, b"again", qos=1)
    assert listener.message().payload == b"again"
    talker.close(), listener.close()


@pytest.mark.parametrize("actions", [["publish"], ["subscribe"], ["publish", "subscribe"]])
def test_life_of_a_groups_connection(pair, actions):
    admin = pair.admin
    admin.must("DELETE", pair.connection)
    made = admin.post(pair.base, {"group_id": pair.hall, "actions": actions})
    assert made.status == 201 and made.headers["location"] == pair.connection
    assert made.json["group_id"] == pair.hall and made.json["actions"] == actions
    assert [may(pair, "publish"), may(pair, "subscribe")] == ["publish" in actions, "subscribe" in actions]
    assert admin.must("GET", pair.base)["connections"] == [made.json]
    assert admin.must("GET", f"/api/v1/groups/{pair.hall}/connections?count=true") == {
        "connections": [made.json], "next_page_token": "", "total_size": 1}
    assert admin.must("GET", f"/api/v1/groups/{pair.line}/connections")["connections"] == []
    assert admin.must("GET", f"/api/v1/channels/{pair.channel}/connections")["connections"] == []
    refused(admin.post(pair.base, {"group_id": pair.hall, "actions": actions}), 409, "connection.exists", "group_id")
    refused(admin.patch(pair.connection, {"actions": []}), 400, "connection.actions", "actions")
    changed = admin.patch(pair.connection, {"actions": ["subscribe"]}, headers={"If-Match": made.headers["etag"]})
    assert changed.status == 200 and changed.json["actions"] == ["subscribe"]
    refused(admin.patch(pair.connection, {"actions": ["publish"]}, headers={"If-Match": made.headers["etag"]}), 412, "revision.stale")
    assert [may(pair, "publish"), may(pair, "subscribe")] == [False, True]
    assert admin.delete(pair.connection).status == 204
    refused(admin.delete(pair.connection), 404, "object.missing")
    assert not may(pair, "subscribe")


def test_bad_connections_of_groups_are_refused(site, pair):
    other = site.domain()["id"]
    far = site.group(other)["id"]
    refused(pair.admin.post(pair.base, {"group_id": pair.line}), 400, "connection.actions", "actions")
    refused(pair.admin.post(pair.base, {"group_id": "", "actions": ["publish"]}), 400, "id.invalid", "group_id")
    refused(pair.admin.post(pair.base, {"group_id": "nothing", "actions": ["publish"]}), 404, "object.missing")
    refused(pair.admin.post(pair.base, {"group_id": pair.talker.id, "actions": ["publish"]}), 404, "object.missing")
    refused(pair.admin.post(pair.base, {"group_id": far, "actions": ["publish"]}), 400, "connection.domain", "group_id")
    batch = {"group_ids": [pair.line, far], "channel_ids": [pair.channel], "actions": ["publish"]}
    refused(pair.admin.post(f"/api/v1/domains/{pair.domain}/connections", batch), 400, "connection.domain", "group_ids[1]")
    assert len(pair.admin.must("GET", pair.base)["connections"]) == 1


def test_it_takes_the_right_to_connect_every_client_in_the_group(site, pair):
    user = site.user()
    own = site.login(user["email"])
    wish = {"group_id": pair.line, "actions": ["publish"]}
    site.role("channel", pair.channel, ["connect", "read"], [("user", user["id"])])
    refused(own.post(pair.base, wish), 404, "object.missing")
    site.role("group", pair.line, ["read"], [("user", user["id"])])
    for client in (pair.talker, pair.listener):  # each by itself is not enough: others may come into the group
        site.role("client", client.id, ["connect"], [("user", user["id"])])
    refused(own.post(pair.base, wish), 403, "gate.denied")
    site.role("group", pair.line, ["client_connect"], [("user", user["id"])])
    refused(own.post(pair.base, {**wish, "group_id": pair.hall}), 404, "object.missing")  # not upwards
    assert own.post(pair.base, wish).status == 201
    assert own.delete(f"{pair.base}/{pair.line}").status == 204


def test_explain_tells_the_way_through_the_groups(pair):
    question = {"subject": {"kind": "client", "id": pair.talker.id}, "permission": "publish",
                "object": {"kind": "channel", "id": pair.channel}}
    told = pair.admin.must("POST", "/api/v1/auth/explain", question)
    assert told["allowed"] and told["steps"] == [
        f"channel {pair.channel} # publisher has group {pair.hall} # inside",
        f"group {pair.hall} # effect has group {pair.hall}",
        f"group {pair.hall} # subgroup has group {pair.line}",
        f"group {pair.line} # client has client {pair.talker.id}"]
    pair.admin.must("POST", f"/api/v1/groups/{pair.hall}/disable", {})
    told = pair.admin.must("POST", "/api/v1/auth/explain", question)
    assert not told["allowed"] and f"group {pair.hall} has no effect" in told["steps"]


def test_groups_and_clients_are_connected_together(site, pair):
    free = site.client(pair.domain)
    path = f"/api/v1/domains/{pair.domain}/connections"
    both = {"client_ids": [free.id], "group_ids": [pair.hall, pair.line, pair.hall], "channel_ids": [pair.channel]}
    made = pair.admin.must("POST", path, {**both, "actions": ["subscribe"]})
    assert [one["client_id"] for one in made["connections"]] == [free.id]
    assert [one["group_id"] for one in made["group_connections"]] == [pair.hall, pair.line]
    assert not may(pair, "publish") and may(pair, "subscribe") and may(pair, "subscribe", free)
    assert pair.admin.must("POST", f"{path}/remove", both) == {"removed": 3}
    assert not may(pair, "subscribe") and not may(pair, "subscribe", free)


def test_they_go_with_the_channel_and_count_for_the_quota(site, pair):
    def used():
        return pair.admin.must("GET", f"/api/v1/domains/{pair.domain}/usage")["connections"]["used"]
    assert used() == 1
    pair.admin.must("PATCH", f"/api/v1/domains/{pair.domain}/quotas", {"connections": 1})
    refused(pair.admin.post(pair.base, {"group_id": pair.line, "actions": ["publish"]}), 409, "quota.connections")
    pair.admin.must("DELETE", f"/api/v1/channels/{pair.channel}")
    assert used() == 0
    assert pair.admin.must("GET", f"/api/v1/groups/{pair.hall}/connections")["connections"] == []


def test_they_survive_a_kill(pair):
    pair.site.server.kill()
    pair.site.server.start()
    pair.admin = pair.site.admin = pair.site.login(pair.site.admin_email, ADMIN_PASSWORD)
    assert may(pair, "publish") and may(pair, "subscribe")
    pair.site.move("client", pair.talker.id, "")
    assert not may(pair, "publish") and may(pair, "publish", pair.listener)
