"""Writes that come twice under one Idempotency-Key."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from rig.api import refused
from rig.directory import admin, home, site_options  # noqa: F401
from rig.poll import eventually
from rig.site import USER_PASSWORD, Site, fresh


def under(key):
    return {"headers": {"Idempotency-Key": key}}


def clients(api, domain):
    return api.must("GET", f"/api/v1/domains/{domain}/clients?page_size=1000")["clients"]


def test_a_repeat_gets_the_first_answer_and_changes_nothing(admin, home):
    path, key = f"/api/v1/domains/{home}/clients", fresh("key")
    first = admin.post(path, {"name": "Pump"}, **under(key))
    again = admin.post(path, {"name": "Pump"}, **under(key))
    assert first.status == again.status == 201 and first.body == again.body, "the key of the client, too"
    for header in ("Location", "Allauth-Revision"):
        assert first.headers[header] == again.headers[header]
    assert first.headers["Idempotency-Replayed"] is None and again.headers["Idempotency-Replayed"] == "true"
    assert len(clients(admin, home)) == 1
    other = admin.post(path, {"name": "Pump"}, **under(fresh("key")))
    assert other.status == 201 and len(clients(admin, home)) == 2


def test_a_repeat_of_a_delete_does_not_miss_what_is_gone(site, admin, home):
    client, key = site.client(home).id, fresh("key")
    for _ in range(2):
        assert admin.delete(f"/api/v1/clients/{client}", **under(key)).status == 204
    refused(admin.delete(f"/api/v1/clients/{client}"), 404, "object.missing")


def test_a_repeat_of_what_hashes_a_password(admin):
    body = {"email": f"{fresh('someone')}@example.org", "name": "Someone", "password": USER_PASSWORD}
    key = fresh("key")
    first, again = (admin.post("/api/v1/users", body, **under(key)) for _ in range(2))
    assert first.status == again.status == 201 and first.json == again.json
    refused(admin.post("/api/v1/users", {**body, "password": "another long password"}, **under(key)), 409, "idempotency.reused")


def test_a_key_is_for_one_request_of_one_principal(site, admin, home):
    path, key = f"/api/v1/domains/{home}/clients", fresh("key")
    admin.post(path, {"name": "Pump"}, **under(key))
    refused(admin.post(path, {"name": "Lamp"}, **under(key)), 409, "idempotency.reused", "Idempotency-Key")
    refused(admin.post(f"/api/v1/domains/{home}/channels", {"name": "Pump"}, **under(key)), 409, "idempotency.reused")
    owner = site.user()
    admin.must("POST", f"/api/v1/domains/{home}/members", {"user_id": owner["id"], "role": "admin"})
    theirs = site.login(owner["email"]).post(path, {"name": "Lamp"}, **under(key))
    assert theirs.status == 201 and theirs.headers["Idempotency-Replayed"] is None


def test_what_was_refused_may_be_tried_again_under_its_key(site, admin, home):
    key, user = fresh("key"), site.user()["id"]
    path, body = f"/api/v1/domains/{home}/members", {"user_id": user, "role": "nothing"}
    assert admin.post(path, body, **under(key)).status == 400
    route = fresh("route")
    channel = site.channel(home, route=route)["id"]
    wanted = {"name": "Channel", "route": route}
    refused(admin.post(f"/api/v1/domains/{home}/channels", wanted, **under(key)), 409, "route.taken")
    admin.must("DELETE", f"/api/v1/channels/{channel}")
    assert admin.post(f"/api/v1/domains/{home}/channels", wanted, **under(key)).status == 201


@pytest.mark.parametrize("key", ["", "x" * 65, "a\tb"])
def test_keys_that_are_none(admin, home, key):
    refused(admin.post(f"/api/v1/domains/{home}/clients", {"name": "Pump"}, **under(key)), 400, "idempotency.key", "Idempotency-Key")


def test_where_a_key_means_nothing(site, admin):
    user = site.user()
    login = {"login": user["email"], "password": USER_PASSWORD}
    refused(site.nobody().post("/api/v1/sessions", login, **under("k")), 400, "idempotency.public")
    assert admin.get("/api/v1/users/me", **under("k")).status == 200


def test_of_many_at_once_one_is_done_on_every_engine_and_node(tmp_path, engine):
    site = Site(tmp_path, with_broker=False, **engine.options)
    try:
        nodes = [site.server, site.node()] if engine.name == "postgresql" else [site.server]
        domain = site.domain()["id"]
        assert all(eventually(lambda node=node: site.admin_at(node).get(f"/api/v1/domains/{domain}").status == 200)
                   for node in nodes)
        path, key = f"/api/v1/domains/{domain}/clients", fresh("key")

        def ask(number):
            return site.admin_at(nodes[number % len(nodes)]).post(path, {"name": "Pump"}, **under(key))

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(ask, range(24)))
        done = [answer for answer in answers if answer.status == 201]
        assert done and len({answer.body for answer in done}) == 1
        for answer in answers:
            if answer.status != 201:
                refused(answer, 409, "idempotency.under_way")
                assert answer.headers["Retry-After"] == "1"
        assert len([answer for answer in done if answer.headers["Idempotency-Replayed"] is None]) == 1
        assert len(clients(site.admin, domain)) == 1
        revision = done[0].headers["Allauth-Revision"]
        site.server.stop()
        site.server.start()
        again = site.admin_at(site.server).post(path, {"name": "Pump"}, **under(key))
        assert again.status == 201 and again.body == done[0].body and again.headers["Allauth-Revision"] == revision
    finally:
        site.close()
