"""Secrets stay where they belong, and what callers send does not become a metric."""

import base64
import re
from http.client import HTTPException

import pytest

from rig.api import Api
from rig.http import RawHttp
from rig.mqtt import RawClient, connect_packet, publish_packet
from rig.server import run
from rig.site import ADMIN_PASSWORD, USER_PASSWORD, Site, fresh

PASSWORD = "canary-password-3f9a1c-of-a-user"
WRONG_PASSWORD = "canary-password-77e0d2-that-is-wrong"
NEW_PASSWORD = "canary-password-5b2c18-that-is-new"
GIVEN_KEY = "canary-key-0a61f3-given"
WRONG_KEY = "canary-key-c49be7-wrong"
WRONG_TOKEN = "canary-token-e81d55-wrong"


@pytest.mark.parametrize("log_format", ["human", "json"])
def test_secrets_are_in_no_log_metric_or_error(tmp_path, log_format):
    site = Site(tmp_path, **{"log.level": "debug", "log.format": log_format})
    secrets = {PASSWORD, WRONG_PASSWORD, NEW_PASSWORD, GIVEN_KEY, WRONG_KEY, WRONG_TOKEN, ADMIN_PASSWORD, USER_PASSWORD,
               site.setup_token, site.admin.token, site.admin.token.split(".")[2]}
    errors = []

    def note(answer):
        if answer.status >= 400:
            errors.append(answer.body.decode("utf-8", "replace") + repr(answer.headers.items()))
        return answer

    try:
        nobody = site.nobody()
        note(nobody.post("/api/v1/setup", {"setup_token": site.setup_token, "email": "x@example.org", "name": "X",
                                           "password": PASSWORD}))
        note(nobody.post("/api/v1/setup", {"setup_token": WRONG_TOKEN, "email": "x", "name": "X", "password": PASSWORD}))
        user = site.user(password=PASSWORD)
        note(site.admin.post("/api/v1/users", {"email": user["email"], "name": "X", "password": PASSWORD}))
        note(site.admin.post("/api/v1/users", {"email": "y@example.org", "name": "", "password": PASSWORD}))
        note(site.admin.post("/api/v1/users", {"email": "y@example.org", "name": "x", "password": PASSWORD[:14]}))
        note(site.admin.post("/api/v1/users", {"email": "y@example.org", "name": "x", "pasword": PASSWORD}))
        note(site.admin.call("POST", "/api/v1/users", body='{"password":"%s","password":"%s"}' % (PASSWORD, WRONG_PASSWORD)))
        note(site.admin.call("POST", "/api/v1/users", body='{"password":"%s"' % PASSWORD))
        # The name of an unknown member comes back to its sender, but must not be logged.
        site.admin.call("POST", "/api/v1/users", body='{"%s":1}' % PASSWORD)
        note(site.admin.call("POST", "/api/v1/sessions", body='{"login":"%s","password":["%s"]}' % (PASSWORD, PASSWORD)))
        note(nobody.post("/api/v1/sessions", {"login": user["email"], "password": WRONG_PASSWORD}))
        session = site.session(user["email"], PASSWORD)
        refreshed = nobody.must("POST", "/api/v1/sessions/refresh", {"refresh_token": session["refresh_token"]})
        third = nobody.must("POST", "/api/v1/sessions/refresh", {"refresh_token": refreshed["refresh_token"]})
        for made in (session, refreshed, third):
            secrets |= {made["access_token"], made["refresh_token"], made["access_token"].split(".")[2],
                        made["refresh_token"].split(".")[3]}
        own = nobody.as_bearer(third["access_token"])
        note(own.post("/api/v1/users/me/password", {"current_password": WRONG_PASSWORD, "new_password": NEW_PASSWORD}))
        note(own.post("/api/v1/users/me/password", {"current_password": PASSWORD, "new_password": "short"}))
        note(own.post("/api/v1/users/me/password", {"current_password": PASSWORD, "new_password": NEW_PASSWORD}))
        note(nobody.post("/api/v1/sessions/refresh", {"refresh_token": session["refresh_token"]}))
        note(nobody.post("/api/v1/sessions/refresh", {"refresh_token": WRONG_TOKEN}))
        note(own.get("/api/v1/users/me"))
        for header in (f"Bearer {WRONG_TOKEN}", f"Basic {WRONG_TOKEN}", f"{WRONG_TOKEN}", f"Bearer {site.admin.token}x",
                       "Basic " + base64.b64encode(f"someone:{WRONG_KEY}".encode()).decode()):
            note(nobody.get("/api/v1/users/me", headers={"Authorization": header}))
        note(nobody.get(f"/api/v1/users/me?access_token={WRONG_TOKEN}"))
        note(nobody.get(f"/api/v1/users/me?{WRONG_TOKEN}=1"))
        note(site.admin.get(f"/api/v1/users?page_token={WRONG_TOKEN}"))

        domain = site.domain()["id"]
        channel = site.channel(domain)["id"]
        client = site.client(domain, key=GIVEN_KEY)
        made_key = site.admin.must("POST", f"/api/v1/clients/{client.id}/keys", {})["key"]
        secrets.add(made_key)
        note(site.admin.post(f"/api/v1/clients/{client.id}/keys", {"key": GIVEN_KEY}))
        note(site.admin.post(f"/api/v1/clients/{client.id}/keys", {"key": GIVEN_KEY + " with spaces"}))
        for path in (f"/api/v1/clients/{client.id}/keys", f"/api/v1/clients/{client.id}", f"/api/v1/domains/{domain}/clients"):
            shown = site.admin.get(path).body.decode()
            assert GIVEN_KEY not in shown and made_key not in shown
        for credential in ({"access_token": WRONG_TOKEN}, {"password": {"login": user["email"], "password": WRONG_PASSWORD}},
                           {"client_key": {"client_id": client.id, "key": WRONG_KEY}}):
            note(site.admin.post("/api/v1/auth/authenticate", credential))
        note(nobody.as_client(client.id, WRONG_KEY).get("/api/v1/users/me"))
        site.connect(client.id, channel)
        for version in (4, 5):
            with RawClient(site.server.mqtt, version).login(client) as device:
                device.publish(f"m/{domain}/c/{channel}", b"canary-payload-1d07", qos=1)
                device.publish(f"m/{domain}/c/denied", b"canary-payload-1d07", qos=1)
                device.subscribe("canary/filter")
                device.send(b"\x00\x00" + WRONG_KEY.encode())
            with RawClient(site.server.mqtt, version) as device:
                device.connect(client.id, client.id, WRONG_KEY)
            with RawClient(site.server.mqtt, version) as device:
                device.send(connect_packet(version, "device", client.id, WRONG_KEY) + WRONG_KEY.encode())
                device.expect_end()
        secrets.add("canary-payload-1d07")
        site.server.stop()
        assert run("admin", "reset", "--data_dir", site.server.data_dir).returncode == 0
        site.server.start()
        metrics = site.metrics()
    finally:
        site.close()
    log = site.server.log()
    assert len(errors) > 20
    for secret in secrets:
        for name, text in (("log", log), ("metrics", metrics), ("an error", "\n".join(errors)), ("the broker's log", site.broker.log())):
            assert secret not in text, f"{secret} in {name}"
    assert "eyJ" not in log and "$argon2" not in log and "$argon2" not in "".join(errors)
    stored = b"".join(file.read_bytes() for file in site.server.data_dir.iterdir() if file.is_file())
    for secret in secrets:
        assert secret.encode() not in stored, f"{secret} in the data folder"


@pytest.fixture(scope="module")
def site_options():
    return {"log.level": "debug"}


def series(text):
    return {line.rsplit(" ", 1)[0] for line in text.splitlines() if line and not line.startswith("#")}


def test_metrics_do_not_grow_with_what_callers_send(site):
    domain = site.domain()["id"]
    client = site.client(domain)

    def noise(tag):
        for path in (f"/{tag}", f"/api/v1/{tag}", f"/api/v1/users/{tag}", f"/api/v1/domains/{tag}/clients/{tag}", f"/?{tag}={tag}"):
            for method in ("GET", "POST", "BREW", tag.upper()):
                try:
                    site.admin.call(method, path)
                except (HTTPException, OSError):
                    pass
        site.nobody().post("/api/v1/sessions", {"login": tag, "password": tag})
        with RawHttp(site.server.api) as peer:
            peer.send(f"{tag} {tag} {tag}\r\n\r\n")
            peer.answer()
        for version in (4, 5):
            with RawClient(site.server.mqtt, version) as device:
                device.connect(tag, tag, tag)
            with RawClient(site.server.mqtt, version).login(client, mqtt_id=tag) as device:
                device.send(publish_packet(version, tag, tag.encode()))
                device.subscribe(tag)

    noise("warm-up")
    before = series(site.metrics())
    for _ in range(30):
        noise(fresh("canary-label"))
    after = series(site.metrics())
    assert not any("canary-label" in line.lower() for line in after)
    assert after == before
    assert len(after) < 5000, "methods, codes and buckets are fixed lists"


def test_metrics_are_well_formed_and_count(site):
    def count():
        found = re.search(r'^allauth_requests_total\{method="allauth\.v1\.UserService\.GetUser",code="ok"\} (\d+)', site.metrics(), re.M)
        return int(found.group(1)) if found else 0
    before = count()
    for _ in range(3):
        site.admin.must("GET", "/api/v1/users/me")
    assert count() == before + 3
    names = set()
    for line in site.metrics().splitlines():
        if line.startswith("# TYPE"):
            assert line.split()[2] not in names, line
            names.add(line.split()[2])
            continue
        assert line.startswith("#") or re.fullmatch(r'[a-z_:][a-z0-9_:]*(\{[a-z_]+="[^"\n]*"(,[a-z_]+="[^"\n]*")*\})? [-+0-9.eE]+|.* (\+Inf|NaN)', line), line
    assert len(names) >= 5


def test_line_breaks_of_callers_do_not_forge_log_lines(site):
    marker = fresh("forged")
    site.nobody().post("/api/v1/sessions", {"login": f"x\n2026-01-01T00:00:00.000Z error {marker}\r\n", "password": "x"})
    domain = site.domain()["id"]
    client = site.client(domain)
    with RawClient(site.server.mqtt, 5) as device:
        device.connect(f"id\n{marker}", "x", "x")
    with RawClient(site.server.mqtt, 5).login(client) as device:
        device.publish(f"m/{domain}/c/x\u00a0{marker}", b"x", qos=1)
    for line in site.server.log().splitlines():
        assert not line.startswith(f"2026-01-01T00:00:00.000Z error {marker}")
        assert not line.startswith(marker)


def test_an_internal_name_is_not_shown_in_errors(site):
    for answer in (site.admin.get("/api/v1/users/x"), site.admin.post("/api/v1/domains", {"name": ""}),
                   Api(site.server.api).get("/api/v1/users/me")):
        for word in ("SELECT", "sqlite", "std::", ".cc", "allauth::", "/work", "argon2"):
            assert word not in answer.body.decode()
