"""The command line: everything in the directory, made, shown, changed and deleted by typing."""

import itertools
import json
import re

import pytest

from rig.cli import Cli
from rig.server import run
from rig.site import ADMIN_PASSWORD, USER_PASSWORD, fresh


@pytest.fixture(scope="module")
def cli(site, tmp_path_factory):
    made = Cli(tmp_path_factory.mktemp("home"), f"http://127.0.0.1:{site.server.api}")
    made.login(site.admin_email, ADMIN_PASSWORD)
    return made


@pytest.fixture(scope="module")
def domain(cli):
    """Its route; it is the domain of the profile."""
    route = fresh("plant")
    cli.must("domain", "create", "Plant", "--route", route)
    cli.must("profile", "set", "domain", route)
    return route


def ids(text):
    return text.split()


def test_sessions_are_ended_one_by_one_and_all_at_once(cli, site, tmp_path):
    email = f"{fresh('carol')}@example.org"
    cli.must("user", "create", email, "--name", "Carol", "--password-stdin", input=USER_PASSWORD + "\n")
    own = Cli(tmp_path, cli.url)
    own.login(email, USER_PASSWORD)
    site.login(email, USER_PASSWORD)
    first, *_ = cli.json("user", "sessions", email)["sessions"]
    assert cli.must("user", "delete-session", email, first["session_id"]) == f"The session {first['session_id']} has ended.\n"
    assert len(cli.json("user", "sessions", email)["sessions"]) == 1
    own.must("session", "delete-all", "--yes")
    assert cli.json("user", "sessions", email)["sessions"] == []
    site.login(email, USER_PASSWORD)
    cli.must("user", "delete-sessions", email, "--yes")
    assert cli.json("user", "sessions", email)["sessions"] == []


def test_whoami_says_who_and_where(cli, site):
    said = cli.must("whoami")
    assert site.admin_email in said and cli.url in said
    assert cli.must("whoami", "-q").strip() == site.admin_user["id"]


def test_a_domain_from_its_making_to_its_end(cli):
    route = fresh("route")
    made = cli.json("domain", "create", "Plant 7", "--route", route, "--tag", "a", "--tag", "b,c",
                    "--metadata", "floor=2", "--metadata", "hall=north=1")
    assert (made["tags"], made["metadata"]) == (["a", "b,c"], {"floor": "2", "hall": "north=1"})
    shown = cli.must("domain", "get", route)
    assert re.search(rf"^id +{made['id']}$", shown, re.M) and re.search(r"^tags +a, b,c$", shown, re.M)
    changed = cli.json("domain", "update", route, "--name", "Plant Seven", "--tag", "", "--metadata", '{"deep":{"x":[1]}}')
    assert (changed["name"], changed["tags"], changed["metadata"]) == ("Plant Seven", [], {"deep": {"x": [1]}})
    assert cli.must("domain", "disable", route) == f"The domain {route} is disabled.\n"
    assert cli.json("domain", "get", made["id"])["status"] == "disabled"
    cli.must("domain", "enable", route)
    assert made["id"] in ids(cli.must("domain", "list", "--all", "-q"))
    assert cli.json("domain", "set-quotas", route, "--clients", "7")["clients"] == {"used": 0, "quota": 7, "own_quota": True}
    assert cli.json("domain", "set-quotas", route, "--reset", "clients")["clients"]["own_quota"] is False
    assert cli.json("domain", "usage", route)["members"]["used"] == 1
    assert cli.must("domain", "delete", route) == f"The domain {route} was deleted.\n"
    cli.fails(4, "domain", "get", made["id"])


def test_members_come_change_and_go(cli, domain):
    email = f"{fresh('bob')}@example.org"
    bob = cli.must("user", "create", email, "--name", "Bob", "--password-stdin", "-q", input=USER_PASSWORD + "\n").strip()
    cli.must("domain", "add-member", email, "--role", "member")
    assert re.search(rf"^{bob}  member ", cli.must("domain", "members"), re.M)
    cli.must("domain", "set-role", email, "admin", "--domain", domain)
    assert re.search(rf"^{bob}  admin ", cli.must("domain", "members", domain), re.M)
    cli.must("domain", "remove-member", bob)
    assert bob not in cli.must("domain", "members", domain)


def test_a_user_from_making_to_deletion(cli):
    email = f"{fresh('eve')}@example.org"
    made = cli.json("user", "create", email, "--name", "Eve", "--username", fresh("eve"), "--password-stdin",
                    input=USER_PASSWORD + "\n")
    assert cli.json("user", "get", email)["id"] == made["id"] == cli.json("user", "get", made["username"])["id"]
    assert cli.json("user", "update", email.upper(), "--name", "Eva")["name"] == "Eva"
    cli.must("user", "disable", email)
    assert cli.json("user", "get", email)["status"] == "disabled"
    cli.must("user", "enable", email)
    new = "another long password"
    cli.must("user", "password", email, "--password-stdin", input=new + "\n")
    eve = Cli(cli.home / "eve", cli.url)
    eve.login(email, new)
    eve.must("user", "password", "--password-stdin", input=f"{new}\n{USER_PASSWORD}\n")
    assert "Login or password is wrong" in eve.fails(3, "login", "--email", email, input=new + "\n")
    assert cli.must("user", "delete", email) == f"The user {email} was deleted.\n"
    cli.fails(4, "user", "get", made["id"])


def test_clients_and_their_keys(cli, domain, site):
    own = fresh("thermometer")
    made = cli.json("client", "create", "Thermometer", "--id", own, "--key-stdin", input="a-key-of-my-own-long-enough\n")
    assert made["client"]["id"] == own and made["key"] == "a-key-of-my-own-long-enough"
    other, key = cli.must("client", "create", "Display", "-q").split()
    assert site.nobody().as_client(other, key).get(f"/api/v1/clients/{other}").status in (200, 403, 404)
    assert {own, other} <= set(ids(cli.must("client", "list", "-q")))
    assert cli.json("client", "update", own, "--tag", "x")["tags"] == ["x"]
    key_id, second = cli.must("client", "add-key", own, "-q").split()
    assert key_id in ids(cli.must("client", "keys", own, "-q"))
    assert second not in cli.must("client", "keys", own)
    cli.must("client", "delete-key", own, key_id)
    assert key_id not in cli.must("client", "keys", own)
    assert cli.must("client", "disable", own, other).count("is disabled.") == 2
    cli.must("client", "enable", own, other)
    cli.must("client", "delete", own, other)
    assert not {own, other} & set(ids(cli.must("client", "list", "-q")))


def test_a_group_is_connected_by_its_name(cli, domain):
    route = fresh("temps")
    cli.must("channel", "create", "Temperatures", "--route", route)
    group = cli.json("group", "create", "Hall of lamps")["id"]
    lamp = cli.must("client", "create", "Lamp", "--group", "Hall of lamps", "-q").split()[0]
    assert cli.json("group", "connect", "Hall of lamps", route, "--action", "publish")["group_id"] == group
    assert group in ids(cli.must("channel", "groups", route, "-q"))
    assert "publish" in cli.must("group", "connections", "Hall of lamps")
    assert cli.must("check", f"client:{lamp}", "may", "publish", f"channel:{route}")
    assert cli.must("group", "disconnect", "Hall of lamps", route) == f"The group is not connected to {route} any more.\n"
    assert cli("check", f"client:{lamp}", "may", "publish", f"channel:{route}").returncode == 5


def test_connections_and_the_questions_about_them(cli, domain):
    client, route = fresh("sensor"), fresh("temps")
    cli.must("client", "create", "Sensor", "--id", client)
    cli.must("channel", "create", "Temperatures", "--route", route)
    assert cli.json("connect", client, route, "--action", "publish,subscribe")["actions"] == ["publish", "subscribe"]
    assert client in ids(cli.must("connections", route, "-q"))
    assert "publish, subscribe" in cli.must("client", "connections", client)
    assert cli.must("check", f"client:{client}", "may", "publish", f"channel:{route}").startswith("yes")
    assert cli.must("check", "-q", f"client:{client}", "publish", f"channel:{route}") == ""
    cli.must("disconnect", client, route)
    no = cli("check", f"client:{client}", "may", "publish", f"channel:{route}")
    assert (no.returncode, no.stderr) == (5, "") and no.stdout.startswith("no")
    assert cli("check", f"client:{client}", "publish", f"channel:{route}", "--json").returncode == 5
    why = cli.must("explain", f"client:{client}", "may", "publish", f"channel:{route}")
    assert why.startswith("no") and len(why.splitlines()) > 2
    cli.must("check", "update", f"domain:{domain}")  # oneself
    assert "Ask for example" in cli.fails(2, "check", "a", "b", "c", "d")


def test_who_and_what_a_permission_is_about(cli, domain):
    client, route = fresh("sensor"), fresh("temps")
    cli.must("client", "create", "Sensor", "--id", client)
    channel = cli.json("channel", "create", "Temperatures", "--route", route)["id"]
    cli.must("connect", client, route, "--action", "publish")
    assert ids(cli.must("policy", "lookup", "resources", f"client:{client}", "may", "publish", "channel", "--ways")) == [
        channel, "channel#publisher"]
    assert ids(cli.must("policy", "lookup", "subjects", "client", "may", "publish", f"channel:{route}")) == [client]
    tree = cli.must("policy", "expand", "publish", f"channel:{route}")
    assert tree.startswith(f"channel:{channel}#can_publish  union") and f"client:{client}" in tree
    assert cli.json("domain", "get", domain)["id"] in ids(cli.must("policy", "lookup", "resources", "update", "domain", "--all"))


def test_channels(cli, domain):
    route = fresh("channel")
    made = cli.json("channel", "create", "Noise", "--route", route)
    assert cli.json("channel", "get", route)["id"] == made["id"]
    assert cli.json("channel", "update", route, "--name", "Silence")["name"] == "Silence"
    assert cli.json("channel", "get", "Silence")["id"] == made["id"]
    assert re.search(rf"^{made['id']}  {route} +Silence +enabled", cli.must("channel", "list"), re.M)
    cli.must("channel", "disable", route)
    cli.must("channel", "enable", route)
    cli.must("channel", "delete", route)


def test_groups_are_drawn_as_a_tree(cli):
    place = fresh("place")
    cli.must("domain", "create", "With groups", "--route", place)
    in_place = ("--domain", place)
    hall = cli.must("group", "create", "Hall", *in_place, "-q").strip()
    line = cli.must("group", "create", "Line", "--parent", "Hall", *in_place, "-q").strip()
    cell = cli.must("group", "create", "Cell", "--parent", line, *in_place, "-q").strip()
    cli.must("group", "disable", cell)
    assert cli.must("group", "tree", *in_place) == (
        f"Hall  {hall}\n└── Line  {line}\n    └── Cell (disabled)  {cell}\n")
    assert cli.must("group", "tree", "Line", *in_place).startswith(f"Line  {line}\n└── Cell")
    assert re.search(r"^path +Hall / Line$", cli.must("group", "get", "Line", *in_place), re.M)
    cli.must("group", "move", "Line", "", *in_place)
    assert {hall, line} == set(ids(cli.must("group", "list", "--top", *in_place, "-q")))
    cli.must("client", "create", "Lamp", *in_place)
    cli.must("client", "move", "Lamp", "Line", *in_place)
    cli.must("channel", "create", "Light", "--route", "light", *in_place)
    cli.must("channel", "move", "light", "Line", *in_place)
    assert "Lamp" in cli.must("group", "clients", line) and "light" in cli.must("group", "channels", line)
    assert cell in cli.must("group", "groups", line)
    assert cli.json("group", "update", hall, "--description", "Old")["description"] == "Old"
    cli.must("group", "enable", cell)
    assert "group delete" in cli.fails(2, "group", "delete", line, "--force")
    assert "--force" in cli.fails(1, "group", "delete", line)
    cli.must("group", "delete", line, "--force", "--yes")
    cli.must("domain", "delete", place, "--force", "--yes")


def test_roles_and_their_members(cli, domain):
    email = f"{fresh('kim')}@example.org"
    kim = cli.must("user", "create", email, "--name", "Kim", "--password-stdin", "-q", input=USER_PASSWORD + "\n").strip()
    assert "client_update" in cli.must("role", "actions", "domain").splitlines()
    role = cli.must("role", "create", "Night", "--on", f"domain:{domain}", "--action", "client_read,client_update", "-q").strip()
    assert role in ids(cli.must("role", "list", "--on", f"domain:{domain}", "-q"))
    assert cli.json("role", "add-actions", role, "--action", "channel_read")["actions"] != []
    assert "channel_read" not in cli.json("role", "remove-actions", role, "--action", "channel_read")["actions"]
    assert cli.json("role", "update", role, "--name", "Day")["name"] == "Day" == cli.json("role", "get", role)["name"]
    cli.must("role", "add-member", role, email, "--expires-at", "2099-01-01T00:00:00Z")
    assert re.search(rf"^{kim}  user +2099-01-01T00:00:00Z", cli.must("role", "members", role), re.M)
    cli.must("role", "remove-member", role, f"user:{kim}")
    assert kim not in cli.must("role", "members", role)
    cli.must("role", "delete", role)


def test_lists_follow_pages_and_say_what_is_left(cli, domain):
    for _ in range(5):
        cli.must("client", "create", "Many", "-q")
    two = cli("client", "list", "--limit", "2")
    assert len(two.stdout.splitlines()) == 3 and "There are more" in two.stderr
    assert len(ids(cli.must("client", "list", "--limit", "4", "-q"))) == 4
    pages = [json.loads(line) for line in cli.must("client", "list", "--all", "--json").splitlines()]
    assert pages[-1]["next_page_token"] == "" and len(pages[0]["clients"]) >= 5
    assert "Several clients are called Many" in cli.fails(2, "client", "get", "Many")
    some = cli("client", "list", "--name", "Many", "--order-by", "created_at desc", "--count", "--limit", "2")
    assert some.stdout.count("Many") == 2 and "2 of 5." in some.stderr
    assert ids(cli.must("client", "list", "--name-contains", "nothing is called so", "-q")) == []
    cli.must("client", "create", "Tagged", "--tag", "red", "--metadata", "floor=3")
    assert len(ids(cli.must("client", "list", "--tags-any", "red", "--metadata", "floor=3", "--status", "enabled", "-q"))) == 1
    assert "--limit takes" in cli.fails(2, "client", "list", "--limit", "0")


def test_nodes_and_sessions(cli, site):
    name = fresh("edge")
    enrolled = cli("node", "enroll", name)
    assert enrolled.stdout.startswith("ant") and enrolled.stdout.strip() not in enrolled.stderr
    assert name in ids(cli.must("node", "list", "-q"))
    cli.must("node", "remove", name)
    Cli(cli.home / "elsewhere", cli.url).login(site.admin_email, ADMIN_PASSWORD)
    session = next(row["session_id"] for row in cli.json("session", "list")["sessions"] if not row["current"])  # the newest
    assert cli.must("session", "delete", session) == f"The session {session} has ended.\n"


def test_what_somebody_belongs_to_and_holds(cli, domain, site):
    assert domain in cli.must("domain", "get", cli.must("user", "domains", "-q").split()[0])
    assert "owner" in cli.must("user", "roles", site.admin_email)
    assert cli.must("user", "sessions", site.admin_email, "-q").split()
    client = cli.must("client", "create", "Holder", "-q").split()[0]
    role = cli.must("role", "create", fresh("held"), "--on", f"domain:{domain}", "--action", "client_read", "-q").strip()
    cli.must("role", "add-member", role, f"client:{client}")
    assert ids(cli.must("client", "roles", client, "-q")) == [role]


def test_info_needs_no_login(cli, tmp_path):
    assert re.search(r"^name +allauth$", Cli(tmp_path, cli.url).must("info"), re.M)
    assert json.loads(Cli(tmp_path, cli.url).must("info", "--json"))["name"] == "allauth"


def test_watch_tells_what_happens(cli, domain):
    lines = cli.start("watch", "--domain", domain, "--json", "--limit", "2")
    told = cli.start("watch", "--domain", domain, "--kind", "channel", "--limit", "1")
    names = itertools.count()
    while lines.poll() is None or told.poll() is None:  # until both have begun to listen and heard of something
        assert next(names) < 200
        cli.must("client", "create", "Watched", "-q")
        cli.must("channel", "create", "Watched", "-q")
    events = [json.loads(line) for line in lines.stdout.read().splitlines()]
    assert lines.returncode == 0 and len(events) == 2 and all(event["cursor"] and event["event"]["what"] for event in events)
    assert told.returncode == 0 and "channel.created" in told.stdout.read()
    again = cli.must("watch", "--domain", domain, "--json", "--limit", "1", "--from", events[0]["cursor"])
    assert json.loads(again)["event"] == events[1]["event"]
    assert "[from]" in cli.fails(1, "watch", "--domain", domain, "--from", "nonsense")
    for process in (lines, told):
        process.communicate()


def test_a_client_asks_with_its_key(cli, domain, tmp_path):
    client, key = cli.must("client", "create", "Asker", "-q").split()
    (tmp_path / "key").write_text(key + "\n")
    route = fresh("own")
    cli.must("channel", "create", "Own", "--route", route)
    channel = cli.json("channel", "get", route)["id"]
    cli.must("connect", client, route, "--action", "publish")
    nobody = Cli(tmp_path, cli.url)
    as_client = ("--as-client", client, "--key-file", tmp_path / "key")
    nobody.must("check", "publish", f"channel:{channel}", *as_client)
    assert nobody("check", "subscribe", f"channel:{channel}", *as_client).returncode == 5
    assert "go together" in nobody.fails(2, "check", "publish", f"channel:{channel}", "--as-client", client)


def test_a_token_of_the_environment_is_used(cli, site, tmp_path):
    nobody = Cli(tmp_path, cli.url)
    nobody.fails(3, "whoami")
    assert nobody.must("whoami", "-q", env={"ALLAUTH_TOKEN": site.admin.token}).strip() == site.admin_user["id"]
    (tmp_path / "token").write_text(site.admin.token)
    nobody.must("whoami", "--token-file", tmp_path / "token")
    assert "ALLAUTH_TOKEN" in nobody.fails(3, "whoami", env={"ALLAUTH_TOKEN": "nonsense"})


@pytest.mark.parametrize("args, code, part", [
    (["domian", "list"], 2, "Did you mean `allauth domain`?"),
    (["domain", "ls"], 2, "Did you mean `allauth domain list`?"),
    (["domain", "create", "x", "--rout", "y"], 2, "Did you mean `--route`?"),
    (["domain", "create", "x", "--route", "NOT OK"], 1, "[route]"),
    (["client", "get", "nobody"], 4, "no such thing"),
    (["role", "create", "x", "--on", "nonsense"], 2, "does not say what it is"),
    (["domain", "create"], 2, "allauth domain create NAME"),
    (["whoami", "--server", "http://127.0.0.1:1"], 3, "allauth login"),
    (["whoami", "--profile", "../../etc/passwd"], 2, "name of a profile"),
    (["api", "GET", "/api/v1/nothing"], 4, ""),
])
def test_errors_say_what_to_do(cli, args, code, part):
    assert part in cli.fails(code, *args)


def test_an_unreachable_server_is_named(cli, site):
    said = cli.fails(6, "whoami", "--server", "http://127.0.0.1:1", env={"ALLAUTH_TOKEN": site.admin.token})
    assert "http://127.0.0.1:1" in said and "--server" in said


def test_help_is_there_for_every_command():
    overview = run("--help").stdout
    for topic in re.findall(r"^  ([a-z]+)  ", overview, re.M):
        shown = run("help", topic)
        assert shown.returncode == 0 and "allauth " + topic in shown.stdout, topic
        for verb in re.findall(rf"^  allauth {topic} ([a-z-]+(?: [a-z-]+)*)  ", shown.stdout, re.M):
            text = run(topic, *verb.split(), "--help").stdout
            assert f"allauth {topic} {verb}" in text and "Use" in text, (topic, verb)


def test_help_for_part_of_a_command_lists_what_begins_so():
    for args in (("policy", "lookup", "--help"), ("help", "policy", "lookup")):
        shown = run(*args)
        assert shown.returncode == 0 and "allauth policy lookup subjects  " in shown.stdout, shown
        assert "allauth policy schema" not in shown.stdout
    typed = run("policy", "lookup")
    assert typed.returncode == 2 and "`allauth policy lookup` needs one of: resources, subjects." in typed.stderr


def test_no_secret_is_ever_shown(cli, domain):
    kept = json.loads(cli.tokens.read_text())
    for args in (["whoami"], ["profile", "list"], ["session", "list", "--json"], ["user", "get", "--json"]):
        done = cli(*args)
        assert kept["refresh_token"] not in done.stdout + done.stderr and kept["access_token"] not in done.stdout + done.stderr
