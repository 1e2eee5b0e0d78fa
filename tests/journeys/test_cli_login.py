"""Logins that are kept: safe files, tokens renewed by themselves, several servers, a terminal."""

import json
import re
import subprocess

import pytest

from rig.cli import Cli, Terminal
from rig.server import run
from rig.site import ADMIN_PASSWORD, USER_PASSWORD, fresh


@pytest.fixture
def cli(site, tmp_path):
    made = Cli(tmp_path, f"http://127.0.0.1:{site.server.api}")
    made.login(site.admin_email, ADMIN_PASSWORD)
    return made


def folder(cli):
    return cli.home / ".config/allauth"


def test_what_is_kept_is_for_its_owner_only(cli):
    files = [path for path in folder(cli).rglob("*") if path.is_file()]
    assert cli.tokens in files
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in files)
    assert all(path.stat().st_mode & 0o777 == 0o700 for path in [folder(cli), folder(cli) / "tokens"])
    assert "token" not in (folder(cli) / "profiles.json").read_text()


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_tokens_that_others_can_read_are_not_used(cli, mode):
    cli.tokens.chmod(mode)
    assert "chmod 600" in cli.fails(1, "whoami")
    cli.tokens.chmod(0o600)
    cli.must("whoami")


def test_an_expired_access_token_is_renewed(cli):
    before = json.loads(cli.tokens.read_text())
    cli.spoil_access_token()
    cli.must("whoami")
    after = json.loads(cli.tokens.read_text())
    assert after["access_token"] not in ("expired", before["access_token"])
    assert after["refresh_token"] != before["refresh_token"]
    cli.must("whoami")
    assert json.loads(cli.tokens.read_text()) == after


def test_many_commands_at_once_use_one_refresh_token_once(cli):
    """A refresh token that comes twice ends the session: nobody would stay logged in."""
    cli.spoil_access_token()
    started = [cli.start("whoami") for _ in range(12)]
    for process in started:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, (out, err)
    cli.must("whoami")


def test_a_login_that_has_ended_is_forgotten(cli, site):
    session = next(s["session_id"] for s in cli.json("session", "list")["sessions"] if s["current"])
    cli.must("session", "delete", session)
    cli.spoil_access_token()
    assert "allauth login" in cli.fails(3, "whoami")
    assert not cli.tokens.exists()
    cli.login(site.admin_email, ADMIN_PASSWORD)
    cli.must("whoami")


def test_logout_ends_the_session_at_the_server(cli, site):
    token = json.loads(cli.tokens.read_text())["access_token"]
    assert site.nobody().as_bearer(token).get("/api/v1/users/me").status == 200
    cli.must("logout")
    assert site.nobody().as_bearer(token).get("/api/v1/users/me").status == 401
    assert not cli.tokens.exists()
    cli.fails(3, "logout")
    cli.fails(3, "whoami")


def test_a_token_goes_to_no_other_server(cli, site):
    """Nobody is logged in at another address, even if it is the same server."""
    other = cli.url.replace("127.0.0.1", "localhost")
    assert "Nobody is logged in at " + other in cli.fails(3, "whoami", "--server", other)


def test_profiles_are_separate(cli, site):
    email = f"{fresh('eve')}@example.org"
    site.user(email=email)
    cli.login(email, USER_PASSWORD, "--profile", "eve")
    assert email in cli.must("whoami")
    assert site.admin_email in cli.must("whoami", "--profile", "default")
    assert site.admin_email in cli.must("whoami", env={"ALLAUTH_PROFILE": "default"})
    assert site.admin_email in cli.must("--profile", "default", "whoami")
    cli.must("profile", "use", "default")
    assert site.admin_email in cli.must("whoami")
    listed = cli.must("profile", "list")
    assert "*  default" in listed and "eve" in listed and listed.count("logged in") == 2
    cli.must("profile", "remove", "eve")
    assert "eve" not in cli.must("profile", "list")
    assert "no profile eve" in cli.fails(1, "profile", "use", "eve")
    assert "domain, server and ca" in cli.fails(2, "profile", "set", "colour", "blue")


def test_the_server_of_the_profile_is_used(cli):
    without = Cli(cli.home, "")
    assert cli.url in without.must("whoami")


def test_a_damaged_profile_says_so(cli):
    (folder(cli) / "profiles.json").write_text("{")
    assert "profiles.json is damaged" in cli.fails(1, "whoami")


def test_login_asks_at_a_terminal_and_shows_no_password(cli, site):
    terminal = Terminal(cli, "login")
    terminal.expect("E-mail address or user name: ")
    terminal.type(site.admin_email)
    terminal.expect("Password: ")
    terminal.type(ADMIN_PASSWORD)
    code, shown = terminal.end()
    assert code == 0 and "Logged in as " + site.admin_email in shown
    assert ADMIN_PASSWORD not in shown


def test_a_new_password_is_asked_for_twice(cli):
    terminal = Terminal(cli, "user", "create", f"{fresh('t')}@example.org", "--name", "T")
    terminal.expect("Password (15 characters or more): ")
    terminal.type(USER_PASSWORD)
    terminal.expect("The same again: ")
    terminal.type(USER_PASSWORD + " ")
    code, shown = terminal.end()
    assert code == 2 and "two different passwords" in shown


@pytest.mark.parametrize("answer, code, left", [("y", 0, 0), ("n", 1, 1), ("", 1, 1)])
def test_deleting_asks_at_a_terminal(cli, answer, code, left):
    route = fresh("asked")
    cli.must("domain", "create", "Asked", "--route", route)
    terminal = Terminal(cli, "domain", "delete", route)
    terminal.expect(f"Delete the domain {route}? [y/N] ")
    terminal.type(answer)
    assert terminal.end()[0] == code
    assert cli("domain", "get", route).returncode == (0 if left else 4)


def test_yes_does_not_ask(cli):
    route = fresh("sure")
    cli.must("domain", "create", "Sure", "--route", route)
    code, shown = Terminal(cli, "domain", "delete", route, "-y").end()
    assert code == 0 and "[y/N]" not in shown


def test_colours_only_where_they_are_wanted(cli):
    cli.must("domain", "create", "Colourful", "--route", fresh("colour"))
    coloured = Terminal(cli, "domain", "list")
    coloured.end()
    assert "\x1b[1m" in coloured.text
    plain = Terminal(cli, "domain", "list", env={"NO_COLOR": "1"})
    plain.end()
    assert not re.search(r"\x1b\[\d+m", plain.text)
    assert "\x1b" not in cli.must("domain", "list")


def test_names_cannot_move_the_cursor(cli):
    route = fresh("evil")
    made = cli("api", "POST", "/api/v1/domains", json.dumps({"name": "a\x1b[2Jb", "route": route}))
    if made.returncode == 0:  # else the server refuses such names itself
        assert "\x1b" not in cli.must("domain", "get", route) + cli.must("domain", "list", "--all")


def test_completion_completes(tmp_path):
    script = tmp_path / "completion.bash"
    script.write_text(run("completion", "bash").stdout)

    def complete(*words):
        typed = " ".join(f"'{word}'" for word in ("allauth", *words))
        shell = f"source {script}; COMP_WORDS=({typed}); COMP_CWORD={len(words)}; _allauth; echo ${{COMPREPLY[@]}}"
        return subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=True).stdout.split()

    assert complete("dom") == ["domain"]
    assert complete("domain", "add") == ["add-member"]
    assert complete("domain", "create", "Plant", "--rou") == ["--route"]
    assert "--as-client" in complete("whoami", "--")
    assert run("completion", "tcsh").returncode == 2
