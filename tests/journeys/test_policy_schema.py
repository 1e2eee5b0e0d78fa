"""Kinds of things of one's own: written, read, refused, kept."""

import pytest

from rig.api import refused
from rig.cli import Cli
from rig.directory import admin, site_options  # noqa: F401
from rig.site import ADMIN_PASSWORD

S = "/api/v1/policy/schema"
SHOP = """definition shop/order {
  relation buyer: user
  relation branch: domain
  permission view = buyer + branch->can_read
}
"""


@pytest.fixture
def schema(admin):
    """The path; afterwards there is no schema of one's own any more."""
    yield S
    admin.must("PUT", S, {"text": ""})


def test_life_of_a_schema(site, admin, schema):
    before = admin.must("GET", schema)
    assert before["text"] == "" and "definition domain {" in before["core"]
    written = admin.call("PUT", schema, json={"text": SHOP})
    assert written.status == 200 and written.json["text"] == SHOP and written.json["updated_by"] == site.admin_user["id"]
    assert written.headers["ETag"] == f'"{written.json["revision"]}"'
    assert admin.must("GET", schema) == written.json
    admin.must("PUT", schema, {"text": ""})
    assert admin.must("GET", schema)["text"] == ""


@pytest.mark.parametrize("text, reason, place", [
    ("definition shop/order {\n  relation buyer: usr\n}\n", "schema.type", "2:19: "),
    ("definition shop/order {\n  relation buyer user\n}\n", "schema.syntax", "2:18: "),
    ("\ndefinition order {}\n", "schema.own", "2:12: "),
    ("definition domain {}\n", "schema.own", "1:12: "),
    ("definition shop/order {\n  relation open: role#member from grants\n}\n", "schema.own", "2:12: "),
    ("// " + 70_000 * "x", "schema.limit", "1:1: "),
])
def test_mistakes_are_told_with_their_place(admin, schema, text, reason, place):
    answer = admin.call("PUT", schema, json={"text": text})
    refused(answer, 400, reason, "text")
    assert answer.json["detail"].startswith(place), answer
    assert admin.must("GET", schema)["text"] == ""


def test_the_text_cannot_be_forgotten(admin, schema):
    admin.must("PUT", schema, {"text": SHOP})
    for body in ({}, {"validate_only": True}, {"text": None}):
        assert admin.call("PUT", schema, json=body).status == 400
    refused(admin.call("PUT", schema, json={}), 400, "schema.text", "text")
    assert admin.must("GET", schema)["text"] == SHOP


def test_a_schema_is_tried_out_and_guarded_by_its_revision(admin, schema):
    odd = SHOP.replace("buyer: user", "shop_order: user").replace("= buyer", "= shop_order")
    tried = admin.must("PUT", schema, {"text": odd, "validate_only": True})
    assert tried["warnings"][0].startswith("2:12: ") and admin.must("GET", schema)["text"] == ""
    written = admin.must("PUT", schema, {"text": SHOP})
    stale = {"headers": {"If-Match": '"1"'}}
    refused(admin.call("PUT", schema, json={"text": ""}, **stale), 412, "revision.stale")
    current = {"headers": {"If-Match": f'"{written["revision"]}"'}}
    tried = {"text": odd, "validate_only": True}
    refused(admin.call("PUT", schema, json=tried, **stale), 412, "revision.stale")
    refused(admin.call("PUT", schema, json=tried, headers={"If-Match": '"x"'}), 400, "if_match.invalid", "If-Match")
    assert admin.call("PUT", schema, json=tried, **current).status == 200
    assert admin.call("PUT", schema, json={"text": odd}, **current).status == 200


def test_the_command_line_gets_and_writes_it(site, admin, schema, tmp_path):
    cli = Cli(tmp_path, f"http://127.0.0.1:{site.server.api}")
    cli.login(site.admin_email, ADMIN_PASSWORD)
    file = tmp_path / "own.schema"
    file.write_text(SHOP)
    assert "could be written" in cli.must("policy", "schema", "write", str(file), "--validate-only")
    assert cli.must("policy", "schema", "get") == ""
    assert "is written" in cli.must("policy", "schema", "write", str(file))
    assert cli.must("policy", "schema", "get") == SHOP
    revision = cli.json("policy", "schema", "get")["revision"]
    for more in ((), ("--validate-only",)):
        assert "It was changed since you read it" in cli.fails(1, "policy", "schema", "write", str(file), "--revision", "1", *more)
        cli.fails(2, "policy", "schema", "write", str(file), "--revision", "x", *more)
    assert "is written" in cli.must("policy", "schema", "write", str(file), "--revision", revision)
    assert "definition platform {" in cli.must("policy", "schema", "get", "--core")
    file.write_text("definition order {}")
    assert "1:12: " in cli.fails(1, "policy", "schema", "write", str(file))
    assert "cannot be read" in cli.fails(1, "policy", "schema", "write", str(tmp_path / "none"))


def test_a_schema_outlives_a_crash(site):
    written = site.admin.must("PUT", S, {"text": SHOP})
    site.server.kill()
    site.server.start()
    admin = site.admin_at(site.server)
    assert admin.must("GET", S) == written
