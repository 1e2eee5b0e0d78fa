"""Users, domains, members, clients, keys, channels, connections: what works and what is refused."""

import re
from urllib.parse import quote

import pytest

from rig.api import refused
from rig.jose import encode
from rig.site import ADMIN_PASSWORD, USER_PASSWORD, fresh

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture(scope="module")
def site_options():
    return {"with_broker": False}


@pytest.fixture(scope="module")
def domain(site):
    return site.domain(route=fresh("home"))["id"]


@pytest.fixture
def admin(site):
    return site.admin


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
        if self.name == "user":
            base.update(email=f"{fresh('someone')}@example.org", password=USER_PASSWORD)
        return {**base, **more}

    def entity(self, answer):
        return answer["client"] if self.name == "client" else answer

    def make(self, site, domain, **more):
        return self.entity(site.admin.must("POST", self.collection(domain), self.body(**more)))


KINDS = {"user": Kind("user"), "domain": Kind("domain", True), "client": Kind("client"), "channel": Kind("channel", True)}
EVERY = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
ROUTED = pytest.mark.parametrize("kind", [k for k in KINDS.values() if k.routed], ids=lambda k: k.name)


# What users, domains, clients and channels have in common


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
    if kind.name in ("client", "channel"):
        assert entity["domain_id"] == domain

    got = site.admin.get(kind.path(entity))
    assert (got.status, got.json) == (200, entity) and got.headers["ETag"] == f'"{entity["revision"]}"'

    changed = site.admin.patch(kind.path(entity), {"name": "Other"})
    assert changed.status == 200
    assert {**changed.json, "revision": 0, "updated_at": 0} == {**entity, "name": "Other", "revision": 0, "updated_at": 0}
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


@pytest.mark.parametrize("kind", [KINDS["client"], KINDS["channel"]], ids=lambda k: k.name)
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
    client, channel = site.client(domain), site.channel(domain)["id"]
    for base in ("/api/v1/users", "/api/v1/domains", f"/api/v1/domains/{domain}/members", f"/api/v1/domains/{domain}/clients",
                 f"/api/v1/domains/{domain}/channels", f"/api/v1/clients/{client.id}/keys", "/api/v1/sessions",
                 f"/api/v1/channels/{channel}/connections"):
        assert site.admin.get(f"{base}?page_size=1").status == 200
        refused(site.admin.get(f"{base}?page_size=5000"), 400, "page.size", "page_size")
        refused(site.admin.get(f"{base}?page_token=x"), 400, "page.token", "page_token")


def test_a_list_of_one_domain_shows_nothing_of_another(site):
    first, second = site.domain()["id"], site.domain()["id"]
    mine, theirs = site.client(first), site.client(second)
    assert [c["id"] for c in site.admin.must("GET", f"/api/v1/domains/{first}/clients")["clients"]] == [mine.id]
    # A page token of another list, or one made up, moves the beginning and nothing else.
    token = encode("1:")
    assert [c["id"] for c in site.admin.must("GET", f"/api/v1/domains/{second}/clients?page_token={token}")["clients"]] == [theirs.id]


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


@pytest.fixture
def home(site):
    return site.domain()["id"]


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


@pytest.mark.parametrize("what", ["client", "channel"])
def test_a_domain_with_something_in_it_is_not_deleted(site, admin, home, what):
    entity = KINDS[what].make(site, home)
    refused(admin.delete(f"/api/v1/domains/{home}"), 409, "domain.not_empty")
    assert admin.get(KINDS[what].path(entity)).status == 200
    admin.must("DELETE", KINDS[what].path(entity))
    assert admin.delete(f"/api/v1/domains/{home}").status == 204
    refused(admin.get(f"/api/v1/domains/{home}/members"), 404, "object.missing")
    refused(admin.post(f"/api/v1/domains/{home}/{what}s", {"name": "x"}), 404, "object.missing")


# Clients and keys


def test_a_client_has_a_key_that_is_shown_once(site, admin, domain):
    client = site.client(domain)
    assert client.key.startswith("ak1_") and len(client.key) > 40
    assert client.key not in admin.get(f"/api/v1/clients/{client.id}/keys").body.decode()
    listed = admin.must("GET", f"/api/v1/clients/{client.id}/keys")["keys"]
    assert [k["key_id"] for k in listed] == [client.key_id] and set(listed[0]) == {"key_id", "created_at", "created_by"}
    asked = admin.must("POST", "/api/v1/auth/authenticate", {"client_key": {"client_id": client.id, "key": client.key}})
    assert asked["principal"] == {"kind": "client", "id": client.id, "domain_id": domain} and not asked.get("expires_at")
    assert site.client(domain).key != client.key


def test_a_client_may_bring_its_own_id_and_key(site, admin, domain):
    name, key = fresh("plc:line~1|a=b@x_"), "0123456789abcdef"
    client = site.client(domain, client_id=name, key=key)
    assert (client.id, client.key) == (name, key)
    assert admin.get(f"/api/v1/clients/{name.replace('|', '%7C')}").status == 200
    refused(admin.post(f"/api/v1/domains/{domain}/clients", {"name": "x", "client_id": name}), 409, "client.exists", "client_id")
    other = site.domain()["id"]
    refused(admin.post(f"/api/v1/domains/{other}/clients", {"name": "x", "client_id": name}), 409, "client.exists", "client_id")
    assert site.client(domain, key=key).key == key  # keys are unique per client only


@pytest.mark.parametrize("more, reason, field", [
    ({"key": "x" * 15}, "key.length", "key"), ({"key": "x" * 257}, "key.length", "key"), ({"key": ""}, "key.length", "key"),
    ({"key": "with a space in it"}, "key.invalid", "key"), ({"key": "with\u00e4umlaut_in_it"}, "key.invalid", "key"),
    ({"client_id": ""}, None, "client_id"), ({"client_id": "a/b"}, None, "client_id"), ({"client_id": "x" * 65}, None, "client_id"),
    ({"client_id": "a+b"}, None, "client_id"), ({"client_id": "a#"}, None, "client_id"), ({"client_id": "a b"}, None, "client_id"),
])
def test_bad_clients_are_refused(admin, domain, more, reason, field):
    answer = admin.post(f"/api/v1/domains/{domain}/clients", {"name": "x", **more})
    refused(answer, 400, reason or answer.reason, field)


def test_a_client_has_at_most_eight_keys(site, admin, domain):
    client = site.client(domain)
    base = f"/api/v1/clients/{client.id}/keys"
    made = [admin.must("POST", base, {}) for _ in range(7)]
    refused(admin.post(base, {}), 429, "key.too_many")
    assert len(admin.must("GET", base)["keys"]) == 8
    admin.must("DELETE", f"{base}/{made[0]['key_id']}")
    answer = admin.post(base, {"key": "a given key".replace(" ", "-") + "-long"})
    assert answer.status == 201 and answer.headers["Location"] == f"{base}/{answer.json['key_id']}"
    for key in made[1:]:
        assert site.nobody().as_client(client.id, key["key"]).get("/api/v1/domains").status == 200


def test_a_key_cannot_be_given_twice_and_dies_when_deleted(site, admin, domain):
    client = site.client(domain, key="0123456789abcdef")
    base = f"/api/v1/clients/{client.id}/keys"
    refused(admin.post(base, {"key": client.key}), 409, "key.exists", "key")
    refused(admin.post(base, {"key": "short"}), 400, "key.length", "key")
    assert admin.delete(f"{base}/{client.key_id}").status == 204
    refused(admin.delete(f"{base}/{client.key_id}"), 404, "object.missing")
    refused(site.nobody().as_client(client.id, client.key).get("/api/v1/domains"), 401, "key.unknown")
    again = admin.must("POST", base, {"key": client.key})
    assert site.nobody().as_client(client.id, again["key"]).get("/api/v1/domains").status == 200


def test_a_key_is_deleted_through_its_own_client_only(site, admin, domain):
    first, second = site.client(domain), site.client(domain)
    refused(admin.delete(f"/api/v1/clients/{first.id}/keys/{second.key_id}"), 404, "object.missing")
    assert site.nobody().as_client(second.id, second.key).get("/api/v1/domains").status == 200


def test_a_key_of_another_client_does_not_work(site, domain):
    first, second = site.client(domain), site.client(domain)
    refused(site.nobody().as_client(first.id, second.key).get("/api/v1/domains"), 401, "key.unknown")


def test_a_deleted_client_that_is_made_again_has_neither_keys_nor_connections(site, admin, domain):
    name, channel = fresh("phoenix"), site.channel(domain)["id"]
    old = site.client(domain, client_id=name)
    site.connect(name, channel)
    admin.must("DELETE", f"/api/v1/clients/{name}")
    assert admin.must("GET", f"/api/v1/channels/{channel}/connections")["connections"] == []
    site.client(domain, client_id=name)
    refused(site.nobody().as_client(name, old.key).get("/api/v1/domains"), 401, "key.unknown")
    question = {"subject": {"kind": "client", "id": name}, "permission": "publish", "object": {"kind": "channel", "id": channel}}
    assert admin.must("POST", "/api/v1/auth/check", question)["allowed"] is False


# Connections


@pytest.mark.parametrize("actions", [["publish"], ["subscribe"], ["publish", "subscribe"], ["subscribe", "publish", "publish"]])
def test_life_of_a_connection(site, admin, domain, actions):
    client, channel = site.client(domain), site.channel(domain)["id"]
    base = f"/api/v1/channels/{channel}/connections"
    made = admin.post(base, {"client_id": client.id, "actions": actions})
    assert made.status == 201 and made.headers["Location"] == f"{base}/{client.id}" and made.headers["ETag"]
    assert sorted(made.json["actions"]) == sorted(set(actions))
    assert admin.must("GET", base)["connections"] == [made.json]
    for action in ("publish", "subscribe"):
        question = {"subject": {"kind": "client", "id": client.id}, "permission": action, "object": {"kind": "channel", "id": channel}}
        assert admin.must("POST", "/api/v1/auth/check", question)["allowed"] is (action in actions)
    refused(admin.post(base, {"client_id": client.id, "actions": actions}), 409, "connection.exists", "client_id")
    refused(admin.patch(f"{base}/{client.id}", {"actions": []}), 400, "connection.actions", "actions")
    refused(admin.patch(f"{base}/{client.id}", {"actions": ["publish"]}, headers={"If-Match": '"1"'}), 412, "revision.stale")
    changed = admin.must("PATCH", f"{base}/{client.id}", {"actions": ["publish"]}, headers={"If-Match": made.headers["ETag"]})
    assert changed["actions"] == ["publish"]
    refused(admin.delete(f"{base}/{client.id}", headers={"If-Match": made.headers["ETag"]}), 412, "revision.stale")
    assert admin.delete(f"{base}/{client.id}").status == 204
    refused(admin.delete(f"{base}/{client.id}"), 404, "object.missing")
    refused(admin.patch(f"{base}/{client.id}", {"actions": ["publish"]}), 404, "object.missing")
    assert admin.must("GET", base)["connections"] == []


@pytest.mark.parametrize("body, status, reason, field", [
    ({"actions": ["publish"]}, 400, None, "client_id"), ({"client_id": "nobody", "actions": ["publish"]}, 404, "object.missing", None),
    ({"client_id": "?", "actions": []}, 400, "connection.actions", "actions"), ({"client_id": "?"}, 400, "connection.actions", "actions"),
    ({"client_id": "?", "actions": ["read"]}, 400, None, None), ({"client_id": "?", "actions": ["unspecified"]}, 400, None, None),
    ({"client_id": "?", "actions": "publish"}, 400, None, None),
])
def test_bad_connections_are_refused(site, admin, domain, body, status, reason, field):
    channel = site.channel(domain)["id"]
    if body.get("client_id") == "?":
        body = {**body, "client_id": site.client(domain).id}
    answer = admin.post(f"/api/v1/channels/{channel}/connections", body)
    refused(answer, status, reason or answer.reason, field)
    assert admin.must("GET", f"/api/v1/channels/{channel}/connections")["connections"] == []


def test_client_and_channel_must_live_in_the_same_domain(site, admin, domain):
    other = site.domain()["id"]
    stranger, channel = site.client(other), site.channel(domain)["id"]
    refused(admin.post(f"/api/v1/channels/{channel}/connections", {"client_id": stranger.id, "actions": ["publish"]}), 400,
            "connection.domain", "client_id")
    assert admin.must("GET", f"/api/v1/channels/{channel}/connections")["connections"] == []


def test_a_foreign_client_cannot_be_connected_by_an_owner_of_the_channel(site):
    owner = site.user()
    mine, other = site.domain()["id"], site.domain()["id"]
    site.admin.must("POST", f"/api/v1/domains/{mine}/members", {"user_id": owner["id"], "role": "owner"})
    channel, stranger = site.channel(mine)["id"], site.client(other)
    own = site.login(owner["email"])
    refused(own.post(f"/api/v1/channels/{channel}/connections", {"client_id": stranger.id, "actions": ["publish"]}), 404, "object.missing")


def test_a_deleted_channel_takes_its_connections_along(site, admin, domain):
    client, channel = site.client(domain), site.channel(domain)["id"]
    site.connect(client.id, channel)
    admin.must("DELETE", f"/api/v1/channels/{channel}")
    refused(admin.get(f"/api/v1/channels/{channel}/connections"), 404, "object.missing")
    assert admin.delete(f"/api/v1/clients/{client.id}").status == 204


# Questions


def test_check_and_explain_for_oneself(site, admin, domain):
    user = site.user()
    admin.must("POST", f"/api/v1/domains/{domain}/members", {"user_id": user["id"], "role": "member"})
    own = site.login(user["email"])
    for permission, allowed in (("read", True), ("update", False), ("delete", False)):
        question = {"permission": permission, "object": {"kind": "domain", "id": domain}}
        got = own.must("POST", "/api/v1/auth/check", question)
        assert got["allowed"] is allowed and got["rule"] and got["revision"] and len(got["evidence"]) <= 4
        told = own.must("POST", "/api/v1/auth/explain", question)
        assert told["allowed"] is allowed and told["text"] and told["steps"]


def test_an_administrator_has_no_message_rights_without_a_grant(site, admin, domain):
    other = site.user()
    home = site.domain()["id"]
    channel = site.channel(home)["id"]
    for user, allowed in ((other, False),):
        for action in ("publish", "subscribe"):
            question = {"subject": {"kind": "user", "id": user["id"]}, "permission": action, "object": {"kind": "channel", "id": channel}}
            assert admin.must("POST", "/api/v1/auth/check", question)["allowed"] is allowed
    admin.must("POST", f"/api/v1/domains/{home}/members", {"user_id": other["id"], "role": "owner"})
    admin.must("DELETE", f"/api/v1/domains/{home}/members/{site.admin_user['id']}")
    question = {"permission": "publish", "object": {"kind": "channel", "id": channel}}
    assert admin.must("POST", "/api/v1/auth/check", question)["allowed"] is False
    question["permission"] = "update"
    assert admin.must("POST", "/api/v1/auth/check", question)["allowed"] is True


@pytest.mark.parametrize("question, status", [
    ({}, 400), ({"permission": "read"}, 400), ({"permission": "read", "object": {"kind": "domain"}}, 400),
    ({"permission": "nonsense", "object": {"kind": "domain", "id": "?"}}, 400), ({"permission": "read", "object": {"kind": "spaceship", "id": "x"}}, 400),
    ({"permission": "", "object": {"kind": "domain", "id": "?"}}, 400),
    ({"permission": "read", "object": {"kind": "domain", "id": "?"}, "subject": {"kind": "group", "id": "x"}}, 400),
    ({"permission": "read", "object": {"kind": "domain", "id": "?"}, "subject": {"kind": "user", "id": "a b"}}, 400),
    ({"permission": "read", "object": {"kind": "domain", "id": "nothing"}}, 200),
    ({"permission": "read", "object": {"kind": "domain", "id": "?"}, "subject": {"kind": "user", "id": "nobody"}}, 200),
])
def test_questions_that_make_no_sense_are_refused_and_unknown_things_denied(admin, domain, question, status):
    if question.get("object", {}).get("id") == "?":
        question = {**question, "object": {**question["object"], "id": domain}}
    for verb in ("check", "explain"):
        answer = admin.post(f"/api/v1/auth/{verb}", question)
        assert answer.status == status, answer
        if status == 200:
            assert answer.json["allowed"] is False
        else:
            assert answer.is_problem


def test_asking_about_others_takes_a_role_there(site, admin):
    user, target = site.user(), site.user()
    mine, other = site.domain()["id"], site.domain()["id"]
    admin.must("POST", f"/api/v1/domains/{mine}/members", {"user_id": user["id"], "role": "member"})
    own = site.login(user["email"])

    def ask(verb, home):
        return own.post(f"/api/v1/auth/{verb}", {"subject": {"kind": "user", "id": target["id"]}, "permission": "read",
                                                 "object": {"kind": "domain", "id": home}})
    for verb in ("check", "explain"):
        assert ask(verb, mine).status == 200
        refused(ask(verb, other), 403, "question.subject", "subject")
        refused(ask(verb, "nothing"), 403, "question.subject", "subject")


def test_authenticate_tells_who_it_is(site, admin):
    user = site.user()
    session = site.session(user["email"])
    for credential in ({"access_token": session["access_token"]}, {"password": {"login": user["email"], "password": USER_PASSWORD}}):
        got = admin.must("POST", "/api/v1/auth/authenticate", credential)
        assert (got["principal"]["kind"], got["principal"]["id"]) == ("user", user["id"])
        assert bool(got.get("expires_at")) is ("access_token" in credential)
    refused(admin.post("/api/v1/auth/authenticate", {}), 400, "credential.missing")
    both = {"access_token": "x", "client_key": {"client_id": "x", "key": "y"}}
    assert admin.post("/api/v1/auth/authenticate", both).status == 400
    refused(admin.post("/api/v1/auth/authenticate", {"password": {"login": user["email"], "password": "wrong"}}), 401, "login.failed")
    refused(admin.post("/api/v1/auth/authenticate", {"client_key": {"key": "no client named"}}), 401, "key.unknown")
    refused(site.nobody().post("/api/v1/auth/authenticate", {"access_token": session["access_token"]}), 401, "auth.missing")


def test_setup_is_over(site):
    refused(site.nobody().post("/api/v1/setup", {"setup_token": site.setup_token, "email": "x@example.org", "name": "x",
                                                 "password": ADMIN_PASSWORD}), 403, "setup.token")
