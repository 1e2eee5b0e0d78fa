"""A data folder that an older version made: `data/first_schema` holds its database as SQL, and its key."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from rig.api import Api
from rig.server import Server
from rig.site import ADMIN_PASSWORD, USER_PASSWORD

MADE_BY_THE_FIRST = Path(__file__).parent / "data/first_schema"


@pytest.fixture
def server(tmp_path):
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    shutil.copy(MADE_BY_THE_FIRST / "master.key", data)
    (data / "master.key").chmod(0o600)
    with sqlite3.connect(data / "allauth.db") as database:
        database.executescript((MADE_BY_THE_FIRST / "allauth.sql").read_text())
    database.close()
    server = Server(data).start()
    yield server
    assert server.stop() == 0


def login(server, email, password=USER_PASSWORD):
    answer = Api(server.api).must("POST", "/api/v1/sessions", {"login": email, "password": password})
    return Api(server.api, token=answer["access_token"])


def revision(api, domain):
    return int(api.must("POST", "/api/v1/auth/check", {"permission": "read", "object": {"kind": "domain", "id": domain}})["revision"])


def test_the_built_in_roles_grant_what_is_new(server):
    people = {role: login(server, f"{role}@example.org") for role in ("owner", "admin", "member")}
    people["platform"] = login(server, "root@example.org", ADMIN_PASSWORD)
    domain = next(d["id"] for d in people["owner"].must("GET", "/api/v1/domains")["domains"] if d["route"] == "old-plant")
    client = people["member"].must("GET", "/api/v1/clients/old-client")
    assert (client["name"], client["group_id"]) == ("Client", "")
    assert Api(server.api).as_client("old-client", "the-key-of-the-old-client").get("/api/v1/domains").status == 200

    may_make = {"owner": 201, "admin": 201, "member": 403, "platform": 201}
    made = {who: api.post(f"/api/v1/domains/{domain}/groups", {"name": who}) for who, api in people.items()}
    assert {who: answer.status for who, answer in made.items()} == may_make
    group = made["admin"].json["id"]
    assert people["member"].get(f"/api/v1/groups/{group}").status == 200
    assert people["admin"].post("/api/v1/clients/old-client/move", {"group_id": group}).status == 200
    roles = {role["name"]: set(role["actions"]) for role in
             people["member"].must("GET", f"/api/v1/roles?scope_kind=domain&scope_id={domain}")["roles"]}
    assert "group_read" in roles["member"] < roles["admin"] < roles["owner"]
    assert people["owner"].post("/api/v1/roles", {"scope_kind": "client", "scope_id": "old-client", "name": "x"}).status == 201

    # A database of this version is not changed by another start.
    before = revision(people["owner"], domain)
    server.stop()
    server.start()
    assert revision(login(server, "owner@example.org"), domain) == before + 1  # the login
