"""Clients and their keys, connections, and the questions that can be asked: what works and what is refused."""

import pytest

from rig.api import refused
from rig.directory import admin, site_options  # noqa: F401
from rig.site import ADMIN_PASSWORD, USER_PASSWORD, fresh


@pytest.fixture(scope="module")
def domain(site):
    return site.domain(route=fresh("home"))["id"]


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
