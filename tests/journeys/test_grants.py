"""What somebody's roles grant and deny, in one list."""

from rig.api import refused
from rig.directory import admin, home, site_options  # noqa: F401

G = "/api/v1/policy/grants"


def test_everybody_sees_their_own(site, admin, home):  # noqa: F811
    user, client = site.user(), site.client(home).id
    member = [("user", user["id"])]
    readers = site.role("domain", home, ["read", "client_read"], member)
    others = site.role("domain", home, ["client_read"], member, denied_actions=["client_update"],
                       grants=[{"kind": "client", "object_id": client, "action": "key"}])
    own = site.login(user["email"])
    answer = own.must("GET", f"{G}?count=true")
    assert answer["grants"] == [
        {"object": {"kind": "client", "id": client}, "allowed": ["key"], "denied": [], "role_ids": [others["id"]]},
        {"object": {"kind": "domain", "id": home}, "allowed": ["client_read", "read"], "denied": ["client_update"],
         "role_ids": sorted([readers["id"], others["id"]])}]
    assert answer["total_size"] == 2 and int(answer["revision"]) > 0
    assert own.must("GET", f"{G}?kind=user&id={user['id']}")["grants"] == answer["grants"]
    first = own.must("GET", f"{G}?page_size=1")
    second = own.must("GET", f"{G}?page_size=1&page_token={first['next_page_token']}")
    assert first["grants"] + second["grants"] == answer["grants"] and second["next_page_token"] == ""
    assert own.must("GET", f"{G}?order_by=object%20desc")["grants"] == answer["grants"][::-1]
    assert own.must("GET", f"{G}?offset=1")["grants"] == answer["grants"][1:]
    admin.must("DELETE", f"/api/v1/roles/{others['id']}")
    assert [grants["object"]["id"] for grants in own.must("GET", G)["grants"]] == [home]


def test_others_are_for_those_who_may_see_roles(site, admin, home):  # noqa: F811
    user, asking, client = site.user(), site.user(), site.client(home).id
    site.role("domain", home, ["read"], [("user", user["id"]), ("client", client)])
    who = site.login(asking["email"])
    for query in (f"kind=user&id={user['id']}", f"kind=client&id={client}", "kind=user&id=nobody", "kind=robot&id=r2"):
        refused(who.get(f"{G}?{query}"), 403, "question.subject", "id")
    site.role("domain", home, ["role_read"], [("user", asking["id"])])
    assert len(who.must("GET", f"{G}?kind=client&id={client}")["grants"]) == 1
    refused(who.get(f"{G}?kind=user&id={user['id']}"), 403, "question.subject")
    site.role("platform", "main", ["policy_read"], [("user", asking["id"])])
    assert len(who.must("GET", f"{G}?kind=user&id={user['id']}")["grants"]) == 1
    assert who.must("GET", f"{G}?kind=user&id=nobody")["grants"] == []
    refused(who.get(f"{G}?kind=robot&id=r2"), 400, "policy.kind.unknown")
    refused(who.get(f"{G}?kind=user"), 400, "policy.id.invalid", "id")
