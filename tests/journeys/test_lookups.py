"""What somebody may reach, who may do something, and what a permission says: the look-ups of the policy."""

import pytest
from rig.api import refused
from rig.directory import admin, home, site_options  # noqa: F401

RESOURCES, SUBJECTS, EXPAND = (f"/api/v1/policy/{what}" for what in ("lookup/resources", "lookup/subjects", "expand"))


@pytest.fixture
def plant(site, home):
    """A domain with five channels, of which a client may publish to three and one group of clients to one more."""
    channels = sorted(site.channel(home)["id"] for _ in range(5))
    client = site.client(home).id
    for channel in channels[:3]:
        site.connect(client, channel, "publish")
    return {"domain": home, "channels": channels, "client": client}


def reach(api, plant, **more):
    return api.post(RESOURCES, {"subject": {"kind": "client", "id": plant["client"]}, "permission": "publish",
                                "object_kind": "channel", **more})


def test_objects_are_listed_as_checks_allow_them(admin, plant):
    answer = reach(admin, plant, ways=True, count=True).json
    assert [found["id"] for found in answer["objects"]] == plant["channels"][:3] and answer["total_size"] == 3
    for channel in plant["channels"]:
        allowed = admin.must("POST", "/api/v1/auth/check", {
            "subject": {"kind": "client", "id": plant["client"]}, "permission": "publish",
            "object": {"kind": "channel", "id": channel}})
        found = [one for one in answer["objects"] if one["id"] == channel]
        assert bool(found) == allowed["allowed"]
        assert not found or found[0]["rule"] == allowed["rule"] == "channel#publisher"


def test_a_way_names_what_it_leads_through(site, plant):
    user = site.user()
    site.admin.must("POST", f"/api/v1/domains/{plant['domain']}/members", {"user_id": user["id"], "role": "member"})
    member = site.login(user["email"])
    answer = member.must("POST", RESOURCES, {"permission": "read", "object_kind": "channel", "ways": True})
    assert [found["id"] for found in answer["objects"]] == plant["channels"]
    for found in answer["objects"]:
        kinds = [thing["kind"] for thing in found["through"]]
        assert kinds == ["domain", "role"] and found["through"][0]["id"] == plant["domain"]


def test_pages_follow_one_another_over_changes(site, admin, plant):
    first = reach(admin, plant, page_size=2).json
    site.connect(plant["client"], plant["channels"][4], "publish")
    second = reach(admin, plant, page_size=2, page_token=first["next_page_token"]).json
    found = [one["id"] for page in (first, second) for one in page["objects"]]
    assert found == plant["channels"][:3] + plant["channels"][4:] and second["next_page_token"] == ""
    assert first["revision"] != second["revision"]
    refused(reach(admin, plant, page_token=first["next_page_token"][:-1] + "A", permission="subscribe"), 400, "page.token",
            "page_token")


def test_subjects_are_listed_for_those_who_see_the_roles(site, admin, plant):
    question = {"object": {"kind": "channel", "id": plant["channels"][0]}, "permission": "publish", "subject_kind": "client"}
    assert admin.must("POST", SUBJECTS, question)["ids"] == [plant["client"]]
    stranger = site.login(site.user()["email"])
    refused(stranger.post(SUBJECTS, question), 403, "lookup.object", "object")
    refused(stranger.post(EXPAND, {"object": question["object"], "permission": "publish"}), 403, "lookup.object", "object")
    refused(reach(stranger, plant), 403, "lookup.subject", "subject")


def test_a_permission_is_expanded_to_who_has_it(admin, plant):
    nodes = admin.must("POST", EXPAND, {"object": {"kind": "channel", "id": plant["channels"][0]}, "permission": "publish"})["nodes"]
    assert nodes[0]["relation"] == "can_publish" and nodes[0]["kind"] == "union"
    named = [subject for node in nodes for subject in node.get("subjects", [])]
    assert {"kind": "client", "id": plant["client"]} in [{k: s[k] for k in ("kind", "id")} for s in named]


def test_questions_that_make_no_sense_are_refused(admin, plant):
    refused(reach(admin, plant, permission="fly"), 400, "policy.permission.unknown")
    refused(reach(admin, plant, object_kind="teapot"), 400, "policy.kind.unknown")
    refused(reach(admin, plant, object_kind=""), 400, "policy.name.invalid", "object_kind")
    refused(reach(admin, plant, page_size=1001), 400, "page.size", "page_size")
    refused(admin.post(RESOURCES, {"subject_relation": "member", "permission": "read", "object_kind": "domain"}), 400,
            "question.subject_relation", "subject_relation")
