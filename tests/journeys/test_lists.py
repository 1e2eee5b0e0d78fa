"""Lists over REST: orders, filters, tokens, offsets and totals, and what they do not give away."""

import json
from urllib.parse import quote, urlencode

import pytest

from rig.api import refused
from rig.directory import admin, home, site_options  # noqa: F401
from rig.site import fresh


@pytest.fixture(scope="module")
def place(site):
    """A domain with five clients."""
    domain = site.domain()["id"]
    for name, tags, metadata in [("delta", ["x"], {"site": {"floor": 1}}), ("alpha", ["x", "y"], {"site": {"floor": 2}}),
                                 ("Echo", [], {}), ("charlie", ["y"], {"site": {"floor": 2, "room": "a"}}), ("bravo", [], {})]:
        site.admin.must("POST", f"/api/v1/domains/{domain}/clients", {"name": name, "tags": tags, "metadata": metadata})
    return domain


@pytest.fixture
def ask(site, place):
    def get(**parameters):
        return site.admin.get(f"/api/v1/domains/{place}/clients?{urlencode(parameters, doseq=True, quote_via=quote)}")
    return get


def names(answer):
    assert answer.status == 200, answer
    return [client["name"] for client in answer.json["clients"]]


@pytest.mark.parametrize("order", ["", "id", "id desc", "name", "name desc", "name asc", "created_at", "created_at desc", "updated_at"])
def test_lists_come_in_the_order_asked_for(ask, order):
    column, _, way = (order or "id").partition(" ")
    rows = sorted(ask().json["clients"], key=lambda client: (client[column], client["id"]), reverse=way == "desc")
    expected = [client["name"] for client in rows]
    assert len(expected) == 5 and names(ask(order_by=order)) == expected
    seen, token = [], ""
    while len(seen) < 5:
        page = ask(order_by=order, page_size=2, page_token=token)
        seen, token = seen + names(page), page.json["next_page_token"]
    assert seen == expected and token == ""


def test_names_are_in_the_order_of_their_bytes(ask):
    assert names(ask(order_by="name")) == ["Echo", "alpha", "bravo", "charlie", "delta"]


@pytest.mark.parametrize("filters, expected", [
    ({"name": "Echo"}, {"Echo"}), ({"name": "echo"}, set()), ({"name_contains": "CH"}, {"Echo", "charlie"}),
    ({"tags_all": ["x", "y"]}, {"alpha"}), ({"tags_any": ["x", "y"]}, {"alpha", "charlie", "delta"}),
    ({"metadata": json.dumps({"site": {"floor": 2}})}, {"alpha", "charlie"}), ({"metadata": "{}", "tags_any": "y"}, {"alpha", "charlie"}),
    ({"status": "disabled"}, set()), ({"status": "enabled", "name_contains": "a", "tags_all": "x"}, {"alpha", "delta"}),
    ({"created_after": "2000-01-01T00:00:00Z"}, {"Echo", "alpha", "bravo", "charlie", "delta"}),
    ({"updated_before": "2000-01-01T00:00:00Z"}, set())])
def test_lists_are_narrowed(ask, filters, expected):
    answer = ask(count="true", **filters)
    assert set(names(answer)) == expected and answer.json["total_size"] == len(expected)


def test_totals_are_said_when_asked_for(ask):
    assert "total_size" not in ask(page_size=2).json
    assert ask(page_size=2, count="true").json["total_size"] == 5
    page = ask(order_by="name", offset=3, page_size=9)
    assert names(page) == ["charlie", "delta"] and page.json["total_size"] == 5
    assert names(ask(offset=0, page_size=1, order_by="name")) == ["Echo"] and names(ask(offset=5)) == []


def test_a_token_is_good_for_its_list_only(site, ask):
    token = ask(order_by="name", page_size=2).json["next_page_token"]
    for other in ({}, {"order_by": "name desc"}, {"order_by": "name", "status": "enabled"}):
        refused(ask(page_token=token, **other), 400, "page.token", "page_token")
    refused(ask(page_token=token, order_by="name", offset=1), 400, "list.offset", "offset")
    elsewhere = site.domain()["id"]
    refused(site.admin.get(f"/api/v1/domains/{elsewhere}/clients?order_by=name&page_token={token}"), 400, "page.token", "page_token")


@pytest.mark.parametrize("parameters, reason, field", [
    ({"order_by": "revision"}, "list.order", "order_by"), ({"order_by": "name,id"}, "list.order", "order_by"),
    ({"offset": -1}, "json.range", "offset"), ({"status": "gone"}, "json.enum", "status"), ({"metadata": "[]"}, "json.type", "metadata"),
    ({"metadata": "{"}, "json.syntax", "metadata"), ({"created_after": "today"}, "json.time", "created_after"),
    ({"name_contains": "x" * 513}, "list.filter", "name_contains"), ({"count": "yes"}, "json.type", "count")])
def test_what_a_list_cannot_take_is_refused(ask, parameters, reason, field):
    refused(ask(**parameters), 400, reason, field)


def test_totals_do_not_tell_of_what_is_not_for_the_caller(site):
    domain = site.domain(name=fresh("mine"))["id"]
    site.domain(name=fresh("other"))
    user = site.user()
    site.admin.must("POST", f"/api/v1/domains/{domain}/members", {"user_id": user["id"], "role": "member"})
    caller = site.login(user["email"])
    for query in ("count=true", "offset=0", "count=true&order_by=name%20desc"):
        answer = caller.get(f"/api/v1/domains?{query}")
        assert [d["id"] for d in answer.json["domains"]] == [domain] and answer.json["total_size"] == 1
    assert caller.get("/api/v1/domains?count=true&name_contains=other").json["total_size"] == 0


def test_the_channels_of_a_client_are_listed(site, place):
    client = site.client(place)
    channels = sorted(site.channel(place)["id"] for _ in range(3))
    for channel in channels:
        site.connect(client.id, channel, "publish")
    path = f"/api/v1/clients/{client.id}/connections"
    first = site.admin.must("GET", f"{path}?page_size=2&count=true")
    rest = site.admin.must("GET", f"{path}?page_size=2&page_token={first['next_page_token']}")
    assert [c["channel_id"] for c in first["connections"] + rest["connections"]] == channels and first["total_size"] == 3
    stranger = site.login(site.user()["email"])
    refused(stranger.get(path), 404, "object.missing")


def test_users_are_found_by_their_logins(site):
    name = fresh("someone").lower()
    user = site.user(email=f"{name}@example.org", username=name)
    for query in (f"email={name.upper()}@example.org", f"email_prefix={name}", f"username={name}", f"username_prefix={name}&order_by=username",
                  f"email_prefix={name}@&order_by=email%20desc"):
        answer = site.admin.must("GET", f"/api/v1/users?{query}")
        assert [u["id"] for u in answer["users"]] == [user["id"]], query
