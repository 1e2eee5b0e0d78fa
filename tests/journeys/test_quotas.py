"""A domain holds what it may and no more, whoever asks for it in whichever way."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from rig.api import Api, refused
from rig.server import Server, flags, run
from rig.site import ADMIN_PASSWORD, USER_PASSWORD, Site


@pytest.fixture
def site(tmp_path, engine):
    made = Site(tmp_path, with_broker=False, **{"quotas.channels": 3, "quotas.domains_per_user": 8, **engine.options})
    yield made
    made.close()


def usage(api, domain, what):
    return api.must("GET", f"/api/v1/domains/{domain}/usage")[what]


def test_a_quota_is_exact_however_many_ask_at_once(site):
    domain = site.domain()["id"]
    site.admin.must("PATCH", f"/api/v1/domains/{domain}/quotas", {"clients": 20})
    with ThreadPoolExecutor(12) as many:
        answers = list(many.map(lambda _: site.admin.post(f"/api/v1/domains/{domain}/clients", {"name": "x"}), range(40)))
    assert sorted(answer.status for answer in answers) == [201] * 20 + [409] * 20
    one = next(answer for answer in answers if answer.status == 409)
    refused(one, 409, "quota.clients")
    assert "20 of at most 20 clients" in one.json["detail"]
    assert usage(site.admin, domain, "clients") == {"used": 20, "quota": 20, "own_quota": True}
    assert usage(site.admin, domain, "client_keys")["used"] == 20
    gone = site.admin.must("GET", f"/api/v1/domains/{domain}/clients")["clients"][0]["id"]
    site.admin.must("DELETE", f"/api/v1/clients/{gone}")
    site.client(domain)
    refused(site.admin.post(f"/api/v1/domains/{domain}/clients", {"name": "x"}), 409, "quota.clients")


def test_quotas_are_set_by_administrators_of_the_platform_and_seen_by_who_sees_the_domain(site):
    domain = site.domain()["id"]
    user, stranger = site.user(), site.user()
    site.admin.must("POST", f"/api/v1/domains/{domain}/members", {"user_id": user["id"], "role": "owner"})
    owner, outsider = site.login(user["email"], USER_PASSWORD), site.login(stranger["email"], USER_PASSWORD)
    assert usage(owner, domain, "members") == {"used": 2, "quota": 100000, "own_quota": False}
    assert owner.patch(f"/api/v1/domains/{domain}/quotas", {"clients": 5}).status in (403, 404)
    assert outsider.get(f"/api/v1/domains/{domain}/usage").status == 404
    for _ in range(3):
        site.channel(domain, by=owner)
    refused(owner.post(f"/api/v1/domains/{domain}/channels", {"name": "x"}), 409, "quota.channels")
    site.admin.must("PATCH", f"/api/v1/domains/{domain}/quotas", {"channels": 0})
    site.channel(domain, by=owner)
    site.admin.must("PATCH", f"/api/v1/domains/{domain}/quotas", {"reset": ["channels"]})
    refused(owner.post(f"/api/v1/domains/{domain}/channels", {"name": "x"}), 409, "quota.channels")
    assert usage(owner, domain, "channels") == {"used": 4, "quota": 3, "own_quota": False}
    refused(site.admin.patch(f"/api/v1/domains/{domain}/quotas", {"reset": ["bicycles"]}), 400, "quota.unknown")
    refused(site.admin.patch(f"/api/v1/domains/{domain}/quotas", {"clients": 1, "reset": ["clients"]}), 400, "quota.twice")


def test_a_forced_delete_gives_back_what_it_takes_away_and_a_restart_forgets_nothing(site):
    domain, other = site.domain()["id"], site.domain()["id"]
    group = site.group(domain)["id"]
    channel = site.channel(domain)["id"]
    for _ in range(3):
        client = site.client(domain, group_id=group)
        site.connect(client.id, channel)
    site.connect_group(group, channel)
    site.role("client", client.id, ["read"])
    site.role("group", group, ["read"])
    before = site.admin.must("GET", f"/api/v1/domains/{domain}/usage")
    assert {what: part["used"] for what, part in before.items()} == {
        "members": 1, "clients": 3, "channels": 1, "groups": 1, "roles": 5, "connections": 4, "client_keys": 3}
    site.admin.must("DELETE", f"/api/v1/clients/{client.id}")
    site.admin.must("DELETE", f"/api/v1/groups/{group}?force=true")
    after = site.admin.must("GET", f"/api/v1/domains/{domain}/usage")
    assert {what: part["used"] for what, part in after.items()} == {
        "members": 1, "clients": 2, "channels": 1, "groups": 0, "roles": 3, "connections": 2, "client_keys": 2}
    site.server.kill()
    site.server.start()
    site.admin = site.login(site.admin_email, ADMIN_PASSWORD)
    assert site.admin.must("GET", f"/api/v1/domains/{domain}/usage") == after
    site.admin.must("DELETE", f"/api/v1/domains/{domain}?force=true")
    assert usage(site.admin, other, "clients")["used"] == 0


def test_one_user_makes_so_many_domains(site):
    for _ in range(8):
        site.domain()
    refused(site.admin.post("/api/v1/domains", {"name": "One more"}), 409, "quota.domains")


def test_a_restored_directory_knows_what_it_holds(site, tmp_path, target):
    domain = site.domain()["id"]
    site.admin.must("PATCH", f"/api/v1/domains/{domain}/quotas", {"clients": 2})
    for _ in range(2):
        site.client(domain)
    before = site.admin.must("GET", f"/api/v1/domains/{domain}/usage")
    file, restored = tmp_path / "backup.aab", tmp_path / "restored"
    for command, data, options in (("backup", site.server.data_dir, site.server.options), ("restore", restored, target.options)):
        stored = {name: value for name, value in options.items() if name.startswith("store.url")}
        done = run(command, file, *flags({"data_dir": data, **stored}))
        assert done.returncode == 0, done.stderr
    shutil.copy(site.server.data_dir / "master.key", restored)
    server = Server(restored, **{"quotas.channels": 3, **target.options}).start()
    try:
        nobody = Api(server.api)
        session = nobody.must("POST", "/api/v1/sessions", {"login": site.admin_email, "password": ADMIN_PASSWORD})
        admin = nobody.as_bearer(session["access_token"])
        assert admin.must("GET", f"/api/v1/domains/{domain}/usage") == before
        refused(admin.post(f"/api/v1/domains/{domain}/clients", {"name": "x"}), 409, "quota.clients")
    finally:
        server.stop()
