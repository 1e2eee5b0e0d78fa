"""Groups: a tree in a domain, what lies in it, and what is reached through it."""

import pytest

from rig.api import refused
from rig.directory import admin, home, site_options  # noqa: F401
from rig.site import fresh

G = "/api/v1/groups"


def chain(site, home, depth):
    groups, parent = [], ""
    for level in range(depth):
        groups.append(site.group(home, name=f"level {level + 1}", parent_id=parent))
        parent = groups[-1]["id"]
    return groups


def names(group):
    return [step["name"] for step in group["path"]]


def ids(items):
    return {item["id"] for item in items}


def may(admin, user, permission, kind, thing):
    return admin.must("POST", "/api/v1/auth/check", {"subject": {"kind": "user", "id": user}, "permission": permission,
                                                     "object": {"kind": kind, "id": thing}})["allowed"]


def test_life_of_a_group(site, admin, home):
    owner = site.user()
    made = admin.post(f"/api/v1/domains/{home}/groups", {"name": "Hall", "description": "The big\none \u2013 left", "owner_id": owner["id"]})
    assert made.status == 201 and made.headers["Location"] == f"{G}/{made.json['id']}"
    hall = made.json
    assert (hall["description"], hall["owner_id"], hall["parent_id"]) == ("The big\none \u2013 left", owner["id"], "")
    line = site.group(home, name="Line", parent_id=hall["id"])
    assert (line["parent_id"], line["owner_id"], names(line)) == (hall["id"], site.admin_user["id"], ["Hall", "Line"])
    changed = admin.must("PATCH", f"{G}/{line['id']}", {"description": "", "owner_id": ""})
    assert (changed["description"], changed["owner_id"], changed["name"]) == ("", "", "Line")
    for bad, status, reason in (({"description": "x" * 1025}, 400, "description.length"), ({"description": "a\u0007"}, 400, "description.invalid"),
                                ({"owner_id": "nobody"}, 404, "user.missing"), ({"owner_id": "a b"}, 400, "id.invalid"),
                                ({"parent_id": ""}, 400, None), ({"domain_id": home}, 400, None)):
        answer = admin.patch(f"{G}/{line['id']}", bad)
        assert answer.status == status and reason in (None, answer.reason), answer
    assert admin.must("PATCH", f"{G}/{line['id']}", {"description": "\u00e4" * 1024})["description"] == "\u00e4" * 1024


def test_names_are_unique_beside_siblings(site, admin, home):
    hall = site.group(home, name="Same")
    refused(admin.post(f"/api/v1/domains/{home}/groups", {"name": "Same"}), 409, "name.taken", "name")
    inner = site.group(home, name="Same", parent_id=hall["id"])
    other = site.group(home, name="Other")
    refused(admin.patch(f"{G}/{other['id']}", {"name": "Same"}), 409, "name.taken", "name")
    refused(admin.post(f"{G}/{inner['id']}/move", {"parent_id": ""}), 409, "name.taken", "name")
    assert site.group(site.domain()["id"], name="Same")["name"] == "Same"


def test_a_path_follows_what_is_renamed_and_moved(site, admin, home):
    one, two, three = chain(site, home, 3)
    assert names(three) == ["level 1", "level 2", "level 3"]
    admin.must("PATCH", f"{G}/{one['id']}", {"name": "first / of all"})
    assert names(admin.must("GET", f"{G}/{three['id']}")) == ["first / of all", "level 2", "level 3"]
    moved = admin.must("POST", f"{G}/{two['id']}/move", {"parent_id": ""})
    assert (moved["parent_id"], names(moved)) == ("", ["level 2"])
    assert names(admin.must("GET", f"{G}/{three['id']}")) == ["level 2", "level 3"]
    back = admin.must("POST", f"{G}/{three['id']}/move", {"parent_id": one["id"]}, headers={"If-Match": f'"{three["revision"]}"'})
    assert names(back) == ["first / of all", "level 3"]
    refused(admin.post(f"{G}/{three['id']}/move", {"parent_id": ""}, headers={"If-Match": f'"{three["revision"]}"'}), 412, "revision.stale")


def test_a_tree_has_no_cycles_and_ends_somewhere(site, admin, home):
    groups = chain(site, home, 20)
    refused(admin.post(f"/api/v1/domains/{home}/groups", {"name": "x", "parent_id": groups[-1]["id"]}), 409, "group.depth", "parent_id")
    for into in (groups[0], groups[1], groups[19]):
        refused(admin.post(f"{G}/{groups[0]['id']}/move", {"parent_id": into["id"]}), 409, "group.cycle", "parent_id")
    top = site.group(home)
    refused(admin.post(f"{G}/{groups[0]['id']}/move", {"parent_id": top["id"]}), 409, "group.depth", "parent_id")
    assert admin.must("POST", f"{G}/{groups[1]['id']}/move", {"parent_id": top["id"]})["parent_id"] == top["id"]
    refused(admin.post(f"{G}/{top['id']}/move", {"parent_id": "nothing"}), 404, "object.missing")
    refused(admin.post(f"{G}/{top['id']}/move", {}), 400, "move.where", "parent_id")
    other = site.group(site.domain()["id"])
    refused(admin.post(f"{G}/{top['id']}/move", {"parent_id": other["id"]}), 400, "group.domain", "parent_id")
    refused(admin.post(f"/api/v1/domains/{home}/groups", {"name": "x", "parent_id": other["id"]}), 400, "group.domain", "parent_id")


def test_lists_and_trees(site, admin, home):
    tops = [site.group(home) for _ in range(3)]
    below = [site.group(home, parent_id=tops[0]["id"]) for _ in range(4)]
    deep = site.group(home, parent_id=below[0]["id"])
    every = admin.must("GET", f"/api/v1/domains/{home}/groups?page_size=1000")["groups"]
    assert ids(every) == ids(tops + below + [deep])
    assert ids(admin.must("GET", f"/api/v1/domains/{home}/groups?top=true")["groups"]) == ids(tops)
    seen, token = [], ""
    while True:
        page = admin.must("GET", f"{G}/{tops[0]['id']}/groups?page_size=3&page_token={token}")
        seen += page["groups"]
        token = page["next_page_token"]
        if not token:
            break
    assert [group["id"] for group in seen] == sorted(ids(below))
    tree = admin.must("GET", f"{G}/{tops[0]['id']}/tree")
    assert tree["complete"] is True and [len(group["path"]) for group in tree["groups"]] == [2, 2, 2, 2, 3]
    assert ids(admin.must("GET", f"{G}/{tops[0]['id']}/tree?depth=1")["groups"]) == ids(below)
    refused(admin.get(f"{G}/{tops[0]['id']}/tree?depth=21"), 400, "group.tree_depth", "depth")


@pytest.mark.parametrize("kind", ["client", "channel"])
def test_things_lie_in_a_group_of_their_domain(site, admin, home, kind):
    group, far = site.group(home)["id"], site.group(site.domain()["id"])["id"]
    collection = f"/api/v1/domains/{home}/{kind}s"

    def make(**more):
        made = admin.must("POST", collection, {"name": "x", **more})
        return made.get("client", made)

    def inside():
        return ids(admin.must("GET", f"{G}/{group}/{kind}s")[f"{kind}s"])

    free, placed = make(), make(group_id=group)
    assert (free["group_id"], placed["group_id"]) == ("", group) and inside() == {placed["id"]}
    refused(admin.post(collection, {"name": "x", "group_id": far}), 400, "group.domain", "group_id")
    refused(admin.post(collection, {"name": "x", "group_id": "nothing"}), 404, "object.missing")
    move = f"/api/v1/{kind}s/{free['id']}/move"
    refused(admin.post(move, {"group_id": far}), 400, "group.domain", "group_id")
    refused(admin.post(move, {}), 400, "move.where", "group_id")
    refused(admin.post(move, {"group_id": group}, headers={"If-Match": '"1"'}), 412, "revision.stale")
    assert admin.must("POST", move, {"group_id": group})["group_id"] == group and inside() == {free["id"], placed["id"]}
    assert admin.must("POST", move, {"group_id": ""})["group_id"] == "" and inside() == {placed["id"]}
    assert admin.must("GET", f"/api/v1/{kind}s/{free['id']}")["group_id"] == ""
    assert admin.patch(f"/api/v1/{kind}s/{free['id']}", {"group_id": group}).status == 400  # moving has a method of its own
    assert ids(admin.must("GET", f"{collection}?page_size=1000")[f"{kind}s"]) == {free["id"], placed["id"]}


def test_what_a_group_passes_on(site, admin, home):
    hall = site.group(home, name="hall")
    line = site.group(home, name="line", parent_id=hall["id"])
    client = site.client(home, group_id=line["id"]).id
    user = site.user()
    own = site.login(user["email"])
    role = site.role("group", hall["id"], ["client_update", "client_read", "group_read"], [("user", user["id"])])

    def allowed():
        answer = own.patch(f"/api/v1/clients/{client}", {"name": "x"})
        assert answer.status in (200, 404)
        assert may(admin, user["id"], "update", "client", client) == (answer.status == 200)
        return answer.status == 200

    assert allowed()
    # By it, the user sees the group's clients and groups, and not the group itself or the domain.
    assert ids(own.must("GET", f"{G}/{line['id']}/clients")["clients"]) == {client}
    assert ids(own.must("GET", f"{G}/{hall['id']}/groups")["groups"]) == {line["id"]}
    assert names(own.must("GET", f"{G}/{line['id']}")) == ["line"]
    refused(own.get(f"{G}/{hall['id']}"), 404, "object.missing")
    refused(own.get(f"/api/v1/domains/{home}"), 404, "object.missing")
    refused(own.get(f"/api/v1/domains/{home}/groups"), 404, "object.missing")

    admin.must("POST", f"{G}/{hall['id']}/disable", {})
    assert not allowed()
    told = admin.must("POST", "/api/v1/auth/explain", {"subject": {"kind": "user", "id": user["id"]}, "permission": "update",
                                                        "object": {"kind": "client", "id": client}})
    assert any("has no effect" in step for step in told["steps"]), told
    admin.must("POST", f"{G}/{hall['id']}/enable", {})
    assert allowed()
    admin.must("POST", f"{G}/{line['id']}/disable", {})
    assert not allowed()
    admin.must("POST", f"{G}/{line['id']}/enable", {})
    admin.must("POST", f"{G}/{line['id']}/move", {"parent_id": ""})
    assert not allowed()
    site.move("client", client, hall["id"])
    assert allowed()
    site.move("client", client, "")
    assert not allowed()
    site.move("client", client, hall["id"])
    admin.must("POST", f"/api/v1/roles/{role['id']}/actions/remove", {"actions": ["client_update"]})
    refused(own.patch(f"/api/v1/clients/{client}", {"name": "x"}), 403, "gate.denied")


def test_whoever_manages_a_group_manages_what_is_in_it(site, home):
    """All of it through the API, by somebody without any right on the domain."""
    hall = site.group(home, name="hall")["id"]
    boss = site.user()
    site.role("group", hall, ["read", "update", "group_create", "group_read", "group_move", "group_delete", "client_create", "client_read",
                              "client_move", "client_key", "channel_create", "channel_read", "channel_connect", "client_connect",
                              "channel_move", "delete"], [("user", boss["id"])])
    own = site.login(boss["email"])
    line = own.must("POST", f"/api/v1/domains/{home}/groups", {"name": "line", "parent_id": hall})["id"]
    refused(own.post(f"/api/v1/domains/{home}/groups", {"name": "x"}), 404, "object.missing")
    made = site.client(home, by=own, group_id=line)
    channel = site.channel(home, by=own, group_id=hall)["id"]
    assert own.must("POST", f"/api/v1/clients/{made.id}/keys", {})["key"]
    site.connect(made.id, channel, "publish", by=own)
    refused(own.post(f"/api/v1/clients/{made.id}/move", {"group_id": ""}), 404, "object.missing")  # out of reach
    assert own.must("POST", f"/api/v1/clients/{made.id}/move", {"group_id": hall})["group_id"] == hall
    foreign = site.client(home).id
    refused(own.post(f"/api/v1/clients/{foreign}/move", {"group_id": hall}), 404, "object.missing")
    refused(own.delete(f"/api/v1/domains/{home}?force=true"), 404, "object.missing")
    assert own.delete(f"{G}/{hall}?force=true").status == 204
    refused(own.get(f"/api/v1/clients/{made.id}"), 404, "object.missing")  # it is still there, and no longer theirs
    assert site.admin.must("GET", f"/api/v1/clients/{made.id}")["group_id"] == ""


def test_a_group_with_something_in_it_is_not_deleted(site, admin, home):
    hall = site.group(home)["id"]
    line = site.group(home, parent_id=hall)["id"]
    refused(admin.delete(f"{G}/{hall}"), 409, "group.not_empty")
    client, channel = site.client(home, group_id=line).id, site.channel(home, group_id=line)["id"]
    refused(admin.delete(f"{G}/{line}"), 409, "group.not_empty")
    site.move("client", client, "")
    refused(admin.delete(f"{G}/{line}"), 409, "group.not_empty")
    site.move("channel", channel, "")
    assert admin.delete(f"{G}/{line}").status == 204
    assert admin.delete(f"{G}/{hall}").status == 204


def test_a_forced_delete_takes_the_groups_below_and_their_roles(site, admin, home):
    hall = site.group(home)["id"]
    line = site.group(home, parent_id=hall)["id"]
    client, channel = site.client(home, group_id=line), site.channel(home, group_id=hall)["id"]
    site.connect(client.id, channel, "publish")
    user = site.user()["id"]
    roles = [site.role("group", group, ["client_read", "channel_publish"], [("user", user), ("client", client.id)])["id"] for group in (hall, line)]
    assert may(admin, user, "read", "client", client.id)
    assert admin.delete(f"{G}/{hall}?force=perhaps").status == 400
    assert admin.delete(f"{G}/{hall}?force=true").status == 204
    for path in [f"{G}/{hall}", f"{G}/{line}"] + [f"/api/v1/roles/{role}" for role in roles]:
        refused(admin.get(path), 404, "object.missing")
    assert not may(admin, user, "read", "client", client.id)
    for kind, thing in (("client", client.id), ("channel", channel)):
        assert admin.must("GET", f"/api/v1/{kind}s/{thing}")["group_id"] == ""
    assert len(admin.must("GET", f"/api/v1/channels/{channel}/connections")["connections"]) == 1


def test_a_forced_delete_of_a_domain_is_complete(site, admin):
    route = fresh("gone")
    home = site.domain(route=route)["id"]
    hall = site.group(home)["id"]
    line = site.group(home, parent_id=hall)["id"]
    made, channel = site.client(home, group_id=line), site.channel(home, group_id=hall, route="r")["id"]
    site.connect(made.id, channel, "publish", "subscribe")
    user = site.user()
    admin.must("POST", f"/api/v1/domains/{home}/members", {"user_id": user["id"], "role": "owner"})
    scopes = (("domain", home), ("group", line), ("client", made.id), ("channel", channel))
    roles = [site.role(kind, scope, ["read"], [("user", user["id"]), ("client", made.id)])["id"] for kind, scope in scopes]
    device = site.nobody().as_client(made.id, made.key)
    assert device.get("/api/v1/domains").status == 200
    refused(admin.delete(f"/api/v1/domains/{home}"), 409, "domain.not_empty")
    refused(admin.delete(f"/api/v1/domains/{home}?force=true", headers={"If-Match": '"1"'}), 412, "revision.stale")
    assert admin.delete(f"/api/v1/domains/{home}?force=true").status == 204
    for path in [f"/api/v1/domains/{home}", f"{G}/{hall}", f"{G}/{line}", f"/api/v1/clients/{made.id}", f"/api/v1/channels/{channel}"] + [
            f"/api/v1/roles/{role}" for role in roles]:
        refused(admin.get(path), 404, "object.missing")
    assert device.get("/api/v1/domains").status == 401
    assert site.login(user["email"]).must("GET", "/api/v1/domains")["domains"] == []
    assert admin.delete(f"/api/v1/users/{user['id']}").status == 204  # owner of nothing
    assert site.domain(route=route)["route"] == route
    other = site.domain()["id"]
    assert site.client(other, client_id=made.id).id == made.id  # the id is free, and stands for nobody's rights
