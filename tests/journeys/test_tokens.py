"""Personal tokens and API keys: what stands for a user in place of a login, over REST, gRPC and MQTT."""

import json
from types import SimpleNamespace

import pytest

from rig.api import Api, refused
from rig.cli import Cli
from rig.mqtt import RawClient
from rig.nodes import GatewayNode, enroll
from rig.poll import eventually
from rig.rpc import Rpc
from rig.site import USER_PASSWORD, Site, fresh

MINE = "/api/v1/users/me/tokens"
WITHIN = 1.0


def make(api, kind, *scopes, **more):
    """A token of who asks, with an Api that shows it."""
    made = api.must("POST", MINE, {"type": kind, "name": fresh("token"), "scopes": list(scopes), **more})
    return SimpleNamespace(id=made["token"]["id"], secret=made["secret"], row=made["token"], path=f"{MINE}/{made['token']['id']}",
                           api=api.as_bearer(made["secret"]))


def scope(kind, operation, domain="", object_id=""):
    return {"kind": kind, "operation": operation, "domain_id": domain, "object_id": object_id}


@pytest.fixture
def ann(site):
    """A user with two domains of her own."""
    user = site.user()
    made = SimpleNamespace(id=user["id"], email=user["email"], api=site.login(user["email"]))
    made.domains = [site.domain()["id"] for _ in range(2)]
    for domain in made.domains:
        site.admin.must("POST", f"/api/v1/domains/{domain}/members", {"user_id": user["id"], "role": "admin"})
    return made


def ids(api, domain, what="clients", query=""):
    answer = api.must("GET", f"/api/v1/domains/{domain}/{what}?count=true{query}")
    assert answer["total_size"] == len(answer[what])
    return sorted(item["id"] for item in answer[what])


def test_a_personal_token_is_good_for_its_scopes_only(site, ann):
    here, there = ann.domains
    clients = sorted(site.client(here).id for _ in range(3))
    token = make(ann.api, "personal", scope("client", "read", here), scope("client", "update", "", clients[0]))
    assert token.secret.startswith("apt1_")
    assert ids(token.api, here) == clients
    refused(token.api.get(f"/api/v1/domains/{there}/clients"), 403, "credential.scope")
    refused(token.api.get(f"/api/v1/domains/{here}/channels"), 403, "credential.scope")
    refused(token.api.post(f"/api/v1/domains/{here}/clients", {"name": "new"}), 403, "credential.scope")
    token.api.must("PATCH", f"/api/v1/clients/{clients[0]}", {"name": "other"})
    refused(token.api.patch(f"/api/v1/clients/{clients[1]}", {"name": "other"}), 403, "credential.scope")
    assert token.api.must("GET", "/api/v1/domains")["domains"] == []
    asked = {"permission": "update", "object": {"kind": "client", "id": clients[1]}}
    assert token.api.must("POST", "/api/v1/auth/check", asked)["allowed"] is False
    assert token.api.must("POST", "/api/v1/auth/check", asked)["rule"] == "restricted"
    explained = token.api.must("POST", "/api/v1/auth/explain", asked)
    assert f'client update * {clients[1]}' in explained["text"]
    found = token.api.must("POST", "/api/v1/policy/lookup/resources", {"permission": "update", "object_kind": "client"})
    assert [item["id"] for item in found["objects"]] == [clients[0]]
    # One id is a list of one; making things takes a scope for all of the kind.
    one = make(ann.api, "personal", scope("client", "read", "", clients[1]), scope("channel", "create", here))
    assert ids(one.api, here) == [clients[1]]
    assert ids(one.api, there) == []
    one.api.must("POST", f"/api/v1/domains/{here}/channels", {"name": "new"})
    refused(one.api.post(f"/api/v1/domains/{there}/channels", {"name": "new"}), 403, "credential.scope")
    # What she may not do, it may not either.
    stranger = site.domain()["id"]
    every = make(ann.api, "personal", scope("*", "*"))
    assert every.api.get(f"/api/v1/domains/{stranger}").status == 404
    assert ids(every.api, here) == clients
    assert make(ann.api, "personal").api.get("/api/v1/users/me").status == 403


def test_an_api_key_acts_as_its_user_but_makes_none(site, ann):
    key = make(ann.api, "api_key")
    assert key.secret.startswith("auk1_")
    assert key.api.must("GET", "/api/v1/users/me")["id"] == ann.id
    client = key.api.must("POST", f"/api/v1/domains/{ann.domains[0]}/clients", {"name": "new"})
    assert client["client"]["id"] in ids(key.api, ann.domains[0])
    whole = make(ann.api, "personal", scope("*", "*"))
    for api in (key.api, whole.api):
        for method, path, body in [("POST", MINE, {"type": "api_key", "name": "more"}),
                                   ("POST", MINE, {"type": "personal", "name": "more"}),
                                   ("PATCH", key.path, {"name": "more"}), ("POST", key.path + "/reset", {}),
                                   ("PUT", whole.path + "/scopes", {"scopes": []}),
                                   ("POST", whole.path + "/scopes/add", {"scopes": []}),
                                   ("POST", "/api/v1/users/me/password",
                                    {"current_password": USER_PASSWORD, "new_password": "another long password"})]:
            refused(api.call(method, path, body), 403, "credential.session_needed")
    for method, path, body in [("GET", MINE, None), ("POST", key.path + "/revoke", {}), ("DELETE", key.path, None),
                               ("GET", "/api/v1/sessions", None), ("DELETE", "/api/v1/sessions", None),
                               ("GET", "/api/v1/users/me/sessions", None)]:
        refused(whole.api.call(method, path, body), 403, "credential.session_needed")
    assert len(key.api.must("GET", MINE)["tokens"]) == 2


def test_its_secret_is_shown_once_and_kept_nowhere(site, ann):
    token = make(ann.api, "personal", scope("client", "read"))
    again = ann.api.must("POST", token.path + "/reset", {"expires_in": 60})
    key = make(ann.api, "api_key")
    secrets = [token.secret, again["secret"], key.secret]
    bodies = [ann.api.get(path).body for path in (MINE, token.path, key.path, "/api/v1/users/me")]
    bodies.append(site.metrics().encode())
    bodies.append(site.server.log().encode())
    bodies += [path.read_bytes() for path in site.server.data_dir.rglob("*") if path.is_file()]
    for secret in secrets:
        part = secret.split("_", 1)[1].encode()
        assert not any(part in body for body in bodies)


def test_a_token_that_ended_is_refused_at_once(site, ann):
    for kind in ("personal", "api_key"):
        token = make(ann.api, kind, *([scope("user", "read")] if kind == "personal" else []))
        me = "/api/v1/users/me"
        with Rpc(site.server.grpc, token=token.secret) as rpc:
            assert token.api.get(me).status == 200
            assert rpc.must("UserService.GetUser", {"user_id": "me"}).message.id == ann.id
            assert ann.api.must("POST", token.path + "/revoke", {})["state"] == "revoked"
            refused(token.api.get(me), 401, "token.unknown")
            assert rpc.refused("UserService.GetUser", {"user_id": "me"}).reason == "token.unknown"
        reset = ann.api.must("POST", token.path + "/reset", {})
        assert reset["token"]["state"] == "active" and "revoked_at" not in reset["token"]
        refused(token.api.get(me), 401, "token.unknown")
        now = ann.api.as_bearer(reset["secret"])
        assert now.get(me).status == 200
        # Whoever asks for others may ask about it as about an access token.
        asked = site.admin.must("POST", "/api/v1/auth/authenticate", {"access_token": reset["secret"]})
        assert (asked["principal"]["id"], asked["token_id"]) == (ann.id, token.id)
        wrong = reset["secret"][:-2] + ("AA" if reset["secret"][-2:] != "AA" else "BB")
        refused(ann.api.as_bearer(wrong).get(me), 401, "token.unknown")
        site.admin.must("POST", f"/api/v1/users/{ann.id}/disable", {})
        refused(now.get(me), 401, "user.disabled")
        site.admin.must("POST", f"/api/v1/users/{ann.id}/enable", {})
        ann.api = site.login(ann.email)
        assert now.get(me).status == 200
        assert ann.api.delete(token.path).status == 204
        refused(now.get(me), 401, "token.unknown")


def test_administrators_see_and_end_the_tokens_of_others(site, ann):
    token = make(ann.api, "personal", scope("client", "read"))
    theirs = f"/api/v1/users/{ann.id}/tokens"
    assert [row["id"] for row in site.admin.must("GET", theirs)["tokens"]] == [token.id]
    refused(site.admin.post(f"{theirs}/{token.id}/reset", {}), 403, "gate.denied")
    site.admin.must("POST", f"{theirs}/{token.id}/revoke", {})
    refused(token.api.get("/api/v1/users/me"), 401, "token.unknown")
    other = site.login(site.user()["email"])
    assert other.get(theirs).status == 404
    assert other.get(f"{MINE}/{token.id}").status == 404


def test_a_repeat_is_answered_to_the_credential_that_asked_first(site, ann):
    """Else whoever holds a token could have the answer to what a login made: another secret."""
    key = make(ann.api, "api_key")
    body = {"type": "api_key", "name": "once"}
    headers = {"Idempotency-Key": fresh("key")}
    first = ann.api.call("POST", MINE, body, headers=headers)
    assert first.status == 201
    assert ann.api.call("POST", MINE, body, headers=headers).json["secret"] == first.json["secret"]
    refused(key.api.call("POST", MINE, body, headers=headers), 403, "credential.session_needed")


@pytest.fixture
def topic(site, ann):
    """A topic that she may publish to and subscribe from, and one that she may, too."""
    made = []
    for name in ("one", "two"):
        channel = site.channel(ann.domains[0])["id"]
        site.role("channel", channel, ["publish", "subscribe"], [("user", ann.id)])
        made.append(SimpleNamespace(channel=channel, name=f"m/{ann.domains[0]}/c/{channel}"))
    return made


def ends(change, client):
    """The connection is cut off within a second of the answer."""
    change()
    client.expect_end(WITHIN)
    client.close()


@pytest.mark.parametrize("version", [4, 5])
def test_the_gateway_takes_them_as_passwords(site, ann, topic, version):
    token = make(ann.api, "personal", scope("channel", "publish", "", topic[0].channel), scope("channel", "subscribe"))
    listener, connected = (RawClient(site.server.mqtt, version) for _ in range(2))
    for client in (listener, connected):
        assert client.connect("", "whoever", token.secret) == 0
    assert listener.subscribe(topic[0].name) == [1]
    assert connected.publish(topic[0].name, b"x", qos=1) == 0
    assert listener.message().payload == b"x"
    listener.close()
    if version == 5:
        assert connected.publish(topic[1].name, b"x", qos=1, packet_id=2) == 0x87
    # With other scopes it is cut off, and comes back with those.
    ends(lambda: ann.api.must("POST", token.path + "/scopes/remove",
                              {"scopes": [scope("channel", "publish", "", topic[0].channel)]}), connected)
    again = RawClient(site.server.mqtt, version)
    assert again.connect("", "whoever", token.secret) == 0
    ends(lambda: ann.api.must("POST", token.path + "/revoke", {}), again)
    with RawClient(site.server.mqtt, version) as late:
        assert late.connect("", "whoever", token.secret) == (4 if version == 4 else 0x86)
    key = make(ann.api, "api_key")
    last = RawClient(site.server.mqtt, version)
    assert last.connect("", ann.id, key.secret) == 0
    ends(lambda: site.admin.must("POST", f"/api/v1/users/{ann.id}/disable", {}), last)


def test_a_token_that_expires_ends_by_itself(site, ann):
    token = make(ann.api, "personal", scope("user", "read"), expires_in=2)
    with RawClient(site.server.mqtt, 5) as connected:
        assert connected.connect("", "whoever", token.secret) == 0
        assert token.api.get("/api/v1/users/me").status == 200
        connected.expect_end(5)
    refused(token.api.get("/api/v1/users/me"), 401, "credential.expired")
    assert ann.api.must("GET", token.path)["state"] == "expired"


def test_a_gateway_node_without_a_database_knows_them(tmp_path):
    site = Site(tmp_path / "site")
    try:
        name, enrolled = enroll(site)
        node = GatewayNode(tmp_path / "node", site, enrolled).start()
        try:
            eventually(node.ready, 10, "the first state")
            domain = site.domain()["id"]
            token = make(site.admin, "personal", scope("channel", "publish"))

            def is_known():
                with RawClient(node.mqtt, 5) as client:
                    return client.connect("", "whoever", token.secret) == 0

            eventually(is_known, 5, "the token on the node")
            connected = RawClient(node.mqtt, 5)
            assert connected.connect("", "whoever", token.secret) == 0
            asked = {"permission": "read", "object": {"kind": "domain", "id": domain}}
            check = Api(node.questions, token=token.secret)
            assert check.must("POST", "/api/v1/auth/check", asked)["rule"] == "restricted"
            ends(lambda: site.admin.must("DELETE", token.path), connected)
            eventually(lambda: check.post("/api/v1/auth/check", asked).status == 401, WITHIN, "the end of the token")
        finally:
            node.stop()
    finally:
        site.close()


def test_the_command_line_makes_and_ends_them(site, tmp_path):
    user = site.user()
    cli = Cli(tmp_path / "home", f"http://127.0.0.1:{site.server.api}")
    cli.login(user["email"], USER_PASSWORD)
    token_id, secret = cli.must("token", "create", "ci", "--type", "personal", "--scope",
                                json.dumps({"kind": "user", "operation": "read"}), "-q").split()
    shown = Api(site.server.api, token=secret)
    assert shown.must("GET", "/api/v1/users/me")["id"] == user["id"]
    assert cli.must("token", "list", "-q").split() == [token_id]
    assert "personal" in cli.must("token", "list")
    cli.must("token", "update", token_id, "--name", "other")
    assert cli.json("token", "get", token_id)["name"] == "other"
    cli.must("token", "set-scopes", token_id)
    refused(shown.get("/api/v1/users/me"), 403, "credential.scope")
    cli.must("token", "revoke", token_id)
    refused(shown.get("/api/v1/users/me"), 401, "token.unknown")
    _, secret = cli.must("token", "reset", token_id, "--expires-in", "60", "-q").split()
    assert secret.startswith("apt1_")
    cli.must("token", "delete", token_id, "--yes")
    assert cli.must("token", "list", "-q") == ""
