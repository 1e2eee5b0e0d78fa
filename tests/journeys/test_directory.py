"""Users, domains, members and what all things have in common: what works and what is refused."""

import re
from urllib.parse import quote

import pytest

from rig.api import refused
from rig.directory import admin, home, site_options  # noqa: F401
from rig.jose import encode
from rig.site import USER_PASSWORD, fresh

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture(scope="module")
def domain(site):
    return site.domain(route=fresh("home"))["id"]


class Kind:
    """How the things that share the common fields are made and reached."""

    def __init__(self, name, routed=False):
        self.name = name
        self.routed = routed

    def collection(self, domain):
        return {"user": "/api/v1/users", "domain": "/api/v1/domains"}.get(self.name, f"/api/v1/domains/{domain}/{self.name}s")

    def path(self, entity):
        return f"/api/v1/{self.name}s/{entity['id']}"

    def body(self, **more):
        base = {"name": "Thing"}
        if self.name == "group":
            base["name"] = fresh("Thing")  # unique beside its siblings
        if self.name == "user":
            base.update(email=f"{fresh('someone')}@example.org", password=USER_PASSWORD)
        return {**base, **more}

    def entity(self, answer):
        return answer["client"] if self.name == "client" else answer

    def make(self, site, domain, **more):
        return self.entity(site.admin.must("POST", self.collection(domain), self.body(**more)))


KINDS = {"user": Kind("user"), "domain": Kind("domain", True), "group": Kind("group"), "client": Kind("client"),
         "channel": Kind("channel", True)}
EVERY = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
ROUTED = pytest.mark.parametrize("kind", [k for k in KINDS.values() if k.routed], ids=lambda k: k.name)


# What users, domains, groups, clients and channels have in common


@EVERY
def test_life_of_a_thing(site, domain, kind):
    metadata = {"place": {"floor": 2, "open": True}}
    made = site.admin.post(kind.collection(domain), kind.body(name="  Thing \u00e4 ", tags=["b", "a", "b"], metadata=metadata))
    assert made.status == 201
    entity = kind.entity(made.json)
    assert made.headers["Location"] == kind.path(entity)
    assert UUID.fullmatch(entity["id"]) and TIME.fullmatch(entity["created_at"]) and TIME.fullmatch(entity["updated_at"])
    assert (entity["name"], entity["tags"], entity["metadata"]) == ("Thing \u00e4", ["a", "b"], metadata)
    assert entity["status"] == "enabled" and entity["revision"]
    assert entity["created_by"] == entity["updated_by"] == site.admin_user["id"]
    if kind.name in ("group", "client", "channel"):
        assert entity["domain_id"] == domain

    got = site.admin.get(kind.path(entity))
    assert (got.status, got.json) == (200, entity) and got.headers["ETag"] == f'"{entity["revision"]}"'

    changed = site.admin.patch(kind.path(entity), {"name": "Other"})
    assert changed.status == 200
    other = {"path": [{"id": entity["id"], "name": "Other"}]} if kind.name == "group" else {}
    assert {**changed.json, "revision": 0, "updated_at": 0} == {**entity, **other, "name": "Other", "revision": 0, "updated_at": 0}
    assert changed.json["revision"] != entity["revision"] and changed.headers["ETag"] == f'"{changed.json["revision"]}"'
    replaced = site.admin.must("PATCH", kind.path(entity), {"tags": [], "metadata": {"only": 1}})
    assert (replaced["tags"], replaced["metadata"], replaced["name"]) == ([], {"only": 1}, "Other")

    disabled = site.admin.must("POST", f"{kind.path(entity)}/disable", {})
    assert disabled["status"] == "disabled" and disabled["revision"] != replaced["revision"]
    assert site.admin.must("GET", kind.path(entity))["status"] == "disabled"
    assert site.admin.must("PATCH", kind.path(entity), {"name": "While disabled"})["status"] == "disabled"
    assert site.admin.must("POST", f"{kind.path(entity)}/enable", {})["status"] == "enabled"

    assert site.admin.delete(kind.path(entity)).status == 204
    for method, more in (("GET", {}), ("PATCH", {"json": {"name": "x"}}), ("DELETE", {})):
        refused(site.admin.call(method, kind.path(entity), **more), 404, "object.missing")
    refused(site.admin.post(f"{kind.path(entity)}/disable", {}), 404, "object.missing")


BAD_VALUES = [
    ({"name": ""}, "name.length", "name"), ({"name": "   "}, "name.length", "name"), ({"name": "x" * 129}, "name.length", "name"),
    ({"name": "a\u0007b"}, "name.invalid", "name"), ({"name": "a\u0085b"}, "name.invalid", "name"),
    ({"tags": ["x" * 65]}, "tags.invalid", "tags[0]"), ({"tags": ["ok", ""]}, "tags.invalid", "tags[1]"),
    ({"tags": [f"t{i}" for i in range(33)]}, "tags.too_many", "tags"), ({"tags": ["a\nb"]}, "tags.invalid", "tags[0]"),
    ({"metadata": {"x": "y" * 16384}}, "json.too_large", "metadata"),
    ({"metadata": {"1": {"2": {"3": {"4": {"5": {"6": {"7": {"8": {"9": 1}}}}}}}}}}, "json.depth", "metadata.1.2.3.4.5.6.7.8"),
]
BAD_ROUTES = ["Upper", "with space", "a/b", "+", "#", "-first", "x" * 65, "\u00e4", "01890a5d-ac96-774b-bcce-b302099a8057", "a.b"]


@EVERY
@pytest.mark.parametrize("more, reason, field", BAD_VALUES)
def test_bad_values_are_refused_in_create_and_update(site, domain, kind, more, reason, field):
    refused(site.admin.post(kind.collection(domain), kind.body(**more)), 400, reason, field)
    entity = kind.make(site, domain)
    refused(site.admin.patch(kind.path(entity), more), 400, reason, field)
    assert site.admin.must("GET", kind.path(entity)) == entity


@EVERY
def test_the_largest_values_are_accepted(site, domain, kind):
    entity = kind.make(site, domain, name="\U0001F600" * 128, tags=[f"{i}" * 64 if i < 10 else f"t{i}" for i in range(32)],
                       metadata={"1": {"2": {"3": {"4": {"5": {"6": {"7": {"8": "x" * 16000}}}}}}}})
    assert len(entity["name"]) == 128 and len(entity["tags"]) == 32


@EVERY
@pytest.mark.parametrize("field, value", [("id", "x"), ("revision", "1"), ("created_by", "x"), ("status", "disabled"), ("role", "admin"),
                                          ("email_verified", True), ("platform_admin", True)])
def test_fields_that_are_not_the_callers_to_set_are_refused(site, domain, kind, field, value):
    assert site.admin.post(kind.collection(domain), kind.body(**{field: value})).status == 400
    entity = kind.make(site, domain)
    assert site.admin.patch(kind.path(entity), {field: value}).status == 400
    assert site.admin.must("GET", kind.path(entity)) == entity


@pytest.mark.parametrize("kind", [KINDS["group"], KINDS["client"], KINDS["channel"]], ids=lambda k: k.name)
def test_a_thing_cannot_be_moved_to_another_domain(site, domain, kind):
    other = site.domain()["id"]
    refused(site.admin.post(kind.collection(domain), kind.body(domain_id=other)), 400, site.admin.post(
        kind.collection(domain), kind.body(domain_id=other)).reason)
    entity = kind.make(site, domain)
    assert site.admin.patch(kind.path(entity), {"domain_id": other}).status == 400


@EVERY
def test_if_match_guards_every_change(site, domain, kind):
    entity = kind.make(site, domain)
    current = kind.make(site, domain)  # moves the revision on
    stale = {"headers": {"If-Match": '"1"'}}
    other = {"headers": {"If-Match": f'"{current["revision"]}"'}}
    for wrong in (stale, other):
        refused(site.admin.patch(kind.path(entity), {"name": "x"}, **wrong), 412, "revision.stale")
        refused(site.admin.post(f"{kind.path(entity)}/disable", {}, **wrong), 412, "revision.stale")
        refused(site.admin.post(f"{kind.path(entity)}/enable", {}, **wrong), 412, "revision.stale")
        refused(site.admin.delete(kind.path(entity), **wrong), 412, "revision.stale")
    assert site.admin.must("GET", kind.path(entity)) == entity
    changed = site.admin.patch(kind.path(entity), {"name": "x"}, headers={"If-Match": f'"{entity["revision"]}"'})
    assert changed.status == 200
    refused(site.admin.patch(kind.path(entity), {"name": "y"}, headers={"If-Match": f'"{entity["revision"]}"'}), 412, "revision.stale")
    for wrong in ("nonsense", '"nonsense"', '"1', 'W/"1"', '"1", "2"'):
        answer = site.admin.patch(kind.path(entity), {"name": "y"}, headers={"If-Match": wrong})
        assert answer.status in (400, 412), (wrong, answer)
    assert site.admin.patch(kind.path(entity), {"name": "z"}, headers={"If-Match": "*"}).status == 200
    last = site.admin.must("GET", kind.path(entity))
    assert site.admin.delete(kind.path(entity), headers={"If-Match": f'"{last["revision"]}"'}).status == 204


@EVERY
def test_lists_come_in_pages_without_gaps_or_repeats(site, kind):
    home = site.domain()["id"]
    made = {kind.make(site, home)["id"] for _ in range(7)}
    base = kind.collection(home)
    seen, token = [], ""
    while True:
        page = site.admin.must("GET", f"{base}?page_size=3&page_token={token}")
        items = page[f"{kind.name}s"]
        assert len(items) <= 3
        seen += [item["id"] for item in items]
        token = page["next_page_token"]
        if not token:
            break
    assert len(seen) == len(set(seen)) and made <= set(seen)
    whole = site.admin.must("GET", f"{base}?page_size=1000")[f"{kind.name}s"]
    assert [item["id"] for item in whole] == seen
    refused(site.admin.get(f"{base}?page_size=1001"), 400, "page.size", "page_size")
    refused(site.admin.get(f"{base}?page_token=bm9uc2Vuc2U"), 400, "page.token", "page_token")


def test_every_list_refuses_wrong_pages(site, domain):
    client, channel, group = site.client(domain), site.channel(domain)["id"], site.group(domain)["id"]
    role = site.role("client", client.id, ["read"])["id"]
    for base in (f"/api/v1/domains/{domain}/groups", f"/api/v1/groups/{group}/groups", f"/api/v1/groups/{group}/clients",
                 f"/api/v1/groups/{group}/channels", f"/api/v1/roles/{role}/members",
                 "/api/v1/users", "/api/v1/domains", f"/api/v1/domains/{domain}/members", f"/api/v1/domains/{domain}/clients",
                 f"/api/v1/domains/{domain}/channels", f"/api/v1/clients/{client.id}/keys", "/api/v1/sessions",
                 f"/api/v1/channels/{channel}/connections"):
        assert site.admin.get(f"{base}?page_size=1").status == 200
        refused(site.admin.get(f"{base}?page_size=5000"), 400, "page.size", "page_size")
        refused(site.admin.get(f"{base}?page_token=x"), 400, "page.token", "page_token")


def test_a_list_of_one_domain_shows_nothing_of_another(site):
    first, second = site.domain()["id"], site.domain()["id"]
    mine, theirs = site.client(first), site.client(second)
    assert [c["id"] for c in site.admin.must("GET", f"/api/v1/domains/{first}/clients")["clients"]] == [mine.id]
    # A page token of another list, or one made up, is none of this one.
    site.client(first)
    token = site.admin.must("GET", f"/api/v1/domains/{first}/clients?page_size=1")["next_page_token"]
    for wrong in (token, encode("1:")):
        refused(site.admin.get(f"/api/v1/domains/{second}/clients?page_token={wrong}"), 400, "page.token", "page_token")
    assert [c["id"] for c in site.admin.must("GET", f"/api/v1/domains/{second}/clients")["clients"]] == [theirs.id]


@EVERY
@pytest.mark.parametrize("wrong", ["", "a b", "x" * 65, "\u00e4", "a+b", "%2e%2e%2f", "a%00b", "*"])
def test_ids_that_cannot_be_are_refused(site, kind, wrong):
    answer = site.admin.get(f"/api/v1/{kind.name}s/{quote(wrong, safe='%')}")
    assert answer.status in (400, 404) or (wrong == "" and answer.status == 200), answer


# Routes


@ROUTED
@pytest.mark.parametrize("route", BAD_ROUTES)
def test_bad_routes_are_refused(site, domain, kind, route):
    reason = "route.uuid" if UUID.fullmatch(route) else "route.invalid"
    refused(site.admin.post(kind.collection(domain), kind.body(route=route)), 400, reason, "route")
    entity = kind.make(site, domain)
    refused(site.admin.patch(kind.path(entity), {"route": route}), 400, reason, "route")


@ROUTED
def test_a_route_belongs_to_one(site, domain, kind):
    route = fresh("route")
    first, second = kind.make(site, domain, route=route), kind.make(site, domain)
    refused(site.admin.post(kind.collection(domain), kind.body(route=route)), 409, "route.taken", "route")
    refused(site.admin.patch(kind.path(second), {"route": route}), 409, "route.taken", "route")
    assert site.admin.must("PATCH", kind.path(first), {"route": route})["route"] == route  # its own
    assert site.admin.must("PATCH", kind.path(first), {"route": ""})["route"] == ""
    assert site.admin.must("PATCH", kind.path(second), {"route": route})["route"] == route
    site.admin.must("DELETE", kind.path(second))
    assert kind.make(site, domain, route=route)["route"] == route


def test_channels_of_different_domains_may_share_a_route(site):
    first, second = site.domain()["id"], site.domain()["id"]
    assert site.channel(first, route="same")["route"] == site.channel(second, route="same")["route"]


def test_many_things_may_have_no_route(site, domain):
    assert site.channel(domain)["route"] == site.channel(domain)["route"] == ""


# Users


@pytest.mark.parametrize("more, reason, field", [
    ({"email": ""}, "email.invalid", "email"), ({"email": "nonsense"}, "email.invalid", "email"), ({"email": "a@b@c"}, "email.invalid", "email"),
    ({"email": "a b@example.org"}, "email.invalid", "email"), ({"email": "a@.org"}, "email.invalid", "email"),
    ({"email": "x\r\nBcc: y@example.org"}, "email.invalid", "email"), ({"email": "x" * 250 + "@example.org"}, "email.invalid", "email"),
    ({"username": "ab"}, "username.invalid", "username"), ({"username": "a@b.org"}, "username.invalid", "username"),
    ({"username": "_abc"}, "username.invalid", "username"), ({"username": "x" * 65}, "username.invalid", "username"),
    ({"password": "fourteen chars"}, "password.too_short", "password"), ({"password": ""}, "password.too_short", "password"),
    ({"password": "x" * 1025}, "password.too_long", "password"),
])
def test_bad_users_are_refused(admin, more, reason, field):
    refused(admin.post("/api/v1/users", KINDS["user"].body(**more)), 400, reason, field)


def test_emails_and_usernames_are_unique_in_any_case(site, admin):
    name = fresh("Grace")
    first = site.user(email=f"{name}@Example.org", username=name)
    assert first["email"] == f"{name}@example.org".lower() and first["username"] == name.lower()
    second = site.user()
    refused(admin.post("/api/v1/users", KINDS["user"].body(email=first["email"].upper())), 409, "email.taken", "email")
    refused(admin.post("/api/v1/users", KINDS["user"].body(username=name.upper())), 409, "username.taken", "username")
    refused(admin.patch(f"/api/v1/users/{second['id']}", {"email": first["email"]}), 409, "email.taken", "email")
    refused(admin.patch(f"/api/v1/users/{second['id']}", {"username": name}), 409, "username.taken", "username")
    admin.must("DELETE", f"/api/v1/users/{first['id']}")
    assert site.user(email=first["email"], username=name)


def test_a_user_sees_and_changes_what_is_their_own(site):
    user = site.user()
    own = site.login(user["email"])
    assert own.must("GET", "/api/v1/users/me") == own.must("GET", f"/api/v1/users/{user['id']}")
    assert own.must("PATCH", "/api/v1/users/me", {"name": "Me"})["name"] == "Me"
    other = site.user()
    refused(own.get(f"/api/v1/users/{other['id']}"), 404, "object.missing")
    refused(own.patch(f"/api/v1/users/{other['id']}", {"name": "x"}), 404, "object.missing")
    refused(own.get("/api/v1/users"), 403, "gate.denied")
    refused(own.delete(f"/api/v1/users/{user['id']}"), 403, "gate.denied")
    refused(own.post(f"/api/v1/users/{user['id']}/disable", {}), 403, "gate.denied")


def test_the_last_administrator_stays(site, admin):
    path = f"/api/v1/users/{site.admin_user['id']}"
    refused(admin.delete(path), 409, "admin.last")
    refused(admin.post(f"{path}/disable", {}), 409, "admin.last")
    assert admin.must("GET", "/api/v1/users/me")["status"] == "enabled"


def test_a_deleted_user_can_be_made_again_but_has_no_rights(site, admin):
    user = site.user()
    home = site.domain()["id"]
    admin.must("POST", f"/api/v1/domains/{home}/members", {"user_id": user["id"], "role": "admin"})
    admin.must("DELETE", f"/api/v1/users/{user['id']}")
    assert user["id"] not in [m["user_id"] for m in admin.must("GET", f"/api/v1/domains/{home}/members")["members"]]
    again = site.user(email=user["email"])
    refused(site.login(again["email"]).get(f"/api/v1/domains/{home}"), 404, "object.missing")


# Domains and members


def members(admin, home):
    return {m["user_id"]: m["role"] for m in admin.must("GET", f"/api/v1/domains/{home}/members")["members"]}


def test_whoever_makes_a_domain_owns_it(site, admin, home):
    assert members(admin, home) == {site.admin_user["id"]: "owner"}


def test_life_of_a_member(site, admin, home):
    user = site.user()
    base = f"/api/v1/domains/{home}/members"
    made = admin.post(base, {"user_id": user["id"], "role": "member"})
    assert made.status == 201 and made.headers["Location"] == f"{base}/{user['id']}"
    assert (made.json["domain_id"], made.json["user_id"], made.json["role"]) == (home, user["id"], "member")
    refused(admin.post(base, {"user_id": user["id"], "role": "admin"}), 409, "member.exists", "user_id")
    refused(admin.patch(f"{base}/{user['id']}", {"role": "admin"}, headers={"If-Match": '"1"'}), 412, "revision.stale")
    changed = admin.patch(f"{base}/{user['id']}", {"role": "admin"}, headers={"If-Match": made.headers["ETag"]})
    assert changed.status == 200 and changed.json["role"] == "admin"
    same = admin.must("PATCH", f"{base}/{user['id']}", {"role": "admin"})
    assert same["role"] == "admin"
    refused(admin.delete(f"{base}/{user['id']}", headers={"If-Match": '"1"'}), 412, "revision.stale")
    assert admin.delete(f"{base}/{user['id']}").status == 204
    for method in ("PATCH", "DELETE"):
        body = {"json": {"role": "admin"}} if method == "PATCH" else {}
        refused(admin.call(method, f"{base}/{user['id']}", **body), 404, "member.missing", "user_id")
    assert user["id"] not in members(admin, home)


@pytest.mark.parametrize("body, status, reason", [
    ({"role": "member"}, 400, None), ({"user_id": "nobody", "role": "member"}, 404, "user.missing"),
    ({"user_id": "?", "role": "boss"}, 400, None), ({"user_id": "?"}, 400, "member.role"), ({"user_id": "?", "role": "unspecified"}, 400, None),
    ({"user_id": "?", "role": "OWNER"}, 400, None), ({"user_id": "?", "role": 1}, 400, None),
])
def test_bad_members_are_refused(site, admin, home, body, status, reason):
    if body.get("user_id") == "?":
        body = {**body, "user_id": site.user()["id"]}
    answer = admin.post(f"/api/v1/domains/{home}/members", body)
    assert answer.status == status and answer.is_problem, answer
    if reason:
        assert answer.reason == reason
    assert len(members(admin, home)) == 1


def test_the_last_owner_stays(site, admin, home):
    base = f"/api/v1/domains/{home}/members"
    me = site.admin_user["id"]
    refused(admin.delete(f"{base}/{me}"), 409, "owner.last")
    refused(admin.patch(f"{base}/{me}", {"role": "admin"}), 409, "owner.last")
    second = site.user()
    admin.must("POST", base, {"user_id": second["id"], "role": "owner"})
    assert admin.delete(f"{base}/{me}").status == 204
    refused(admin.delete(f"{base}/{second['id']}"), 409, "owner.last")
    refused(admin.delete(f"/api/v1/users/{second['id']}"), 409, "owner.last")
    assert members(admin, home) == {second["id"]: "owner"}
    admin.must("DELETE", f"/api/v1/domains/{home}")
    assert admin.delete(f"/api/v1/users/{second['id']}").status == 204


def test_an_admin_cannot_touch_owners_or_become_one(site, admin, home):
    boss, helper, third = site.user(), site.user(), site.user()
    base = f"/api/v1/domains/{home}/members"
    for user, role in ((boss, "owner"), (helper, "admin")):
        admin.must("POST", base, {"user_id": user["id"], "role": role})
    own = site.login(helper["email"])
    refused(own.patch(f"{base}/{helper['id']}", {"role": "owner"}), 403, "member.owner")
    refused(own.patch(f"{base}/{boss['id']}", {"role": "member"}), 403, "member.owner")
    refused(own.delete(f"{base}/{boss['id']}"), 403, "member.owner")
    refused(own.post(base, {"user_id": third["id"], "role": "owner"}), 403, "member.owner")
    assert own.post(base, {"user_id": third["id"], "role": "admin"}).status == 201
    assert own.patch(f"{base}/{third['id']}", {"role": "member"}).status == 200
    assert own.delete(f"{base}/{third['id']}").status == 204
    assert members(admin, home)[boss["id"]] == "owner" and members(admin, home)[helper["id"]] == "admin"


def test_a_member_who_is_removed_or_demoted_loses_the_rights_at_once(site, admin, home):
    user = site.user()
    base = f"/api/v1/domains/{home}/members"
    admin.must("POST", base, {"user_id": user["id"], "role": "admin"})
    own = site.login(user["email"])
    assert own.post(f"/api/v1/domains/{home}/channels", {"name": "x"}).status == 201
    admin.must("PATCH", f"{base}/{user['id']}", {"role": "member"})
    refused(own.post(f"/api/v1/domains/{home}/channels", {"name": "x"}), 403, "gate.denied")
    assert own.get(f"/api/v1/domains/{home}").status == 200
    admin.must("DELETE", f"{base}/{user['id']}")
    refused(own.get(f"/api/v1/domains/{home}"), 404, "object.missing")


def test_each_caller_sees_the_domains_they_may_see(site, admin):
    user = site.user()
    mine, other = site.domain()["id"], site.domain()["id"]
    admin.must("POST", f"/api/v1/domains/{mine}/members", {"user_id": user["id"], "role": "member"})
    assert [d["id"] for d in site.login(user["email"]).must("GET", "/api/v1/domains")["domains"]] == [mine]
    assert {mine, other} <= {d["id"] for d in admin.must("GET", "/api/v1/domains?page_size=1000")["domains"]}


@pytest.mark.parametrize("what", ["group", "client", "channel"])
def test_a_domain_with_something_in_it_is_not_deleted(site, admin, home, what):
    entity = KINDS[what].make(site, home)
    refused(admin.delete(f"/api/v1/domains/{home}"), 409, "domain.not_empty")
    assert admin.get(KINDS[what].path(entity)).status == 200
    admin.must("DELETE", KINDS[what].path(entity))
    assert admin.delete(f"/api/v1/domains/{home}").status == 204
    refused(admin.get(f"/api/v1/domains/{home}/members"), 404, "object.missing")
    refused(admin.post(f"/api/v1/domains/{home}/{what}s", {"name": "x"}), 404, "object.missing")
