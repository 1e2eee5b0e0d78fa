"""Relationships of the installation's own kinds over the API and the command line: written, listed, deleted, and what
questions make of them."""

import json
import random
import threading

import pytest

from rig.api import refused
from rig.cli import Cli
from rig.directory import admin, home, site_options  # noqa: F401
from rig.site import ADMIN_PASSWORD, fresh
from test_watch import Watch

SCHEMA = """
definition shop/document {
  relation viewer: user | shop/team#member
  relation reader: user:*
  relation parent: shop/document
  permission view = viewer + reader + parent->view
}
definition shop/team {
  relation member: user
}
"""
PATH = "/api/v1/policy/relationships"


@pytest.fixture(scope="module")
def shop(site):
    site.admin.must("PUT", "/api/v1/policy/schema", {"text": SCHEMA})
    return site.admin


def ref(text):
    kind, thing = text.split(":", 1)
    return {"kind": kind, "id": thing}


def related(text):
    resource, rest = text.split("#", 1)
    relation, subject = rest.split("@", 1)
    subject, _, held_by = subject.partition("#")
    return {"resource": ref(resource), "relation": relation, "subject": ref(subject), "subject_relation": held_by}


def text_of(one):
    held_by = "#" + one["subject_relation"] if one["subject_relation"] else ""
    resource, subject = one["resource"], one["subject"]
    return f"{resource['kind']}:{resource['id']}#{one['relation']}@{subject['kind']}:{subject['id']}{held_by}"


def write(api, *texts, operation="touch", **more):
    updates = [{"operation": operation, "relationship": related(text)} for text in texts]
    return api.post(f"{PATH}/write", {"updates": updates, **more})


def listed(api, query):
    """The texts of all pages."""
    texts, token = [], ""
    while True:
        page = api.must("GET", f"{PATH}?{query}&page_size=7&page_token={token}")
        texts += [text_of(one) for one in page["relationships"]]
        token = page["next_page_token"]
        if not token:
            return texts


def may_view(api, user, document, **more):
    question = {"subject": {"kind": "user", "id": user}, "permission": "view",
                "object": {"kind": "shop/document", "id": document}}
    return api.must("POST", "/api/v1/auth/check", question, **more)


def test_a_question_is_answered_by_what_was_just_written(site, shop):
    user, team, document = site.user()["id"], fresh("team"), fresh("doc")
    answer = write(shop, f"shop/document:{document}#viewer@shop/team:{team}#member", f"shop/team:{team}#member@user:{user}")
    assert answer.status == 200 and answer.json["written"] == 2, answer
    check = may_view(shop, user, document, headers={"Allauth-At-Least": answer.json["revision"]})
    assert check["allowed"] and int(check["revision"]) >= int(answer.json["revision"])
    own = site.login(shop.must("GET", f"/api/v1/users/{user}")["email"])
    question = {"permission": "view", "object": {"kind": "shop/document", "id": document}}
    assert own.must("POST", "/api/v1/auth/check", question)["allowed"]
    gone = write(shop, f"shop/team:{team}#member@user:{user}", operation="delete")
    assert gone.json["deleted"] == 1
    assert not may_view(shop, user, document)["allowed"], "revoked at once"
    assert not own.must("POST", "/api/v1/auth/check", question)["allowed"]


def test_all_or_none_with_preconditions(shop):
    team = fresh("team")
    first, second = f"shop/team:{team}#member@user:a", f"shop/team:{team}#member@user:b"
    none_yet = [{"filter": {"resource_kind": "shop/team", "resource_id": team}, "must_not_match": True}]
    assert write(shop, first, operation="create", preconditions=none_yet).status == 200
    refused(write(shop, second, preconditions=none_yet), 409, "policy.precondition.failed", "preconditions[0]")
    refused(write(shop, second, first, operation="create"), 409, "policy.relationship.exists", "updates[1]")
    assert listed(shop, f"resource_kind=shop/team&resource_id={team}") == [first]


@pytest.mark.parametrize("text, reason", [
    ("shop/paper:d1#viewer@user:u1", "policy.kind.unknown"),
    ("domain:d1#platform@platform:main", "policy.relationship.managed"),
    ("shop/document:d1#view@user:u1", "policy.relation.computed"),
    ("shop/document:d1#owner@user:u1", "policy.relation.unknown"),
    ("shop/document:d1#viewer@user:*", "policy.subject.forbidden"),
    ("shop/document:d1#viewer@client:c1", "policy.subject.forbidden"),
    ("shop/document:*#viewer@user:u1", "policy.id.invalid"),
    ("shop/document:" + "x" * 100_000 + "#viewer@user:u1", "policy.id.invalid"),
    ("shop/document:d1#" + "x" * 100_000 + "@user:u1", "policy.name.invalid"),
])
def test_what_the_schema_does_not_allow_is_refused(shop, text, reason):
    answer = write(shop, text)
    refused(answer, 400, reason)
    assert len(answer.body) < 2000


def test_a_request_has_its_bounds(shop):
    team = fresh("team")
    texts = [f"shop/team:{team}#member@user:u{i}" for i in range(1001)]
    refused(write(shop, *texts), 400, "policy.updates.count", "updates")
    refused(write(shop), 400, "policy.updates.count", "updates")
    refused(write(shop, texts[0], texts[0]), 400, "policy.relationship.repeated", "updates[1]")
    everything = {"filter": {"resource_kind": "shop/team"}}
    refused(write(shop, texts[0], preconditions=[everything] * 1001), 400, "policy.preconditions.count", "preconditions")
    assert write(shop, *texts[:1000]).json["written"] == 1000
    deletion = {"filter": {"resource_kind": "shop/team", "resource_id": team}, "limit": 999}
    refused(shop.post(f"{PATH}/delete", deletion), 409, "policy.delete.more", "limit")
    refused(shop.post(f"{PATH}/delete", {**deletion, "limit": 10_001}), 400, "policy.delete.limit", "limit")
    part = shop.must("POST", f"{PATH}/delete", {**deletion, "partial": True})
    assert part["deleted"] == 999 and part["more"]
    assert shop.must("POST", f"{PATH}/delete", deletion)["deleted"] == 1


def test_lists_are_exact_however_they_are_asked_for(shop):
    rnd, kind = random.Random(5), "shop/document"
    prefix = fresh("doc")
    texts = {f"{kind}:{prefix}{rnd.randrange(9)}#viewer@user:{prefix}{rnd.randrange(9)}" for _ in range(60)}
    assert write(shop, *texts).status == 200
    by = lambda text: (related(text)["resource"]["id"], text)  # noqa: E731
    assert listed(shop, f"resource_kind={kind}&resource_id_prefix={prefix}") == sorted(texts, key=by)
    for i in range(3):
        mine = sorted((t for t in texts if t.endswith(f"@user:{prefix}{i}")), key=by)
        query = f"resource_kind={kind}&subject_kind=user&subject_id={prefix}{i}"
        assert listed(shop, query) == mine
        page = shop.must("GET", f"{PATH}?{query}&offset=1&page_size=3")
        assert page["total_size"] == len(mine) and [text_of(one) for one in page["relationships"]] == mine[1:4]
    refused(shop.get(f"{PATH}?resource_kind=domain"), 400, "policy.filter.object")
    refused(shop.get(f"{PATH}?resource_kind={kind}&subject_id=u1"), 400, "policy.filter.invalid")
    refused(shop.get(PATH), 400, "policy.filter.kind")


def test_what_the_directory_says_is_told_as_relationships(site, shop, home):
    client, channel = site.client(home).id, site.channel(home)["id"]
    site.connect(client, channel, "publish")
    expected = [f"channel:{channel}#domain@domain:{home}", f"channel:{channel}#publisher@client:{client}"]
    assert listed(shop, f"resource_kind=channel&resource_id={channel}") == expected
    assert listed(shop, f"resource_kind=channel&subject_kind=client&subject_id={client}") == expected[1:]
    refused(write(shop, f"channel:{channel}#subscriber@client:{client}"), 400, "policy.relationship.managed")


def test_writing_takes_the_right_to(site, shop):
    user = site.user()
    api = site.login(user["email"])
    role = site.role("platform", "main", ["policy_read"])["id"]
    refused(write(api, "shop/team:t1#member@user:u1"), 403, "gate.denied")
    shop.must("POST", f"/api/v1/roles/{role}/members", {"members": [{"kind": "user", "id": user["id"]}]})
    assert api.get(f"{PATH}?resource_kind=shop/team").status == 200
    refused(write(api, "shop/team:t1#member@user:u1"), 403, "gate.denied")
    refused(api.post(f"{PATH}/delete", {"filter": {"resource_kind": "shop/team"}}), 403, "gate.denied")
    shop.must("PATCH", f"/api/v1/roles/{role}", {"actions": ["policy_write"]})
    assert write(api, "shop/team:t1#member@user:u1").status == 200
    assert api.get(f"{PATH}?resource_kind=shop/team").status == 200


def test_questions_bring_relationships_of_their_own(site, shop, home):
    team, document, user = fresh("team"), fresh("doc"), site.user()
    assert write(shop, f"shop/document:{document}#viewer@shop/team:{team}#member").status == 200
    question = {"subject": {"kind": "user", "id": user["id"]}, "permission": "view",
                "object": {"kind": "shop/document", "id": document}}
    brought = {"context": {"relationships": [related(f"shop/team:{team}#member@user:{user['id']}")]}}
    check = "/api/v1/auth/check"
    assert not shop.must("POST", check, question)["allowed"]
    assert shop.must("POST", check, {**question, **brought})["allowed"]
    assert shop.must("POST", "/api/v1/auth/explain", {**question, **brought})["allowed"]
    answers = shop.must("POST", f"{check}/batch", {"checks": [question, {**question, **brought}, question]})["results"]
    assert [answer["allowed"] for answer in answers] == [False, True, False]
    team_asks = {"subject": {"kind": "shop/team", "id": team}, "subject_relation": "member", "permission": "view",
                 "object": question["object"]}
    assert shop.must("POST", check, team_asks)["allowed"]

    managed = {"context": {"relationships": [related(f"domain:{home}#platform@platform:main")]}}
    refused(shop.post(check, {**question, **managed}), 400, "policy.relationship.managed", "context.relationships")
    wrong = {"context": {"relationships": [related(f"shop/team:{team}#member@user:{'x' * 2000}")]}}
    refused(shop.post(check, {**question, **wrong}), 400, "policy.id.invalid", "context.relationships[0].subject.id")
    many = {"context": {"relationships": brought["context"]["relationships"] * 101}}
    refused(shop.post(check, {**question, **many}), 400, "policy.context.limit", "context.relationships")
    refused(shop.post(check, {"subject_relation": "member", "permission": "view", "object": question["object"]}), 400,
            "question.subject_relation", "subject_relation")

    own = site.login(user["email"])
    mine = {name: value for name, value in question.items() if name != "subject"}
    assert not own.must("POST", check, mine)["allowed"]
    for asked in ({**mine, **brought}, team_asks):
        refused(own.post(check, asked), 403, "question.subject", "subject")


def test_long_ids_are_found_as_they_are_written(site, shop):
    team, document, user = fresh("t" * 200), fresh("d" * 900), site.user()["id"]
    assert write(shop, f"shop/team:{team}#member@user:{user}", f"shop/document:{document}#viewer@shop/team:{team}#member").status == 200
    thing, holders = ref(f"shop/document:{document}"), {"subject": ref(f"shop/team:{team}"), "subject_relation": "member"}
    assert shop.must("POST", "/api/v1/auth/check", {**holders, "permission": "view", "object": thing})["allowed"]
    lookup = "/api/v1/policy/lookup"
    reached = shop.must("POST", f"{lookup}/resources", {**holders, "permission": "view", "object_kind": "shop/document"})["objects"]
    assert [one["id"] for one in reached] == [document]
    asked = {"object": thing, "permission": "view", "subject_kind": "user"}
    assert shop.must("POST", f"{lookup}/subjects", asked)["ids"] == [user]
    asked.update(subject_kind="shop/team", subject_relation="member")
    assert shop.must("POST", f"{lookup}/subjects", asked)["ids"] == [team]
    nodes = shop.must("POST", "/api/v1/policy/expand", {"object": thing, "permission": "view"})["nodes"]
    assert nodes[0]["object"] == thing
    asked["object"] = ref(f"shop/document:{document}{document}")
    refused(shop.post(f"{lookup}/subjects", asked), 400, "policy.id.invalid", "object.id")
    refused(shop.post("/api/v1/policy/expand", {"object": ref("shop//document:d1"), "permission": "view"}), 400, "policy.name.invalid",
            "object.kind")


def test_who_watches_is_told(site, shop, request):
    watching = Watch(shop)
    request.addfinalizer(watching.close)
    team = fresh("team")
    revision = write(shop, f"shop/team:{team}#member@user:u1", f"shop/team:{team}#member@user:u2").json["revision"]
    while (event := watching.event())["revision"] != revision:
        pass
    assert event["what"] == "relationships.written"
    assert (event["target_kind"], event["target_id"]) == ("relationships", "2 written, 0 deleted")


def test_writers_at_the_same_time_lose_nothing(shop):
    team, failures = fresh("team"), []

    def work(me):
        for i in range(10):
            answer = write(shop, f"shop/team:{team}#member@user:w{me}-{i}", operation="create")
            if answer.status != 200:
                failures.append(answer)

    threads = [threading.Thread(target=work, args=(me,)) for me in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not failures
    assert len(listed(shop, f"resource_kind=shop/team&resource_id={team}")) == 80


def test_the_command_line(site, shop, tmp_path):
    cli = Cli(tmp_path, f"http://127.0.0.1:{site.server.api}")
    cli.login(site.admin_email, ADMIN_PASSWORD)
    team = fresh("team")
    texts = [f"shop/team:{team}#member@user:u{i}" for i in range(3)]
    assert "2 written" in cli.must("policy", "relationships", "write", *texts[:2])
    assert "1 written" in cli.must("policy", "relationships", "write", input="// one more\n" + "\n".join(texts) + "\n")
    assert cli.must("policy", "relationships", "list", "shop/team", "--id", team).split() == texts
    assert cli.must("policy", "relationships", "list", "shop/team", "--id", team, "--subject", "user:u1").split() == texts[1:2]
    assert "there already" in cli("policy", "relationships", "write", "--create", texts[0]).stderr
    assert "is no relationship" in cli.fails(2, "policy", "relationships", "write", "d1 viewer u1")
    cli.must("policy", "relationships", "write", "--delete", texts[0])
    answer = json.loads(cli.must("policy", "relationships", "delete", "shop/team", "--id", team, "--json"))
    assert answer["deleted"] == 2 and answer["more"] is False


def test_they_survive_a_stop_without_warning(site, shop):
    document = fresh("doc")
    assert write(shop, f"shop/document:{document}#reader@user:*").status == 200
    site.server.kill()
    site.server.start()
    assert may_view(site.admin_at(site.server), "anybody", document)["allowed"]
