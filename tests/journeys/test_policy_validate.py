"""allauth policy validate: test files for schemas, without a server."""

import json
import os
from pathlib import Path

import pytest

from rig.server import run

ROOT = Path(__file__).resolve().parents[2]
SUITE = Path(os.environ.get("ALLAUTH_SUITES", ROOT.parent / "shared/suites")) / "spicedb/consistency"

SHOP = """\
schema: |-
  definition user {}
  definition order {
    relation buyer: user
    relation seller: user
    permission view = buyer + seller
  }
relationships: |-
  order:o1#buyer@user:bea
assertions:
  assertTrue: ["order:o1#view@user:bea"]
"""


def validate(*args, **more):
    return run("policy", "validate", *args, **more)


@pytest.fixture()
def shop(tmp_path):
    def write(text, name="shop.yaml"):
        (tmp_path / name).write_text(text)
        return tmp_path / name
    return write


def test_what_holds_is_counted(shop):
    file = shop(SHOP)
    done = validate(file)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{file}: good: 1 relationship, 1 assertion, 0 lists of holders\n"
    assert validate("-q", file).stdout == ""


def test_what_fails_is_told_by_its_place_and_explained(shop):
    file = shop(SHOP + "  assertFalse: ['order:o1#view@user:bea', 'order:o1#view@user:sid']\n"
                       "validation: {'order:o1#view': ['[user:sid] is <order:o1#seller>']}\n")
    done = validate(file)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == (
        f"{file}:12:18: failed: `order:o1#view@user:bea` is allowed, but should be denied\n"
        "    user bea may view order o1, by order#buyer\n"
        "    order o1 # buyer has user bea\n"
        f"{file}:13:15: failed: `order:o1#view` is held by others, too, who are not expected:\n"
        "    [user:bea] is <order:o1#buyer>\n"
        f"{file}:13:33: failed: `user:sid` does not hold `order:o1#view`, but should\n"
        "    user sid may not view order o1: it is not in order o1 # buyer, and it is not in order o1 # seller\n"
        "    it is not in order o1 # buyer\n"
        "    it is not in order o1 # seller\n"
        "    it would be enough that order o1 # buyer has user sid\n"
        f"{file}: not good: 1 of 3 assertions failed, 1 of 1 lists of holders failed\n")


def test_programs_get_json_of_all_files(shop):
    good, bad = shop(SHOP), shop(SHOP.replace("permission view = buyer", "permission view = buyers"), "bad.yaml")
    done = validate("--json", good, bad)
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["good"] is False and [file["good"] for file in report["files"]] == [True, False]
    assert report["files"][0]["assertions"] == {"all": 1, "failed": 0}
    finding, = report["files"][1]["findings"]
    assert (finding["kind"], finding["file"], finding["line"], finding["column"]) == ("mistake", str(bad), 6, 23)
    assert finding["reason"] == "schema.type" and "buyers" in finding["message"]


def test_standard_input_is_a_file(shop):
    done = validate("-", input=SHOP)
    assert (done.returncode, done.stdout[:8]) == (0, "-: good:")
    assert validate("-", "-", input=SHOP).returncode == 2
    assert validate().returncode == 2


def test_the_schema_may_lie_beside_the_file(shop):
    shop("definition user {}\ndefinition order {\n  relation buyer: users\n}\n", "shop.zed")
    file = shop("schemaFile: shop.zed\n")
    done = validate(file)
    assert done.returncode == 1
    assert done.stdout.startswith(f"{file.parent}/shop.zed:3:19: error: "), done.stdout
    for name in ("/etc/hostname", "../shop.zed"):
        done = validate(shop(f"schemaFile: {name}\n", "other.yaml"))
        assert done.returncode == 1 and "other.yaml:1:13: error:" in done.stdout, done.stdout
    assert "there is no such file" in validate(shop("schemaFile: none.zed\n", "other.yaml")).stdout


def test_what_cannot_be_read_is_one_of_several_files(shop, tmp_path):
    file = shop(SHOP)
    huge = tmp_path / "huge.yaml"
    with huge.open("w") as out:
        out.truncate(16 * 1024 * 1024 + 1)
    done = validate(tmp_path / "none.yaml", tmp_path, huge, shop("schema: 'one", "bad.yaml"), file)
    assert done.returncode == 1
    for said in ("none.yaml:1:1: error: there is no such file", "error: it is a folder",
                 "huge.yaml:1:1: error: it is longer than 16 MiB", "bad.yaml:1:13: error: ", "shop.yaml: good"):
        assert said in done.stdout, done.stdout


def test_the_products_own_schema_says_what_its_file_says():
    done = validate("--core", ROOT / "tests/validation/product.yaml")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_control_characters_do_not_reach_the_terminal(shop):
    done = validate(shop('schema: definition user {}\nrelationships: "\\e[2J"\n'))
    assert done.returncode == 1 and "\x1b" not in done.stdout


def test_the_suite_of_spicedb_is_good_or_needs_what_is_not_offered_yet():
    files = sorted(SUITE.glob("*.yaml*"))
    if not files:
        pytest.skip(f"no files in {SUITE}")
    report = json.loads(validate("--json", *files).stdout)["files"]
    assert sum(file["good"] for file in report) >= 25
    for file in report:
        assert file["good"] or file["findings"][0]["kind"] == "unavailable", file
