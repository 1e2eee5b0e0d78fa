"""Signing in and out, and every token that must not work."""

import base64
import hashlib
import json
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from rig import jose
from rig.api import Api, refused
from rig.poll import eventually
from rig.server import Server
from rig.site import ADMIN_PASSWORD, USER_PASSWORD

NEW_PASSWORD = "another long password"


@pytest.fixture(scope="module")
def short_lived(tmp_path_factory):
    """A server whose access tokens live for the least time; taken at the start, used at the end."""
    server = Server(tmp_path_factory.mktemp("short") / "data", **{"tokens.access_lifetime": "10s"}).start()
    api = Api(server.api)
    api.must("POST", "/api/v1/setup", {"setup_token": server.setup_token, "email": "root@example.org",
                                       "password": ADMIN_PASSWORD, "name": "Root"})
    session = api.must("POST", "/api/v1/sessions", {"login": "root@example.org", "password": ADMIN_PASSWORD})
    yield api.as_bearer(session["access_token"]), session
    server.stop()


@pytest.fixture
def user(site):
    return site.user()


@pytest.fixture
def session(site, user):
    return site.session(user["email"])


def me(site, token):
    return site.nobody().as_bearer(token).get("/api/v1/users/me")


def refresh(site, token):
    return site.nobody().post("/api/v1/sessions/refresh", {"refresh_token": token})


# Signing in


def test_a_session_has_all_that_the_api_promises(site, user, short_lived):
    answer = site.nobody().post("/api/v1/sessions", {"login": user["email"], "password": USER_PASSWORD})
    assert answer.status == 201
    session = answer.json
    assert answer.headers["Location"] == f"/api/v1/sessions/{session['session_id']}"
    assert answer.headers["Cache-Control"] == "no-store"
    assert session["user_id"] == user["id"] and session["token_type"] == "Bearer"
    assert session["expires_in"] == 3600 and 7 * 86400 - 60 <= session["refresh_expires_in"] <= 7 * 86400
    header, claims = jose.parts(session["access_token"])
    assert header["alg"] == "ES256" and header["typ"] == "at+jwt" and header["kid"]
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("allauth", user["id"], claims["aud"])
    assert claims["aud"] in ("allauth", ["allauth"])
    assert claims["exp"] - claims["iat"] == 3600
    assert me(site, session["access_token"]).json["id"] == user["id"]


@pytest.mark.parametrize("spell", [str.upper, str.title, str.lower])
def test_a_login_is_the_email_in_any_case(site, user, spell):
    assert site.session(spell(user["email"]))["user_id"] == user["id"]


def test_a_login_is_the_username_too(site):
    user = site.user(username="Grace.Hopper")
    assert site.session("grace.hopper")["user_id"] == user["id"]


def test_a_failed_login_says_nothing_about_the_account(site, user):
    disabled = site.user()
    site.admin.must("POST", f"/api/v1/users/{disabled['id']}/disable", {})

    def attempt(login, password):
        answer = site.nobody().post("/api/v1/sessions", {"login": login, "password": password})
        body = answer.json
        body.pop("request_id")
        headers = {name: value for name, value in answer.headers.items() if name.lower() not in ("date", "x-request-id")}
        return answer.status, body, headers

    known = attempt(user["email"], "a wrong long password")
    assert known[0] == 401 and known[1]["reason"] == "login.failed"
    for login, password in (("nobody@example.org", "a wrong long password"), ("nobody", USER_PASSWORD),
                            (disabled["email"], USER_PASSWORD), (user["email"], USER_PASSWORD + " "),
                            (user["email"], ""), ("", USER_PASSWORD), ("", ""), (user["id"], USER_PASSWORD),
                            ("a" * 5000, "x" * 15),
                            ("' OR 1=1 --", "' OR 1=1 --")):
        assert attempt(login, password) == known, (login, password)
    for password in ("x" * 1025, "x" * 2000, "\u0000" * 15):  # refused as it is, whoever it is of
        assert attempt(user["email"], password) == attempt("nobody@example.org", password)


def test_a_failed_login_takes_as_long_for_an_unknown_account(site, user):
    def seconds(login):
        begin = time.perf_counter()
        site.nobody().post("/api/v1/sessions", {"login": login, "password": "a wrong long password"})
        return time.perf_counter() - begin
    known, unknown = [], []
    for i, email in enumerate([user["email"]] * 8 + [site.user()["email"]] * 8):  # after ten nobody looks
        known.append(seconds(email))
        unknown.append(seconds(f"nobody{i}@example.org"))
    # The cost of the hash dominates; without it an answer takes a small part of that.
    assert 0.5 < statistics.median(known) / statistics.median(unknown) < 2


def test_a_huge_password_is_refused_before_it_is_hashed(site, user):
    begin = time.perf_counter()
    answer = site.nobody().post("/api/v1/sessions", {"login": user["email"], "password": "x" * (1 << 20)})
    assert answer.status == 413
    assert time.perf_counter() - begin < 1


# Refreshing


def test_a_refresh_token_rotates(site, session):
    second = refresh(site, session["refresh_token"])
    assert second.status == 200 and second.headers["Cache-Control"] == "no-store"
    fresh = second.json
    assert fresh["session_id"] == session["session_id"]
    assert fresh["refresh_token"] != session["refresh_token"] and fresh["access_token"] != session["access_token"]
    assert me(site, fresh["access_token"]).status == 200
    assert me(site, session["access_token"]).status == 200  # good until it expires or the session ends
    assert fresh["refresh_expires_in"] <= session["refresh_expires_in"]


def test_a_retry_at_once_is_refused_but_the_session_lives(site, session):
    second = refresh(site, session["refresh_token"]).json
    refused(refresh(site, session["refresh_token"]), 401, "token.refresh.used")
    assert me(site, second["access_token"]).status == 200
    assert refresh(site, second["refresh_token"]).status == 200


def test_reuse_of_an_older_refresh_token_ends_the_session(site, session):
    second = refresh(site, session["refresh_token"]).json
    third = refresh(site, second["refresh_token"]).json
    refused(refresh(site, session["refresh_token"]), 401, "token.refresh.used")
    refused(me(site, third["access_token"]), 401, "session.revoked")
    refused(me(site, session["access_token"]), 401, "session.revoked")
    for token in (session, second, third):
        refused(refresh(site, token["refresh_token"]), 401, "session.ended")


def test_reuse_detection_survives_a_restart(tmp_path):
    server = Server(tmp_path / "data").start()
    api = Api(server.api)
    api.must("POST", "/api/v1/setup", {"setup_token": server.setup_token, "email": "root@example.org",
                                       "password": ADMIN_PASSWORD, "name": "Root"})
    session = api.must("POST", "/api/v1/sessions", {"login": "root@example.org", "password": ADMIN_PASSWORD})
    second = api.must("POST", "/api/v1/sessions/refresh", {"refresh_token": session["refresh_token"]})
    third = api.must("POST", "/api/v1/sessions/refresh", {"refresh_token": second["refresh_token"]})
    server.stop()
    server.start()
    api = Api(server.api)
    try:
        assert api.as_bearer(third["access_token"]).get("/api/v1/users/me").status == 200
        refused(api.post("/api/v1/sessions/refresh", {"refresh_token": session["refresh_token"]}), 401,
                "token.refresh.used")
        refused(api.as_bearer(third["access_token"]).get("/api/v1/users/me"), 401, "session.revoked")
        server.stop()
        server.start()
        api = Api(server.api)
        refused(api.as_bearer(third["access_token"]).get("/api/v1/users/me"), 401, "session.revoked")
    finally:
        server.stop()


def test_of_twenty_refreshes_at_once_one_wins(site, session):
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: refresh(site, session["refresh_token"]), range(20)))
    won = [answer for answer in answers if answer.status == 200]
    assert len(won) == 1
    assert all(answer.reason == "token.refresh.used" for answer in answers if answer.status != 200)
    assert refresh(site, won[0].json["refresh_token"]).status == 200


def test_a_refresh_token_of_a_disabled_user_is_refused(site, user, session):
    site.admin.must("POST", f"/api/v1/users/{user['id']}/disable", {})
    refused(refresh(site, session["refresh_token"]), 401, "session.ended")
    site.admin.must("POST", f"/api/v1/users/{user['id']}/enable", {})
    refused(refresh(site, session["refresh_token"]), 401, "session.ended")


@pytest.mark.parametrize("change", [
    lambda t: "", lambda t: "ar1", lambda t: "x" * 300, lambda t: t[:-1], lambda t: t + "A", lambda t: t + ".",
    lambda t: t.replace(".1.", ".2.", 1) if ".1." in t else t.replace(".0.", ".1.", 1),
    lambda t: "ar2" + t[3:], lambda t: ".".join([*t.split(".")[:2], "-1", t.split(".")[3]]),
    lambda t: ".".join([*t.split(".")[:2], "99999999999999999999", t.split(".")[3]]),
    lambda t: ".".join(["ar1", "another-session", *t.split(".")[2:]]),
    lambda t: t[:-1] + ("A" if t[-1] != "A" else "B"),
])
def test_an_altered_refresh_token_is_refused_and_harms_nothing(site, session, change):
    altered = change(session["refresh_token"])
    assert altered != session["refresh_token"]
    refused(refresh(site, altered), 401, "token.refresh.invalid")
    assert refresh(site, session["refresh_token"]).status == 200


# Signing out, and what else ends sessions


def test_signing_out_ends_access_at_once(site, session):
    own = site.nobody().as_bearer(session["access_token"])
    assert own.delete("/api/v1/sessions/current").status == 204
    refused(own.get("/api/v1/users/me"), 401, "session.revoked")
    refused(refresh(site, session["refresh_token"]), 401, "session.ended")
    body = {"access_token": session["access_token"]}
    refused(site.admin.post("/api/v1/auth/authenticate", body), 401, "session.revoked")


def test_sessions_are_listed_newest_first_in_pages(site, user):
    sessions = [site.session(user["email"]) for _ in range(5)]
    own = site.nobody().as_bearer(sessions[2]["access_token"])
    listed = own.must("GET", "/api/v1/sessions")["sessions"]
    assert [s["session_id"] for s in listed] == [s["session_id"] for s in reversed(sessions)]
    assert [s["session_id"] for s in listed if s["current"]] == [sessions[2]["session_id"]]
    assert not any(key in json.dumps(listed) for key in ("ar1.", "eyJ"))
    pages, token = [], ""
    while True:
        page = own.must("GET", f"/api/v1/sessions?page_size=2&page_token={token}")
        pages.append([s["session_id"] for s in page["sessions"]])
        token = page["next_page_token"]
        if not token:
            break
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [s for page in pages for s in page] == [s["session_id"] for s in listed]


def test_one_can_end_another_session_of_ones_own_only(site, user, session):
    other = site.session(user["email"])
    stranger = site.session(site.user()["email"])
    own = site.nobody().as_bearer(session["access_token"])
    refused(own.delete(f"/api/v1/sessions/{stranger['session_id']}"), 404, "object.missing")
    assert me(site, stranger["access_token"]).status == 200
    assert own.delete(f"/api/v1/sessions/{other['session_id']}").status == 204
    refused(me(site, other["access_token"]), 401, "session.revoked")
    refused(own.delete(f"/api/v1/sessions/{other['session_id']}"), 404, "object.missing")
    refused(own.delete("/api/v1/sessions/nothing"), 404, "object.missing")
    assert me(site, session["access_token"]).status == 200
    ids = [s["session_id"] for s in own.must("GET", "/api/v1/sessions")["sessions"]]
    assert ids == [session["session_id"]]


@pytest.mark.parametrize("how", ["disable", "delete"])
def test_a_user_who_is_gone_has_no_access(site, user, session, how):
    if how == "disable":
        site.admin.must("POST", f"/api/v1/users/{user['id']}/disable", {})
    else:
        site.admin.must("DELETE", f"/api/v1/users/{user['id']}")
    answer = me(site, session["access_token"])
    assert answer.status == 401 and answer.is_problem
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    refused(site.admin.post("/api/v1/auth/authenticate", {"access_token": session["access_token"]}), 401,
            answer.reason)
    if how == "disable":
        site.admin.must("POST", f"/api/v1/users/{user['id']}/enable", {})
        assert me(site, session["access_token"]).status == 401  # ended is ended
        assert me(site, site.session(user["email"])["access_token"]).status == 200


def test_changing_the_password_ends_all_other_sessions(site, user, session):
    other = site.session(user["email"])
    own = site.nobody().as_bearer(session["access_token"])
    change = {"current_password": USER_PASSWORD, "new_password": NEW_PASSWORD}
    assert own.post("/api/v1/users/me/password", change).status == 204
    assert me(site, session["access_token"]).status == 200
    refused(me(site, other["access_token"]), 401, "session.revoked")
    refused(refresh(site, other["refresh_token"]), 401, "session.ended")
    answer = site.nobody().post("/api/v1/sessions", {"login": user["email"], "password": USER_PASSWORD})
    refused(answer, 401, "login.failed")
    assert site.session(user["email"], NEW_PASSWORD)["user_id"] == user["id"]
    assert refresh(site, session["refresh_token"]).status == 200


def test_a_password_set_by_the_administrator_ends_every_session(site, user, session):
    path = f"/api/v1/users/{user['id']}/password"
    assert site.admin.post(path, {"new_password": NEW_PASSWORD}).status == 204
    refused(me(site, session["access_token"]), 401, "session.revoked")
    assert site.session(user["email"], NEW_PASSWORD)


@pytest.mark.parametrize("change, status, reason, field", [
    ({"new_password": NEW_PASSWORD}, 400, "password.current_missing", "current_password"),
    ({"current_password": "not this one at all", "new_password": NEW_PASSWORD}, 403, "password.wrong", "current_password"),
    ({"current_password": USER_PASSWORD, "new_password": "fourteen chars"}, 400, "password.too_short", "new_password"),
    ({"current_password": USER_PASSWORD, "new_password": "x" * 1025}, 400, "password.too_long", "new_password"),
    ({"current_password": USER_PASSWORD, "new_password": "with a \u0007 bell inside"}, 400, "password.invalid", "new_password"),
    ({"current_password": USER_PASSWORD}, 400, "password.too_short", "new_password"),
])
def test_a_refused_password_change_changes_nothing(site, user, session, change, status, reason, field):
    other = site.session(user["email"])
    own = site.nobody().as_bearer(session["access_token"])
    refused(own.post("/api/v1/users/me/password", change), status, reason, field)
    assert me(site, other["access_token"]).status == 200
    assert site.session(user["email"])


def of_length(characters):
    """Which nobody would guess."""
    return "".join(hashlib.sha256(bytes([i])).hexdigest() for i in range(1 + characters // 64))[:characters]


@pytest.mark.parametrize("password", [of_length(64), of_length(200), of_length(1024), "\U0001F600" * 15, "fifteen charact", "mit Leerzeichen und Umläuten ß"])
def test_long_and_unusual_passwords_work(site, password):
    user = site.user(password=password)
    assert site.session(user["email"], password)["user_id"] == user["id"]


# Tokens that must not work


def forgeries(token, forger, jwk):
    head, body, signature = token.split(".")
    header, claims = jose.parts(token)
    last = jose.decode(signature)

    def changed(**more):
        return f"{jose.encode({**header, **more})}.{body}.{signature}"

    def resigned(more_header=None, **more_claims):
        return forger.sign({**header, **(more_header or {})}, {**claims, **more_claims})

    flipped = bytes([last[0] ^ 1]) + last[1:]
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    return {
        "alg none": f"{jose.encode({**header, 'alg': 'none'})}.{body}.",
        "alg NONE": f"{jose.encode({**header, 'alg': 'NONE'})}.{body}.{signature}",
        "no signature": f"{head}.{body}.",
        "two parts": f"{head}.{body}",
        "four parts": f"{token}.x",
        "hs256 with the public key": jose.sign_hs256({**header, "alg": "HS256"}, claims, jose.public_pem(jwk)),
        "hs256 with nothing": jose.sign_hs256({**header, "alg": "HS256"}, claims, ""),
        "another key": resigned(),
        "another key under its own kid": resigned({"kid": "forger"}),
        "another key in the header": resigned({"jwk": forger.jwk}),
        "another key by jku": resigned({"jku": "http://127.0.0.1:1/jwks.json"}),
        "another key by x5u": resigned({"x5u": "http://127.0.0.1:1/cert.pem"}),
        "kid a path": resigned({"kid": "../../../../etc/passwd"}),
        "kid sql": resigned({"kid": "' OR 1=1 --"}),
        "kid missing": forger.sign({k: v for k, v in header.items() if k != "kid"}, claims),
        "kid large": resigned({"kid": "k" * 4000}),
        "kid a number": resigned({"kid": 1}),
        "other claims": f"{head}.{jose.encode({**claims, 'sub': 'somebody-else'})}.{signature}",
        "longer life": f"{head}.{jose.encode({**claims, 'exp': claims['exp'] + 9999})}.{signature}",
        "typ JWT": changed(typ="JWT"),
        "typ missing": f"{jose.encode({k: v for k, v in header.items() if k != 'typ'})}.{body}.{signature}",
        "crit": changed(crit=["exp"]),
        "alg twice": jose.encode('{"alg":"none",' + json.dumps(header)[1:]) + f".{body}.{signature}",
        "signature flipped": f"{head}.{body}.{jose.encode(flipped)}",
        "signature as der": f"{head}.{body}.{jose.encode(jose.to_der(last))}",
        "signature zero": f"{head}.{body}.{jose.encode(bytes(64))}",
        "signature mirrored": f"{head}.{body}.{jose.encode(last[:32] + bytes(32))}",
        "signature out of range": f"{head}.{body}.{jose.encode(last[:32] + order.to_bytes(32, 'big'))}",
        "signature longer": f"{head}.{body}.{jose.encode(last + b'x')}",
        "padded base64": f"{head}.{body}.{signature}==",
        "plain base64": ".".join(base64.b64encode(jose.decode(part)).decode() for part in token.split(".")),
        "trailing bits": token[:-1] + chr(ord(token[-1]) + 1),
        "nested": jose.encode('{"alg":"ES256","x":' + "[" * 2000 + "]" * 2000 + "}") + f".{body}.{signature}",
        "large": f"{head}.{'A' * 8000}.{signature}",
        "empty": "x",
        "dots": "..",
        "utf-8 broken": f"{jose.encode(bytes([0x7B, 0xFF, 0x7D]))}.{body}.{signature}",
    }


NAMES = ["alg none", "alg NONE", "no signature", "two parts", "four parts", "hs256 with the public key",
         "hs256 with nothing", "another key", "another key under its own kid", "another key in the header",
         "another key by jku", "another key by x5u", "kid a path", "kid sql", "kid missing", "kid large", "kid a number",
         "other claims", "longer life", "typ JWT", "typ missing", "crit", "alg twice", "signature flipped",
         "signature as der", "signature zero", "signature mirrored", "signature out of range", "signature longer",
         "padded base64", "plain base64", "trailing bits", "nested", "large", "empty", "dots", "utf-8 broken"]


@pytest.fixture(scope="module")
def forged(site, tmp_path_factory):
    jwk = site.nobody().must("GET", "/.well-known/jwks.json")["keys"][0]
    token = site.session(site.user()["email"])["access_token"]
    made = forgeries(token, jose.Forger(tmp_path_factory.mktemp("forger")), jwk)
    assert sorted(made) == sorted(NAMES)
    assert me(site, token).status == 200
    return token, made


@pytest.mark.parametrize("name", NAMES)
def test_a_forged_access_token_is_refused_everywhere(site, forged, name):
    good, made = forged
    assert made[name] != good
    answer = me(site, made[name])
    assert answer.status == 401 and answer.is_problem, answer
    asked = site.admin.post("/api/v1/auth/authenticate", {"access_token": made[name]})
    assert asked.status == 401 and asked.is_problem, asked
    assert me(site, good).status == 200


def test_a_token_of_another_installation_is_refused(site, short_lived):
    assert me(site, short_lived[1]["access_token"]).status == 401
    assert refresh(site, short_lived[1]["refresh_token"]).status == 401


@pytest.mark.parametrize("option", ["tokens.issuer", "tokens.audience"])
def test_a_token_for_another_issuer_or_audience_is_refused_under_the_same_key(tmp_path, option):
    server = Server(tmp_path / "data").start()
    try:
        api = Api(server.api)
        api.must("POST", "/api/v1/setup", {"setup_token": server.setup_token, "email": "root@example.org",
                                           "password": ADMIN_PASSWORD, "name": "Root"})
        login = {"login": "root@example.org", "password": ADMIN_PASSWORD}
        old = api.must("POST", "/api/v1/sessions", login)["access_token"]
        server.stop()
        server.options[option] = "another"
        server.start()
        api = Api(server.api)
        assert api.as_bearer(old).get("/api/v1/users/me").status == 401
        new = api.must("POST", "/api/v1/sessions", login)["access_token"]
        assert api.as_bearer(new).get("/api/v1/users/me").status == 200
        assert jose.parts(new)[0]["kid"] == jose.parts(old)[0]["kid"]
    finally:
        server.stop()


def test_every_token_works_in_its_own_place_only(site, user, session):
    domain = site.domain()["id"]
    client = site.client(domain)
    tokens = {"access": session["access_token"], "refresh": session["refresh_token"], "key": client.key,
              "setup": site.setup_token, "password": USER_PASSWORD, "session": session["session_id"]}
    places = {
        "access": lambda t: site.admin.post("/api/v1/auth/authenticate", {"access_token": t}),
        "bearer": lambda t: me(site, t),
        "refresh": lambda t: refresh(site, t),
        "key": lambda t: site.admin.post("/api/v1/auth/authenticate", {"client_key": {"client_id": client.id, "key": t}}),
        "basic": lambda t: site.nobody().as_client(client.id, t).post("/api/v1/auth/check", {
            "permission": "read", "object": {"kind": "client", "id": client.id}}),
        "password": lambda t: site.nobody().post("/api/v1/sessions", {"login": user["email"], "password": t}),
        "password asked": lambda t: site.admin.post("/api/v1/auth/authenticate", {
            "password": {"login": user["email"], "password": t}}),
        "setup": lambda t: site.nobody().post("/api/v1/setup", {
            "setup_token": t, "email": "x@example.org", "name": "X", "password": USER_PASSWORD}),
    }
    own = {"access": {"access", "bearer"}, "refresh": {"refresh"}, "key": {"key", "basic"},
           "password": {"password", "password asked"}, "setup": set(), "session": set()}
    for token, text in tokens.items():
        for place, use in places.items():
            answer = use(text)
            if place in own[token]:
                assert answer.status < 300, (token, place, answer)
            else:
                assert answer.status in (401, 403) and answer.is_problem, (token, place, answer)


@pytest.mark.parametrize("header", [
    "Bearer", "Bearer ", "bearer", "Basic", "Basic !!!", "Basic " + base64.b64encode(b"nocolon").decode(),
    "Digest x", "Token x", "Bearer a b", "Bearer " + "x" * 9000, "Basic " + base64.b64encode(b"\xff:\xff").decode(),
])
def test_a_broken_authorization_header_is_refused(site, header):
    answer = site.nobody().get("/api/v1/users/me", headers={"Authorization": header})
    assert answer.status in (400, 401, 431) and answer.is_problem, answer


def test_the_scheme_is_compared_without_case(site, session):
    for scheme in ("bearer", "BEARER", "Bearer"):
        answer = site.nobody().get("/api/v1/users/me", headers={"Authorization": f"{scheme} {session['access_token']}"})
        assert answer.status == 200


@pytest.mark.parametrize("name", ["access_token", "token", "authorization", "bearer", "api_key", "ACCESS_TOKEN"])
def test_a_token_in_the_query_is_refused(site, session, name):
    refused(site.nobody().get(f"/api/v1/users/me?{name}={session['access_token']}"), 400, "auth.token_in_query")
    refused(site.admin.get(f"/api/v1/users/me?{name}=x"), 400, "auth.token_in_query")


def test_the_published_key_verifies_access_tokens(site, session, tmp_path):
    answer = site.nobody().get("/.well-known/jwks.json")
    assert answer.headers["Content-Type"] == "application/jwk-set+json"
    header, _ = jose.parts(session["access_token"])
    keys = [key for key in answer.json["keys"] if key["kid"] == header["kid"]]
    assert len(keys) == 1
    key = keys[0]
    assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("EC", "P-256", "ES256", "sig")
    assert "d" not in key
    assert jose.verifies(session["access_token"], key, tmp_path)
    tampered = session["access_token"].split(".")
    tampered[1] = jose.encode({**jose.parts(session["access_token"])[1], "sub": "x"})
    assert not jose.verifies(".".join(tampered), key, tmp_path)


def test_an_access_token_survives_a_restart_and_is_still_revocable(tmp_path):
    server = Server(tmp_path / "data").start()
    try:
        api = Api(server.api)
        api.must("POST", "/api/v1/setup", {"setup_token": server.setup_token, "email": "root@example.org",
                                           "password": ADMIN_PASSWORD, "name": "Root"})
        login = {"login": "root@example.org", "password": ADMIN_PASSWORD}
        kept, ended = (api.must("POST", "/api/v1/sessions", login) for _ in range(2))
        assert api.as_bearer(ended["access_token"]).delete("/api/v1/sessions/current").status == 204
        server.stop()
        server.start()
        api = Api(server.api)
        assert api.as_bearer(kept["access_token"]).get("/api/v1/users/me").status == 200
        refused(api.as_bearer(ended["access_token"]).get("/api/v1/users/me"), 401, "session.revoked")
    finally:
        server.stop()


def test_an_expired_access_token_is_refused_and_can_be_refreshed(short_lived):
    api, session = short_lived
    assert session["expires_in"] == 10
    _, claims = jose.parts(session["access_token"])
    expired = eventually(lambda: (lambda a: a if a.status == 401 else None)(api.get("/api/v1/users/me")), 75,
                         "the end of the token's life")
    assert time.time() >= claims["exp"]
    # The last: it ended after it was read, before the question was answered.
    assert expired.reason in ("token.expired", "jwt.expired", "credential.expired", "gate.credential"), expired
    fresh = api.must("POST", "/api/v1/sessions/refresh", {"refresh_token": session["refresh_token"]})
    assert api.as_bearer(fresh["access_token"]).get("/api/v1/users/me").status == 200
