"""Roles of one's own making: what they grant, to whom, for how long, and how far."""

import time
from datetime import datetime, timedelta, timezone

import pytest

from rig.api import refused
from rig.directory import admin, home, site_options  # noqa: F401
from rig.poll import eventually
from rig.server import SOURCE
from rig.site import fresh

R = "/api/v1/roles"


def at(seconds):
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def members(admin, role):
    return [(m["kind"], m["id"]) for m in admin.must("GET", f"{R}/{role}/members?page_size=1000")["members"]]


def test_life_of_a_role(site, admin, home):
    body = {"scope_kind": "domain", "scope_id": home, "name": "  Operators ", "actions": ["client_update", "client_read", "client_read"]}
    made = admin.post(R, body)
    assert made.status == 201 and made.headers["Location"] == f"{R}/{made.json['id']}"
    role = made.json
    assert (role["name"], role["actions"], role["built_in"]) == ("Operators", ["client_read", "client_update"], False)
    assert (role["scope_kind"], role["scope_id"], role["created_by"]) == ("domain", home, site.admin_user["id"])
    got = admin.get(f"{R}/{role['id']}")
    assert got.json == role and got.headers["ETag"] == f'"{role["revision"]}"'
    refused(admin.post(R, {**body, "name": "Operators"}), 409, "name.taken", "name")
    stale = {"headers": {"If-Match": '"1"'}}
    for call in (lambda: admin.patch(f"{R}/{role['id']}", {"name": "x"}, **stale), lambda: admin.delete(f"{R}/{role['id']}", **stale),
                 lambda: admin.post(f"{R}/{role['id']}/actions/add", {"actions": ["read"]}, **stale)):
        refused(call(), 412, "revision.stale")
    renamed = admin.must("PATCH", f"{R}/{role['id']}", {"name": "Crew"})
    assert (renamed["name"], renamed["actions"]) == ("Crew", role["actions"])
    assert admin.must("PATCH", f"{R}/{role['id']}", {"actions": ["read"]})["actions"] == ["read"]
    assert admin.must("POST", f"{R}/{role['id']}/actions/add", {"actions": ["update", "read"]})["actions"] == ["read", "update"]
    assert admin.must("POST", f"{R}/{role['id']}/actions/remove", {"actions": ["read", "delete"]})["actions"] == ["update"]
    assert admin.must("PATCH", f"{R}/{role['id']}", {"actions": []})["actions"] == []
    listed = admin.must("GET", f"{R}?scope_kind=domain&scope_id={home}")["roles"]
    assert {r["name"]: r["built_in"] for r in listed} == {"owner": True, "admin": True, "member": True, "Crew": False}
    assert admin.delete(f"{R}/{role['id']}").status == 204
    refused(admin.get(f"{R}/{role['id']}"), 404, "object.missing")


def test_roles_come_in_pages(site, admin, home):
    made = {site.role("domain", home, [])["id"] for _ in range(5)}
    base, seen, token = f"{R}?scope_kind=domain&scope_id={home}&page_size=3", [], ""
    while True:
        page = admin.must("GET", f"{base}&page_token={token}")
        seen += [role["id"] for role in page["roles"]]
        token = page["next_page_token"]
        if not token:
            break
    assert len(seen) == len(set(seen)) == 8 and made <= set(seen)


def test_actions_are_those_of_the_schema(site, admin, home):
    def actions(kind):
        return admin.must("GET", f"/api/v1/actions?scope_kind={kind}")["actions"]

    text = (SOURCE / "src/policy/core.schema").read_text()
    for kind in ("platform", "domain", "group", "client", "channel"):
        definition = text[text.index(f"definition {kind} {{"):].split("\n}")[0]
        declared = [line.split()[1].rstrip(":") for line in definition.splitlines() if "from grants" in line or "from allow grants" in line]
        assert actions(kind) == sorted(declared), kind
    channel, client, group = site.channel(home)["id"], site.client(home).id, site.group(home)["id"]
    for kind, scope in (("domain", home), ("group", group), ("client", client), ("channel", channel), ("platform", "main")):
        whole = site.role(kind, scope, actions(kind))
        assert whole["actions"] == actions(kind)
        for bad in ("can_read", "fly", "**", "", "READ", "platform" if kind == "domain" else "domain"):
            refused(admin.post(R, {"scope_kind": kind, "scope_id": scope, "name": fresh("r"), "actions": [bad]}), 400, "role.action", "actions[0]")
    for kind in ("user", "role", "planet", ""):
        refused(admin.get(f"/api/v1/actions?scope_kind={kind}"), 400, "role.scope", "scope_kind")
        refused(admin.post(R, {"scope_kind": kind, "scope_id": home, "name": "x"}), 400, "role.scope", "scope_kind")
    refused(admin.post(R, {"scope_kind": "client", "scope_id": "nothing", "name": "x"}), 404, "object.missing")
    refused(admin.post(R, {"scope_kind": "client", "name": "x"}), 400, "id.invalid", "scope_id")


def may(admin, user, permission, kind, thing):
    return admin.must("POST", "/api/v1/auth/check", {"subject": {"kind": "user", "id": user["id"]}, "permission": permission,
                                                     "object": {"kind": kind, "id": thing}})["allowed"]


def test_a_denial_wins_and_says_where_it_is(site, admin, home):
    user, client = site.user(), site.client(home).id
    members = [("user", user["id"])]
    site.role("domain", home, ["client_read", "client_update"], members)
    assert may(admin, user, "update", "client", client)
    role = site.role("domain", home, ["client_update"], members, denied_actions=["client_update", "client_delete"])
    assert (role["actions"], role["denied_actions"]) == (["client_update"], ["client_delete", "client_update"])
    assert not may(admin, user, "update", "client", client) and may(admin, user, "read", "client", client)
    why = admin.must("POST", "/api/v1/auth/explain", {"subject": {"kind": "user", "id": user["id"]}, "permission": "update",
                                                      "object": {"kind": "client", "id": client}})
    assert f"domain {home} denies client_update to role {role['id']}" in why["text"]
    assert admin.must("PATCH", f"{R}/{role['id']}", {"denied_actions": ["client_delete"]})["actions"] == ["client_update"]
    assert may(admin, user, "update", "client", client)
    path = f"{R}/{role['id']}/actions"
    assert admin.must("POST", f"{path}/add", {"denied_actions": ["*"]})["denied_actions"] == ["*", "client_delete"]
    assert not may(admin, user, "read", "client", client)
    assert admin.must("POST", f"{path}/remove", {"denied_actions": ["*"]})["denied_actions"] == ["client_delete"]
    assert may(admin, user, "read", "client", client)


def test_nobody_is_locked_out_for_good(site, admin, home):
    """A domain's owner denies everything to the administrator of the platform, who takes it back."""
    owner, me = site.user(), site.admin_user
    admin.must("POST", f"/api/v1/domains/{home}/members", {"user_id": owner["id"], "role": "owner"})
    role = site.role("domain", home, [], [("user", me["id"])], by=site.login(owner["email"]), denied_actions=["*"])
    try:
        assert admin.patch(f"/api/v1/domains/{home}", {"name": "x"}).status in (403, 404)
        assert admin.must("GET", f"{R}/{role['id']}")["denied_actions"] == ["*"]
    finally:
        assert admin.delete(f"{R}/{role['id']}").status == 204
    admin.must("PATCH", f"/api/v1/domains/{home}", {"name": "x"})
    for scope, kind, action in ((home, "domain", "role_manage"), (home, "domain", "role_read"), (home, "domain", "enable"),
                                ("main", "platform", "administer")):
        refused(admin.post(R, {"scope_kind": kind, "scope_id": scope, "name": "x", "denied_actions": [action]}), 400,
                "role.never_denied", "denied_actions[0]")
        listed = admin.must("GET", f"/api/v1/actions?scope_kind={kind}")
        assert action in listed["actions"] and action not in listed["deniable_actions"]


def test_every_action_is_a_word_of_its_own(site, admin, home):
    user = site.user()
    role = site.role("domain", home, ["*"], [("user", user["id"])])
    for action in admin.must("GET", "/api/v1/actions?scope_kind=domain")["actions"]:
        assert may(admin, user, action, "domain", home), action
    path = f"{R}/{role['id']}/actions"
    assert admin.must("POST", f"{path}/remove", {"actions": ["read"]})["actions"] == ["*"]
    assert admin.must("POST", f"{path}/remove", {"actions": ["*"]})["actions"] == []
    assert not may(admin, user, "read", "domain", home)


def test_grants_on_single_things(site, admin, home):
    user, near, far = site.user(), site.client(home).id, site.client(home).id
    elsewhere = site.client(site.domain()["id"]).id
    on = lambda client, **more: {"kind": "client", "object_id": client, "action": "update", **more}  # noqa: E731
    role = site.role("domain", home, ["client_read"], [("user", user["id"])], grants=[on(near), on(far, action="*", effect="deny")])
    assert role["grants"] == [on(c, action=a, effect=e) for c, a, e in sorted([(near, "update", "allow"), (far, "*", "deny")])]
    assert may(admin, user, "update", "client", near) and not may(admin, user, "read", "client", far)
    for bad, status, reason in ((on(elsewhere), 404, "role.grant_object"), (on("nothing"), 404, "role.grant_object"),
                                (on(near, action="fly"), 400, "role.action"), (on(near, kind="user"), 400, "role.grant"),
                                (on(near, kind="shop/orders"), 400, "role.grant")):
        answer = admin.post(f"{R}/{role['id']}/actions/add", {"grants": [bad]})
        assert (answer.status, answer.json["reason"]) == (status, reason), answer.body
    admin.must("DELETE", f"/api/v1/clients/{far}")
    assert admin.must("GET", f"{R}/{role['id']}")["grants"] == [on(near, effect="allow")]
    assert admin.must("POST", f"{R}/{role['id']}/actions/remove", {"grants": [on(near)]})["grants"] == []
    assert not may(admin, user, "update", "client", near)


def test_grants_on_what_applications_have(site, admin, home):
    user = site.user()
    grants = [{"kind": "shop/orders", "action": "read"}, {"kind": "shop/orders", "action": "edit", "object_id": "o/7"},
              {"kind": "shop/*", "action": "*", "effect": "deny"}]
    role = site.role("platform", "main", [], [("user", user["id"])], grants=grants[:2])
    entries = {"shop/orders/read": True, "shop/orders/edit/o/7": True, "shop/orders/edit": False, "shop": False}
    assert {entry: may(admin, user, "use", "catalogue", entry) for entry in entries} == entries
    admin.must("POST", f"{R}/{role['id']}/actions/add", {"grants": grants[2:]})
    assert not any(may(admin, user, "use", "catalogue", entry) for entry in entries)
    refused(admin.post(R, {"scope_kind": "domain", "scope_id": home, "name": "x", "grants": grants[:1]}), 400, "role.grant", "grants[0].kind")


def test_built_in_roles_stay(site, admin, home):
    roles = {r["name"]: r for r in admin.must("GET", f"{R}?scope_kind=domain&scope_id={home}")["roles"]}
    roles["platform"] = admin.must("GET", f"{R}/platform-admin")
    user = site.user()["id"]
    for name, role in roles.items():
        path = f"{R}/{role['id']}"
        refused(admin.patch(path, {"name": "x"}), 409, "role.built_in")
        refused(admin.patch(path, {"actions": []}), 409, "role.built_in")
        refused(admin.post(f"{path}/actions/add", {"actions": []}), 409, "role.built_in")
        refused(admin.post(f"{path}/actions/remove", {"actions": []}), 409, "role.built_in")
        refused(admin.delete(path), 409, "role.built_in")
        if name != "platform":
            refused(admin.post(f"{path}/members", {"members": [{"kind": "user", "id": user}]}), 409, "role.built_in")
            refused(admin.delete(f"{path}/members/user/{site.admin_user['id']}"), 409, "role.built_in")
        assert admin.must("GET", path) == role
    assert members(admin, roles["owner"]["id"]) == [("user", site.admin_user["id"])]


def test_life_of_memberships(site, admin, home):
    role = site.role("domain", home, ["client_read"])["id"]
    base = f"{R}/{role}/members"
    users, client = [site.user()["id"] for _ in range(3)], site.client(home).id
    made = admin.must("POST", base, {"members": [{"kind": "user", "id": user} for user in users] + [{"kind": "client", "id": client}]})["members"]
    assert [(m["kind"], m["id"], "expires_at" in m) for m in made] == [("user", user, False) for user in users] + [("client", client, False)]
    assert set(members(admin, role)) == {("user", user) for user in users} | {("client", client)}
    seen, token = [], ""
    while True:
        page = admin.must("GET", f"{base}?page_size=2&page_token={token}")
        seen += [m["id"] for m in page["members"]]
        token = page["next_page_token"]
        if not token:
            break
    assert seen == [client] + sorted(users)
    until = at(3600)
    again = admin.must("POST", base, {"members": [{"kind": "user", "id": users[0], "expires_at": until}]})["members"][0]
    assert again["expires_at"] == until and again["created_at"] == made[0]["created_at"]
    assert len(members(admin, role)) == 4
    refused(admin.delete(f"{base}/user/{users[0]}", headers={"If-Match": '"1"'}), 412, "revision.stale")
    assert admin.delete(f"{base}/user/{users[0]}").status == 204
    refused(admin.delete(f"{base}/user/{users[0]}"), 404, "role.member_missing")
    refused(admin.delete(f"{base}/client/{users[1]}"), 404, "role.member_missing")
    admin.must("DELETE", f"/api/v1/users/{users[1]}")
    admin.must("DELETE", f"/api/v1/clients/{client}")
    assert members(admin, role) == [("user", users[2])]


@pytest.mark.parametrize("bad, status, reason, field", [
    ([], 400, "role.members", "members"), ([{"kind": "user", "id": "?"}] * 101, 400, "role.members", "members"),
    ([{"kind": "user", "id": "nobody"}], 404, "user.missing", "members[0].id"), ([{"kind": "client", "id": "?"}], 404, "client.missing", "members[0].id"),
    ([{"kind": "role", "id": "?"}], 400, "role.member_kind", "members[0].kind"), ([{"kind": "user", "id": ""}], 400, "id.invalid", "members[0].id"),
    ([{"kind": "user", "id": "?", "expires_at": "2020-01-01T00:00:00Z"}], 400, "role.expires_at", "members[0].expires_at"),
    ([{"kind": "user", "id": "?"}, {"kind": "user", "id": "nobody"}], 404, "user.missing", "members[1].id"),
])
def test_bad_members_are_refused_as_a_whole(site, admin, home, bad, status, reason, field):
    role = site.role("domain", home, ["read"])["id"]
    user = site.user()["id"]
    body = [{**item, "id": user if item["id"] == "?" else item["id"]} for item in bad]
    refused(admin.post(f"{R}/{role}/members", {"members": body}), status, reason, field)
    assert members(admin, role) == []


def test_a_client_holds_roles_in_its_own_domain_only(site, admin, home):
    far = site.client(site.domain()["id"]).id
    for kind, scope in (("domain", home), ("group", site.group(home)["id"]), ("channel", site.channel(home)["id"])):
        role = site.role(kind, scope, ["read"])["id"]
        refused(admin.post(f"{R}/{role}/members", {"members": [{"kind": "client", "id": far}]}), 404, "client.missing")
    platform = site.role("platform", "main", ["user_read"])["id"]
    refused(admin.post(f"{R}/{platform}/members", {"members": [{"kind": "client", "id": far}]}), 400, "role.member_kind")
    user = site.user()
    admin.must("POST", f"{R}/{platform}/members", {"members": [{"kind": "user", "id": user["id"]}]})
    assert site.login(user["email"]).get("/api/v1/users").status == 200


def test_a_membership_ends_when_its_time_has_come(site, admin, home):
    user, lasting = site.user(), site.user()
    role = site.role("domain", home, ["read"])["id"]
    own, other = site.login(user["email"]), site.login(lasting["email"])
    end = time.time() + 2
    admin.must("POST", f"{R}/{role}/members", {"members": [{"kind": "user", "id": user["id"], "expires_at": at(2)},
                                                           {"kind": "user", "id": lasting["id"], "expires_at": at(3600)}]})
    assert own.get(f"/api/v1/domains/{home}").status == 200
    eventually(lambda: own.get(f"/api/v1/domains/{home}").status == 404, 5, "the end of the membership")
    assert end - 0.1 < time.time() < end + 1.0
    assert members(admin, role) == [("user", lasting["id"])]
    assert other.get(f"/api/v1/domains/{home}").status == 200
    # A refresh or a new login does not bring it back.
    refused(site.login(user["email"]).get(f"/api/v1/domains/{home}"), 404, "object.missing")


def test_an_administrator_for_a_while_does_not_count_as_the_last(site, admin):
    role = "platform-admin"
    me, user = site.admin_user["id"], site.user()
    refused(admin.post(f"{R}/{role}/members", {"members": [{"kind": "user", "id": me, "expires_at": at(60)}]}), 409, "admin.last")
    refused(admin.delete(f"{R}/{role}/members/user/{me}"), 409, "admin.last")
    admin.must("POST", f"{R}/{role}/members", {"members": [{"kind": "user", "id": user["id"], "expires_at": at(60)}]})
    second = site.login(user["email"])
    assert second.get("/api/v1/users").status == 200
    refused(admin.delete(f"{R}/{role}/members/user/{me}"), 409, "admin.last")
    refused(second.delete(f"/api/v1/users/{me}"), 409, "admin.last")
    assert admin.delete(f"{R}/{role}/members/user/{user['id']}").status == 204
    refused(second.get("/api/v1/users"), 403, "gate.denied")


def test_further_roles_stand_beside_the_members(site, admin, home):
    user = site.user()
    own = site.login(user["email"])
    client, group = site.client(home).id, site.group(home)["id"]
    roles = [site.role(kind, scope, actions, [("user", user["id"])])["id"] for kind, scope, actions in (
        ("domain", home, ["read"]), ("domain", home, ["client_update"]), ("client", client, ["read"]), ("group", group, ["update"]))]
    base = f"/api/v1/domains/{home}/members"
    assert [m["user_id"] for m in admin.must("GET", base)["members"]] == [site.admin_user["id"]]
    made = admin.must("POST", base, {"user_id": user["id"], "role": "member"})
    assert made["role"] == "member"
    assert admin.must("PATCH", f"{base}/{user['id']}", {"role": "admin"})["role"] == "admin"
    assert len(admin.must("GET", base)["members"]) == 2
    assert own.patch(f"/api/v1/clients/{client}", {"name": "x"}).status == 200
    # Who is removed from the domain holds no role in it any more, whatever it was on.
    assert admin.delete(f"{base}/{user['id']}").status == 204
    for path in (f"/api/v1/domains/{home}", f"/api/v1/clients/{client}", f"/api/v1/groups/{group}"):
        refused(own.get(path), 404, "object.missing")
    assert all(members(admin, role) == [] for role in roles)
    assert own.must("GET", "/api/v1/domains")["domains"] == []


def test_a_role_without_sight_of_the_domain_lists_nothing(site, home):
    user = site.user()
    role = site.role("domain", home, ["client_create"], [("user", user["id"])])["id"]
    own = site.login(user["email"])
    assert own.must("GET", "/api/v1/domains")["domains"] == []
    assert own.post(f"/api/v1/domains/{home}/clients", {"name": "x"}).status == 201
    site.admin.must("POST", f"{R}/{role}/actions/add", {"actions": ["read"]})
    assert [d["id"] for d in own.must("GET", "/api/v1/domains")["domains"]] == [home]


# Attacks


def test_the_roles_of_one_client_are_no_way_to_its_domain(site, admin, home):
    mine, other = site.client(home), site.client(home)
    group = site.group(home)["id"]
    site.move("client", mine.id, group)
    mallory = site.user()
    given = site.role("client", mine.id, ["role_manage"], [("user", mallory["id"])])["id"]
    own = site.login(mallory["email"])
    every = own.must("GET", "/api/v1/actions?scope_kind=client")["actions"]
    whole = site.role("client", mine.id, every, [("user", mallory["id"])], by=own)
    assert own.get(f"/api/v1/clients/{mine.id}").status == 200  # all of its scope, as role_manage says
    for kind, scope in (("domain", home), ("group", group), ("client", other.id), ("platform", "main")):
        answer = own.post(R, {"scope_kind": kind, "scope_id": scope, "name": "x", "actions": ["read"] if kind != "platform" else ["administer"]})
        assert answer.status in (403, 404), answer
    refused(own.post(R, {"scope_kind": "client", "scope_id": mine.id, "name": "x", "actions": ["client_read"]}), 400, "role.action")
    for role in admin.must("GET", f"{R}?scope_kind=domain&scope_id={home}")["roles"] + admin.must("GET", f"{R}?scope_kind=platform")["roles"]:
        answer = own.post(f"{R}/{role['id']}/members", {"members": [{"kind": "user", "id": mallory["id"]}]})
        assert answer.status in (403, 404), answer
    # A role's scope cannot be changed.
    for body in ({"scope_id": home}, {"scope_kind": "domain"}, {"scope_kind": "domain", "scope_id": home}):
        assert own.patch(f"{R}/{whole['id']}", body).status == 400
    # Nor can the client be moved to where one's rights would be others.
    for into in ("", group):
        refused(own.post(f"/api/v1/clients/{mine.id}/move", {"group_id": into}), 404, "object.missing")
    for path in (f"/api/v1/domains/{home}", f"/api/v1/clients/{other.id}", f"/api/v1/groups/{group}"):
        refused(own.get(path), 404, "object.missing")
    # And it can be taken back by those above.
    admin.must("DELETE", f"{R}/{whole['id']}")
    admin.must("DELETE", f"{R}/{given}")
    refused(own.get(f"/api/v1/clients/{mine.id}"), 404, "object.missing")


def test_a_key_is_no_way_to_the_roles_of_a_client(site, admin, home):
    """Whoever makes a key for a client can act as it."""
    robot = site.client(home)
    site.role("domain", home, ["member_manage", "role_manage"], [("client", robot.id)])
    adam, carl = site.user(), site.user()
    admin.must("POST", f"/api/v1/domains/{home}/members", {"user_id": adam["id"], "role": "admin"})
    site.role("client", robot.id, ["key", "update"], [("user", carl["id"])])
    for user in (adam, carl):
        own = site.login(user["email"])
        refused(own.post(f"/api/v1/clients/{robot.id}/keys", {}), 403, "key.roles")
        refused(own.post(f"/api/v1/clients/{robot.id}/keys", {"key": "a-key-of-my-own-making"}), 403, "key.roles")
    assert admin.must("POST", f"/api/v1/clients/{robot.id}/keys", {})["key"]
    # Deleted and made again under its id, it holds nothing.
    own = site.login(adam["email"])
    own.must("DELETE", f"/api/v1/clients/{robot.id}")
    again = site.client(home, by=own, client_id=robot.id)
    device = site.nobody().as_client(again.id, again.key)
    refused(device.post(f"/api/v1/domains/{home}/members", {"user_id": carl["id"], "role": "admin"}), 404, "object.missing")


def test_managing_members_is_not_managing_roles(site, admin, home):
    adam = site.user()
    admin.must("POST", f"/api/v1/domains/{home}/members", {"user_id": adam["id"], "role": "admin"})
    own = site.login(adam["email"])
    strong = site.role("domain", home, ["role_manage", "delete"])["id"]
    refused(own.post(f"{R}/{strong}/members", {"members": [{"kind": "user", "id": adam["id"]}]}), 403, "gate.denied")
    refused(own.post(R, {"scope_kind": "domain", "scope_id": home, "name": "x", "actions": ["delete"]}), 403, "gate.denied")
    assert own.get(f"{R}/{strong}").status == 200
