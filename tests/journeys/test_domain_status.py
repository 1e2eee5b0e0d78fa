"""Who may act in a domain that is disabled or frozen."""

import pytest

from rig.api import refused
from rig.directory import admin, site_options  # noqa: F401
from rig.site import fresh

OWNER, MEMBER = "owner", "member"


class Plant:
    """A domain with an owner, a member and a client."""

    def __init__(self, site, admin):
        self.site, self.admin = site, admin
        self.id = site.domain(route=fresh("plant"))["id"]
        self.path = f"/api/v1/domains/{self.id}"
        self.client = site.client(self.id)
        self.users = {role: site.user() for role in (OWNER, MEMBER)}
        self.apis = {role: site.login(user["email"]) for role, user in self.users.items()}
        for role, user in self.users.items():
            admin.must("POST", f"{self.path}/members", {"user_id": user["id"], "role": role})

    def may(self, role, permission):
        return self.apis[role].must("POST", "/api/v1/auth/check", {
            "permission": permission, "object": {"kind": "client", "id": self.client.id}})

    def authenticates(self):
        answer = self.admin.post("/api/v1/auth/authenticate", {"client_key": {"client_id": self.client.id, "key": self.client.key}})
        return answer.status == 200


@pytest.fixture
def plant(site, admin):  # noqa: F811
    return Plant(site, admin)


def test_disabled_is_for_those_who_may_enable(plant):
    owner, member = plant.apis[OWNER], plant.apis[MEMBER]
    assert plant.may(MEMBER, "read")["allowed"] and plant.authenticates()
    assert owner.must("POST", f"{plant.path}/disable")["status"] == "disabled"
    answer = plant.may(MEMBER, "read")
    assert (answer["allowed"], answer["rule"], answer["evidence"]) == (False, "closed", [f"domain {plant.id}"])
    refused(member.get(plant.path), 403, "gate.closed")
    refused(member.get(f"{plant.path}/clients"), 403, "gate.closed")
    why = member.must("POST", "/api/v1/auth/explain", {"permission": "read", "object": {"kind": "client", "id": plant.client.id}})
    assert f"domain {plant.id} is disabled" in why["text"]
    assert not plant.authenticates()
    assert plant.may(OWNER, "update")["allowed"]
    owner.must("PATCH", plant.path, {"name": "still mine"})
    assert owner.must("POST", f"{plant.path}/enable")["status"] == "enabled"
    assert plant.may(MEMBER, "read")["allowed"] and plant.authenticates()
    member.must("GET", plant.path)


def test_frozen_is_for_those_who_administer_the_platform(plant):
    owner = plant.apis[OWNER]
    refused(owner.post(f"{plant.path}/freeze"), 403, "gate.denied")
    assert plant.admin.must("POST", f"{plant.path}/freeze")["status"] == "frozen"
    for call in (lambda: owner.get(plant.path), lambda: owner.post(f"{plant.path}/enable"), lambda: owner.post(f"{plant.path}/disable"),
                 lambda: owner.delete(f"{plant.path}?force=true"), lambda: owner.get(f"/api/v1/clients/{plant.client.id}")):
        refused(call(), 403, "gate.closed")
    assert plant.may(OWNER, "read")["rule"] == "closed" and not plant.authenticates()
    frozen = plant.admin.must("GET", "/api/v1/domains?status=frozen")["domains"]
    assert plant.id in [domain["id"] for domain in frozen]
    plant.admin.must("PATCH", plant.path, {"name": "looked after"})
    assert plant.admin.must("POST", f"{plant.path}/disable")["status"] == "disabled"
    assert plant.may(OWNER, "read")["allowed"]
    assert owner.must("POST", f"{plant.path}/enable")["status"] == "enabled"


def test_whoever_may_only_enable_enables_what_is_disabled(site, admin, plant):  # noqa: F811
    user = site.user()
    site.role("platform", "main", ["domain_enable", "domain_read"], [("user", user["id"])])
    keeper = site.login(user["email"])
    keeper.must("POST", f"{plant.path}/disable")
    keeper.must("POST", f"{plant.path}/enable")
    refused(keeper.post(f"{plant.path}/freeze"), 403, "gate.denied")
    admin.must("POST", f"{plant.path}/freeze")
    refused(keeper.post(f"{plant.path}/enable"), 403, "gate.closed")
    admin.must("POST", f"{plant.path}/enable")
