"""Many at once: questions, members, clients; what belongs to a user; what the server says of itself."""

import re

from rig.api import refused
from rig.directory import admin, home, site_options  # noqa: F401
from rig.site import fresh


def check(permission, kind, thing, subject=None):
    question = {"permission": permission, "object": {"kind": kind, "id": thing}}
    return {**question, "subject": {"kind": "client", "id": subject}} if subject else question


def ask(api, checks):
    return api.post("/api/v1/auth/check/batch", {"checks": checks})


# Questions


def test_many_questions_are_answered_as_each_one_is(site, admin, home):
    client, channel = site.client(home).id, site.channel(home)["id"]
    site.connect(client, channel, "publish")
    checks = [check(permission, kind, thing, client) for permission in ("publish", "subscribe", "read")
              for kind, thing in (("channel", channel), ("channel", "nothing"), ("domain", home))]
    answer = ask(admin, checks)
    assert answer.status == 200, answer
    assert len(answer.json["results"]) == len(checks) and answer.json["revision"]
    for one, result in zip(checks, answer.json["results"]):
        alone = admin.post("/api/v1/auth/check", one)
        if alone.status == 200:
            assert result == {"allowed": alone.json["allowed"]}
        else:
            assert not result["allowed"] and result["error"]["reason"] == alone.reason


def test_a_question_that_cannot_be_answered_spoils_no_other(site, home):
    stranger = site.login(site.user()["email"])
    client = site.client(home).id
    answer = ask(stranger, [check("read", "domain", home), check("fly", "domain", home), check("read", "domain", ""),
                            check("read", "teapot", home), check("read", "domain", home, client)])
    results = answer.json["results"]
    assert results[0] == {"allowed": False}
    assert [result["error"]["reason"] for result in results[1:]] == [
        "policy.permission.unknown", "policy.id.invalid", "policy.kind.unknown", "question.subject"]
    assert results[2]["error"]["field"] == "object.id" and not any(result["allowed"] for result in results)


def test_questions_have_their_bounds(site, admin, home):
    refused(ask(admin, []), 400, "checks.count", "checks")
    assert len(ask(admin, [check("read", "domain", home)] * 1000).json["results"]) == 1000
    refused(ask(admin, [check("read", "domain", home)] * 1001), 400, "checks.count", "checks")
    refused(ask(site.nobody(), [check("read", "domain", home)]), 401, "auth.missing")


# Members and clients


def test_members_come_all_or_none(site, admin, home):
    users = [site.user()["id"] for _ in range(3)]
    path = f"/api/v1/domains/{home}/members"
    refused(admin.post(f"{path}/batch", {"members": [{"user_id": users[0], "role": "member"},
                                                     {"user_id": "nobody", "role": "member"}]}),
            404, "user.missing", "members[1].user_id")
    refused(admin.post(f"{path}/batch", {"members": [{"user_id": users[0]}]}), 400, "member.role", "members[0].role")
    assert users[0] not in [member["user_id"] for member in admin.must("GET", path)["members"]]
    added = admin.must("POST", f"{path}/batch", {"members": [{"user_id": user, "role": "member"} for user in users]})
    assert [member["user_id"] for member in added["members"]] == users
    assert set(users) <= {member["user_id"] for member in admin.must("GET", path)["members"]}


def test_clients_come_all_or_none_with_keys_that_work(site, admin, home):
    path = f"/api/v1/domains/{home}/clients"
    given = fresh("sensor")
    made = admin.post(f"{path}/batch", {"clients": [{"name": "One", "client_id": given, "key": "a-key-that-was-given"},
                                                    {"name": "Two", "tags": ["a"], "metadata": {"n": 1}}]})
    assert made.status == 200, made
    first, second = made.json["clients"]
    assert first["client"]["id"] == given and first["key"] == "a-key-that-was-given"
    assert second["client"]["tags"] == ["a"] and second["client"]["metadata"] == {"n": 1}
    for one in (first, second):
        assert site.nobody().as_client(one["client"]["id"], one["key"]).get("/api/v1/domains").status == 200
    before = admin.get(f"{path}?page_size=1000").body
    refused(admin.post(f"{path}/batch", {"clients": [{"name": "Three"}, {"name": "Four", "client_id": given}]}),
            409, "client.exists", "clients[1].client_id")
    refused(admin.post(f"{path}/batch", {"clients": [{"name": "Three"}, {"name": ""}]}), 400, "name.length", "clients[1].name")
    assert admin.get(f"{path}?page_size=1000").body == before


def may(admin, client, channel):
    """What the client may do with the channel."""
    checks = [check(permission, "channel", channel, client) for permission in ("publish", "subscribe")]
    return [result["allowed"] for result in ask(admin, checks).json["results"]]


def test_connections_come_and_go_all_or_none(site, admin, home):
    clients, channels = [site.client(home).id for _ in range(3)], [site.channel(home)["id"] for _ in range(2)]
    site.connect(clients[0], channels[0], "publish")
    path = f"/api/v1/domains/{home}/connections"
    pairs = {"client_ids": [*clients, clients[0]], "channel_ids": channels}
    made = admin.must("POST", path, {**pairs, "actions": ["subscribe"]})["connections"]
    assert {(one["client_id"], one["channel_id"]) for one in made} == {(client, channel) for client in clients for channel in channels}
    assert all(may(admin, client, channel) == [False, True] for client in clients for channel in channels)

    elsewhere = site.client(site.domain()["id"]).id
    refused(admin.post(path, {"client_ids": [clients[0], elsewhere], "channel_ids": channels, "actions": ["publish"]}),
            400, "connection.domain", "client_ids[1]")
    refused(admin.post(path, {"client_ids": [clients[0], "nothing"], "channel_ids": channels, "actions": ["publish"]}),
            404, "object.missing", "client_ids[1]")
    refused(admin.post(path, pairs), 400, "connection.actions", "actions")
    for nothing in ({**pairs, "client_ids": []}, {**pairs, "channel_ids": []}):
        refused(admin.post(path, {**nothing, "actions": ["publish"]}), 400, "connections.count")
    assert all(may(admin, client, channel) == [False, True] for client in clients for channel in channels)

    assert admin.must("POST", f"{path}/remove", {"client_ids": clients[1:], "channel_ids": channels}) == {"removed": 4}
    assert admin.must("POST", f"{path}/remove", pairs) == {"removed": 2}
    assert not any(any(may(admin, client, channel)) for client in clients for channel in channels)


# What belongs to a user


def test_domains_and_roles_of_a_user(site, admin, home):
    user = site.user()
    own = site.login(user["email"])
    admin.must("POST", f"/api/v1/domains/{home}/members", {"user_id": user["id"], "role": "admin"})
    role = site.role("domain", home, ["read"], [("user", user["id"])])
    for api, whose in ((own, "me"), (admin, user["id"])):
        [domain] = api.must("GET", f"/api/v1/users/{whose}/domains")["domains"]
        assert (domain["domain_id"], domain["domain_name"], domain["role"]) == (home, "Domain", "admin")
        held = api.must("GET", f"/api/v1/users/{whose}/roles")["roles"]
        assert {one["role"]["name"] for one in held} == {"admin", role["name"]}
        assert role["id"] in {one["role"]["id"] for one in held}
        first = api.must("GET", f"/api/v1/users/{whose}/roles?page_size=1")
        rest = api.must("GET", f"/api/v1/users/{whose}/roles?page_size=1&page_token={first['next_page_token']}")
        assert [*first["roles"], *rest["roles"]] == held and not rest["next_page_token"]
    device = site.client(home)
    refused(site.nobody().as_client(device.id, device.key).get("/api/v1/users/me/domains"), 404, "object.missing")


def test_domains_of_a_user_are_in_the_order_of_their_ids(site, admin):
    user = site.user()["id"]
    homes = [site.domain()["id"] for _ in range(4)]
    for home, role in zip(reversed(homes), ("owner", "admin", "member", "admin")):
        admin.must("POST", f"/api/v1/domains/{home}/members", {"user_id": user, "role": role})
    path, seen, token = f"/api/v1/users/{user}/domains?page_size=3", [], ""
    while True:
        page = admin.must("GET", f"{path}&page_token={token}")
        seen += [domain["domain_id"] for domain in page["domains"]]
        token = page["next_page_token"]
        if not token:
            break
    assert seen == sorted(homes)
    down = admin.must("GET", f"/api/v1/users/{user}/domains?order_by=domain_id+desc")["domains"]
    assert [domain["domain_id"] for domain in down] == sorted(homes, reverse=True)


def test_sessions_of_a_user_are_seen_and_ended(site, admin):
    user = site.user()
    sessions = [site.session(user["email"]) for _ in range(3)]
    callers = [site.nobody().as_bearer(session["access_token"]) for session in sessions]
    path = f"/api/v1/users/{user['id']}/sessions"
    listed = [session["session_id"] for session in admin.must("GET", path)["sessions"]]
    assert listed == [session["session_id"] for session in reversed(sessions)]
    admin.must("DELETE", f"{path}/{sessions[0]['session_id']}")
    assert [caller.get("/api/v1/users/me").status for caller in callers] == [401, 200, 200]
    refused(admin.delete(f"{path}/{sessions[0]['session_id']}"), 404, "object.missing")

    callers[1].must("DELETE", "/api/v1/sessions?keep_current=true")
    assert [caller.get("/api/v1/users/me").status for caller in callers] == [401, 200, 401]
    admin.must("DELETE", path)
    assert callers[1].get("/api/v1/users/me").status == 401
    assert admin.must("GET", path)["sessions"] == []


def test_sign_out_everywhere(site):
    user = site.user()
    callers = [site.login(user["email"]) for _ in range(2)]
    callers[0].must("DELETE", "/api/v1/sessions")
    assert [caller.get("/api/v1/users/me").status for caller in callers] == [401, 401]


# The server


def test_the_server_says_what_it_is(site, admin):
    info = site.nobody().must("GET", "/api/v1/info")
    assert set(info) == {"name", "version", "api_versions", "server_time"}
    assert info["name"] == "allauth" and re.fullmatch(r"\d+\.\d+\.\d+", info["version"]) and "v1" in info["api_versions"]
    assert site.nobody().must("GET", "/api/v1/health") == {"ready": True, "reason": ""}
    assert site.nobody().as_bearer("no.such.token").must("GET", "/api/v1/health") == {"ready": True, "reason": ""}
    before = int(admin.must("GET", "/api/v1/health")["revision"])
    site.user()
    after = admin.must("GET", "/api/v1/health")
    assert int(after["revision"]) > before and after["state_age_ms"] >= 0
