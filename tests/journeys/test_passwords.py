"""What a password must be, passwords from other systems, and tokens of every algorithm."""

import base64
import hashlib
import json

import pytest

from rig.api import Api, refused
from rig.server import Server
from rig.site import ADMIN_PASSWORD, USER_PASSWORD, Site, fresh

PASSWORD = "correct horse battery staple"
BCRYPT = "$2b$05$abcdefghijklmnopqrstuuFiPhXf1sVd3pCCRO.uVh34H/qI/ZsuS"


def b64(data):
    return base64.b64encode(data).rstrip(b"=").decode()


def pbkdf2(hash_name, rounds):
    salt = b"0123456789abcdef"
    return f"$pbkdf2-{hash_name}$i={rounds}${b64(salt)}${b64(hashlib.pbkdf2_hmac(hash_name, PASSWORD.encode(), salt, rounds, 32))}"


def scrypt():
    salt = b"0123456789abcdef"
    return f"$scrypt$ln=10,r=8,p=1${b64(salt)}${b64(hashlib.scrypt(PASSWORD.encode(), salt=salt, n=1024, r=8, p=1, dklen=32))}"


def new_user(**more):
    return {"email": f"{fresh('person')}@example.org", "name": "Somebody", **more}


@pytest.mark.parametrize("record", [BCRYPT, "$2y" + BCRYPT[3:], pbkdf2("sha256", 1000), pbkdf2("sha512", 1000), scrypt()],
                         ids=["bcrypt", "bcrypt 2y", "pbkdf2-sha256", "pbkdf2-sha512", "scrypt"])
def test_a_user_brings_a_password_along(site, record):
    user = site.admin.must("POST", "/api/v1/users", new_user(password_hash=record))
    assert record not in json.dumps(user)
    wrong = {"login": user["email"], "password": PASSWORD + "!"}
    refused(site.nobody().post("/api/v1/sessions", wrong), 401, "login.failed")
    for _ in range(3):  # the first one with the record that was brought
        assert site.login(user["email"], PASSWORD).get("/api/v1/users/me").status == 200
    refused(site.nobody().post("/api/v1/sessions", wrong), 401, "login.failed")


@pytest.mark.parametrize("body, reason, field", [
    ({"password_hash": "$2b$31" + BCRYPT[6:]}, "password_hash.unsupported", "password_hash"),
    ({"password_hash": pbkdf2("sha256", 1).replace("i=1$", "i=9000000$")}, "password_hash.unsupported", "password_hash"),
    ({"password_hash": "$argon2id$v=19$m=4194304,t=3,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"},
     "password_hash.unsupported", "password_hash"),
    ({"password_hash": "5f4dcc3b5aa765d61d8327deb882cf99"}, "password_hash.broken", "password_hash"),
    ({"password_hash": "$2b$" + "x" * 100_000}, "password_hash.broken", "password_hash"),
    ({"password_hash": BCRYPT, "password": USER_PASSWORD}, "password.both", "password_hash"),
])
def test_what_could_not_be_checked_is_not_taken(site, body, reason, field):
    refused(site.admin.post("/api/v1/users", new_user(**body)), 400, reason, field)


def test_only_those_who_make_users_bring_passwords(site):
    user = site.user()
    refused(site.login(user["email"]).post("/api/v1/users", new_user(password_hash=BCRYPT)), 403, "gate.denied")


def test_a_password_is_the_same_however_it_is_typed(site):
    user = site.user(password="die gr\u00f6\u00dfte T\u00fcr am Haus")
    assert site.login(user["email"], "die gro\u0308\u00dfte Tu\u0308r am\u00a0Haus")


@pytest.mark.parametrize("password, reason", [
    ("password1234567", "password.weak"), ("qwertyuiopasdfgh", "password.weak"), ("iloveyouiloveyou", "password.common"),
    ("grace.hopper@navy.example", "password.personal"), ("Grace Hopper Navy", "password.personal"),
    ("x" * 1025, "password.too_long"),
])
def test_what_is_easy_to_guess_is_refused_with_the_reason(site, password, reason):
    body = {"email": "grace.hopper@navy.example", "name": "Grace Hopper", "password": password}
    answer = site.admin.post("/api/v1/users", body)
    refused(answer, 400, reason, "password")
    assert password not in json.dumps(answer.json)


def test_a_huge_password_is_refused_at_once(site):
    huge = "x" * 1_000_000
    assert site.admin.post("/api/v1/users", new_user(password=huge)).status in (400, 413)
    assert site.nobody().post("/api/v1/sessions", {"login": site.admin_email, "password": huge}).status in (400, 413)


def test_a_change_knows_whose_password_it_is(site):
    name = f"lighthouse{fresh('keeper')}".replace("-", "")
    user = site.user(email=f"{name}@example.org")
    own = site.login(user["email"])
    refused(own.post("/api/v1/users/me/password", {"current_password": USER_PASSWORD, "new_password": f"{name} example"}),
            400, "password.personal", "new_password")


def test_the_operator_decides(tmp_path):
    denied = tmp_path / "denied"
    denied.write_bytes(b"the old bridge of stone\r\n\xff\xff\nlast words of a poem")
    server = Server(tmp_path / "data", **{"password.deny_list": denied, "password.min_length": 8, "password.context_words": "foundry, works",
                                          "tokens.algorithm": "eddsa"}).start()
    try:
        api = Api(server.api)
        setup = {"setup_token": server.setup_token, "email": "root@example.org", "name": "Root"}
        refused(api.post("/api/v1/setup", {**setup, "password": "The Old Bridge of Stone"}), 400, "password.common", "password")
        refused(api.post("/api/v1/setup", {**setup, "password": "last words of a poem"}), 400, "password.common", "password")
        refused(api.post("/api/v1/setup", {**setup, "password": "foundry works"}), 400, "password.personal", "password")
        refused(api.post("/api/v1/setup", {**setup, "password": "k9$vQ"}), 400, "password.too_short", "password")
        api.must("POST", "/api/v1/setup", {**setup, "password": "k9$vQz2!"})
        assert api.must("POST", "/api/v1/sessions", {"login": "root@example.org", "password": "k9$vQz2!"})["access_token"]
    finally:
        assert server.stop() == 0


@pytest.mark.parametrize("algorithm, jwk", [("eddsa", {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA"}),
                                            ("rs256", {"kty": "RSA", "e": "AQAB", "alg": "RS256"})])
def test_tokens_are_signed_as_configured(tmp_path, algorithm, jwk):
    site = Site(tmp_path, with_broker=False, **{"tokens.algorithm": algorithm})
    try:
        session = site.session(site.admin_email, ADMIN_PASSWORD)
        header = json.loads(base64.urlsafe_b64decode(session["access_token"].split(".")[0] + "=="))
        (key,) = site.nobody().must("GET", "/.well-known/jwks.json")["keys"]
        assert jwk.items() <= key.items() and header["alg"] == key["alg"] and header["kid"] == key["kid"] and "d" not in key
        for _ in range(3):
            session = site.nobody().must("POST", "/api/v1/sessions/refresh", {"refresh_token": session["refresh_token"]})
            assert site.nobody().as_bearer(session["access_token"]).get("/api/v1/users/me").status == 200
        # The key stays when the configuration changes.
        assert site.server.stop() == 0
        site.server.options["tokens.algorithm"] = "es256"
        site.server.start()
        assert site.nobody().as_bearer(session["access_token"]).get("/api/v1/users/me").status == 200
        assert site.nobody().must("GET", "/.well-known/jwks.json")["keys"] == [key]
    finally:
        assert site.close() == 0
