"""From nothing to an administrator, and every start that must be refused."""

import os
import shutil
import sqlite3
import tomllib
from concurrent.futures import ThreadPoolExecutor

import pytest

from rig.api import Api, refused
from rig.poll import eventually
from rig.server import Server, flags, run
from rig.site import ADMIN_PASSWORD, fresh

ADMIN = {"email": "root@example.org", "password": ADMIN_PASSWORD, "name": "Root"}


@pytest.fixture
def server(tmp_path):
    made = Server(tmp_path / "data").start()
    yield made
    made.stop()


@pytest.fixture
def stopped_data(tmp_path):
    """A data folder with an administrator, nobody running on it."""
    server = Server(tmp_path / "data").start()
    Api(server.api).must("POST", "/api/v1/setup", {"setup_token": server.setup_token, **ADMIN})
    assert server.stop() == 0
    return tmp_path / "data"


def start_fails(data_dir, *part_of_sentence, **options):
    """`serve` on that data ends at once with one sentence and a code that is not 0."""
    options = {"data_dir": data_dir, "listener.0.address": "127.0.0.1:0", "grpc.0.address": "off", "operations_address": "127.0.0.1:0",
               **options}
    ended = run("serve", *flags(options), timeout=20)
    assert ended.returncode not in (0, None) and ended.returncode > 0, ended
    lines = [line for line in ended.stderr.splitlines() if line.startswith("allauth: ")]
    assert len(lines) == 1, ended.stderr
    assert "is running" not in ended.stdout
    for part in part_of_sentence:
        assert part in lines[0], lines[0]
    return lines[0]


def test_the_banner_says_what_listens_where_and_shows_a_token(server, tmp_path):
    assert server.setup_token and server.api and server.operations
    assert str(tmp_path / "data") in server.banner
    assert Api(server.operations).get("/readyz").status == 200
    assert Api(server.operations).get("/livez").status == 200


def test_the_setup_token_makes_one_administrator(server):
    api = Api(server.api)
    refused(api.post("/api/v1/setup", {"setup_token": "ast_" + "0" * 40, **ADMIN}), 403, "setup.token", "setup_token")
    made = api.post("/api/v1/setup", {"setup_token": server.setup_token, **ADMIN})
    assert made.status == 201
    assert made.headers["Location"] == f"/api/v1/users/{made.json['id']}"
    again = {"setup_token": server.setup_token, **ADMIN, "email": "second@example.org"}
    refused(api.post("/api/v1/setup", again), 403, "setup.token")
    session = api.must("POST", "/api/v1/sessions", {"login": ADMIN["email"], "password": ADMIN_PASSWORD})
    admin = api.as_bearer(session["access_token"])
    assert admin.must("GET", "/api/v1/users/me")["email"] == ADMIN["email"]
    assert len(admin.must("GET", "/api/v1/users")["users"]) == 1


@pytest.mark.parametrize("change, reason, field", [
    ({"password": "fourteen chars"}, "password.too_short", "password"),
    ({"email": "nonsense"}, "email.invalid", "email"),
    ({"name": ""}, "name.length", "name"),
])
def test_a_refused_setup_does_not_spend_the_token(server, change, reason, field):
    api = Api(server.api)
    refused(api.post("/api/v1/setup", {"setup_token": server.setup_token, **ADMIN, **change}), 400, reason, field)
    assert api.post("/api/v1/setup", {"setup_token": server.setup_token, **ADMIN}).status == 201


def test_the_command_line_creates_the_administrator_and_logs_in(server, tmp_path):
    url = f"http://127.0.0.1:{server.api}"
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": ""}
    create = ["admin", "create", "--server", url, "--email", ADMIN["email"], "--name", "Root", "--password-stdin"]
    wrong = run(*create, "--token", "ast_wrong", input=ADMIN_PASSWORD + "\n", env=home)
    assert wrong.returncode == 1 and "admin reset" in wrong.stderr
    made = run(*create, "--token-stdin", input=f"{server.setup_token}\n{ADMIN_PASSWORD}\n", env=home)
    assert made.returncode == 0, made.stderr
    login = run("login", "--server", url, "--email", ADMIN["email"], input=ADMIN_PASSWORD + "\n", env=home)
    assert login.returncode == 0, login.stderr
    asked = run("api", "GET", "/api/v1/users/me", "--server", url, env=home)
    assert asked.returncode == 0 and ADMIN["email"] in asked.stdout
    refused_call = run("api", "GET", "/api/v1/users/nobody", "--server", url, env=home)
    assert refused_call.returncode == 4 and "no such thing" in refused_call.stderr
    assert run("health", "--server", f"http://127.0.0.1:{server.operations}").returncode == 0
    assert run("health", "--server", "http://127.0.0.1:1").returncode == 6


def login(node):
    return Api(node.api).post("/api/v1/sessions", {"login": ADMIN["email"], "password": ADMIN_PASSWORD})


def test_several_first_starts_at_once_make_one_installation(postgres, tmp_path):
    """One database and one master key file: one token, one key, and what one node issues all others take."""
    for attempt in range(3):
        options = {"store.url": postgres.url(postgres.create_database(fresh("first"))),
                   "master_key_file": tmp_path / f"master{attempt}.key"}
        nodes = [Server(tmp_path / f"data{attempt}-{n}", **options) for n in range(3)]
        try:
            with ThreadPoolExecutor() as pool:
                list(pool.map(Server.start, nodes))
            [token] = [node.setup_token for node in nodes if node.setup_token]
            Api(nodes[0].api).must("POST", "/api/v1/setup", {"setup_token": token, **ADMIN})
            key_sets = [Api(node.api).get("/.well-known/jwks.json").json for node in nodes]
            assert all(len(keys["keys"]) == 1 and keys == key_sets[0] for keys in key_sets)
            for node in nodes:
                eventually(lambda: login(node).status == 201, 5, "the administrator on every node")
            for node in nodes:
                token = login(node).json["access_token"]
                assert all(Api(other.api, token=token).get("/api/v1/users/me").status == 200 for other in nodes)
        finally:
            for node in nodes:
                node.stop()


def test_a_second_start_shows_no_token(stopped_data):
    server = Server(stopped_data).start()
    try:
        assert server.setup_token is None
        assert "Nobody administers it" not in server.banner
    finally:
        server.stop()


def test_an_unspent_token_is_not_shown_again_but_can_be_renewed(tmp_path):
    first = Server(tmp_path / "data").start()
    old = first.setup_token
    first.stop()
    second = Server(tmp_path / "data").start()
    assert second.setup_token is None and "admin reset" in second.banner
    second.stop()
    reset = run("admin", "reset", "--data_dir", tmp_path / "data")
    assert reset.returncode == 0, reset.stderr
    new = reset.stdout.split("--token ")[1].split()[0]
    assert new != old
    third = Server(tmp_path / "data").start()
    try:
        refused(Api(third.api).post("/api/v1/setup", {"setup_token": old, **ADMIN}), 403, "setup.token")
        assert Api(third.api).post("/api/v1/setup", {"setup_token": new, **ADMIN}).status == 201
    finally:
        third.stop()


def test_reset_gives_a_locked_out_operator_a_new_administrator(stopped_data):
    reset = run("admin", "reset", "--data_dir", stopped_data)
    assert reset.returncode == 0, reset.stderr
    token = reset.stdout.split("--token ")[1].split()[0]
    server = Server(stopped_data).start()
    try:
        made = Api(server.api).post("/api/v1/setup", {"setup_token": token, **ADMIN, "email": "new@example.org"})
        assert made.status == 201
    finally:
        server.stop()


def test_reset_is_refused_while_a_server_runs_and_without_a_database(server, tmp_path):
    running = run("admin", "reset", "--data_dir", server.data_dir)
    assert running.returncode == 1 and "--token" not in running.stdout
    assert "running" in running.stderr or "another" in running.stderr.lower(), running.stderr
    empty = run("admin", "reset", "--data_dir", tmp_path / "nothing")
    assert empty.returncode == 1 and "no database" in empty.stderr
    assert not (tmp_path / "nothing").exists()


def test_a_second_server_on_the_same_data_is_refused(server):
    start_fails(server.data_dir)
    assert Api(server.operations).get("/readyz").status == 200


def test_a_corrupt_database_is_refused(stopped_data):
    file = stopped_data / "allauth.db"
    with open(file, "r+b") as data:
        size = file.stat().st_size
        data.seek(4096)
        data.write(os.urandom(size - 4096))
    start_fails(stopped_data)


def test_what_is_no_database_is_refused_and_left_alone(stopped_data):
    file = stopped_data / "allauth.db"
    for leftover in stopped_data.glob("allauth.db-*"):
        leftover.unlink()
    file.write_bytes(b"this is not a database at all" * 400)
    before = file.read_bytes()
    start_fails(stopped_data)
    assert file.read_bytes() == before


def test_a_truncated_database_is_refused(stopped_data):
    file = stopped_data / "allauth.db"
    os.truncate(file, file.stat().st_size // 2 // 4096 * 4096)
    start_fails(stopped_data)


def change_database(data_dir, *statements):
    with sqlite3.connect(data_dir / "allauth.db") as database:
        for statement in statements:
            database.execute(statement)
    database.close()


def test_a_database_that_needs_a_newer_program_is_refused(stopped_data):
    change_database(stopped_data, "INSERT INTO schema_version VALUES (9999, 'x', 9999, 0)")
    start_fails(stopped_data, "newer")


def test_a_newer_database_that_says_it_is_compatible_is_accepted(stopped_data):
    change_database(stopped_data, "INSERT INTO schema_version VALUES (9999, 'x', 1, 0)")
    server = Server(stopped_data).start()
    assert server.stop() == 0


def test_a_database_made_with_another_schema_is_refused(stopped_data):
    change_database(stopped_data, "UPDATE schema_version SET checksum = 'other'")
    start_fails(stopped_data, "another schema")


def test_a_lost_master_key_is_refused_and_not_made_anew(stopped_data):
    key = stopped_data / "master.key"
    key.rename(stopped_data / "elsewhere")
    start_fails(stopped_data, "master key", "backup")
    assert not key.exists()
    (stopped_data / "elsewhere").rename(key)
    server = Server(stopped_data).start()
    assert server.stop() == 0


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_master_key_that_others_can_read_is_refused(stopped_data, mode):
    (stopped_data / "master.key").chmod(mode)
    start_fails(stopped_data, "key")


@pytest.mark.parametrize("content", ["", "00" * 32, "short", "zz" * 32, "00" * 33])
def test_a_wrong_master_key_is_refused(stopped_data, content):
    (stopped_data / "master.key").write_text(content)
    start_fails(stopped_data, "key")


def test_new_files_are_for_the_owner_only(server):
    assert server.data_dir.stat().st_mode & 0o077 == 0
    for file in server.data_dir.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


def test_a_data_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    start_fails(tmp_path / "file" / "data")
    start_fails(tmp_path / "file")


WRONG_BY_ITSELF = [
    ({"no.such_key": "1"}, "no.such_key"),
    ({"drain_timeout": "soon"}, "drain_timeout"),
    ({"password.memory_kib": "8", "password.passes": "1"}, "assword"),
    ({"listener.0.address": "nonsense"}, "listener.0"),
    ({"listener.0.address": "127.0.0.1:99999"}, "listener.0"),
    ({"listener.4000000000.address": "127.0.0.1:0"}, "listener.4000000000"),
    ({"operations_address": "9090"}, "operations_address"),
    ({"log.level": "loud"}, "log.level"),
    ({"tokens.access_lifetime": "1s"}, "tokens.access_lifetime"),
    ({"store.readers": "0"}, "store.readers"),
    ({"listener.0.tls.key": "key.pem"}, "listener.0.tls.certificate"),
    ({"gateway.0.address": "127.0.0.1:0"}, "gateway.0.upstream.address"),
    ({"gateway.0.upstream.address": "127.0.0.1:1"}, "gateway.0.address"),
    ({"gateway.0.address": "127.0.0.1:0", "gateway.0.upstream.address": "nonsense"}, "gateway.0.upstream"),
]
WRONG_IN_ITS_PLACE = [
    ({"listener.0.tls.certificate": "/nonexistent/cert.pem", "listener.0.tls.key": "/nonexistent/key.pem"},
     "/nonexistent/"),
    ({"listener.0.address": "0.0.0.0:0"}, "allow_plaintext"),
    ({"listener.0.address": "[::]:0"}, "allow_plaintext"),
    ({"operations_address": "0.0.0.0:0"}, "operations"),
    ({"gateway.0.address": "0.0.0.0:0", "gateway.0.upstream.address": "127.0.0.1:1"}, "allow_plaintext"),
]


@pytest.mark.parametrize("options, part", WRONG_BY_ITSELF + WRONG_IN_ITS_PLACE)
def test_a_wrong_configuration_is_refused(tmp_path, options, part):
    start_fails(tmp_path / "data", part, **options)


@pytest.mark.parametrize("options, part", WRONG_BY_ITSELF)
def test_config_check_finds_what_can_be_found_without_starting(tmp_path, options, part):
    checked = run("config", "check", *flags({"data_dir": tmp_path / "data", **options}))
    assert checked.returncode == 1 and part in checked.stderr, checked
    assert not (tmp_path / "data").exists()


def test_clear_text_on_all_addresses_takes_an_explicit_word(tmp_path):
    server = Server(tmp_path / "data", **{"listener.0.address": "0.0.0.0:0", "listener.0.allow_plaintext": True}).start()
    try:
        assert "http://0.0.0.0:" in server.banner
        assert Api(server.api).get("/.well-known/jwks.json").status == 200
    finally:
        server.stop()


def test_a_port_in_use_is_refused_with_its_address(server, tmp_path):
    start_fails(tmp_path / "other", str(server.api), **{"listener.0.address": f"127.0.0.1:{server.api}"})


def test_file_environment_and_flags_override_each_other_in_that_order(tmp_path):
    file = tmp_path / "allauth.toml"
    file.write_text('drain_timeout = "1s"\n[log]\nlevel = "warn"\nformat = "json"\n[http]\nidle_timeout = "5s"\n')
    printed = run("config", "print", "--config", file, "--log.level", "error",
                  env={"ALLAUTH_LOG_LEVEL": "debug", "ALLAUTH_HTTP_IDLE_TIMEOUT": "7s"})
    assert printed.returncode == 0, printed.stderr
    read = tomllib.loads(printed.stdout)
    assert (read["drain_timeout"], read["log"]["level"], read["log"]["format"], read["http"]["idle_timeout"]) == (
        "1s", "error", "json", "7s")


def test_config_print_can_be_read_back_and_prints_the_same(tmp_path):
    options = {"data_dir": tmp_path / 'odd "name" \\ with\tthings', "drain_timeout": "1m30s", "log.format": "json",
               "listener.0.address": "127.0.0.1:1234", "listener.1.address": "127.0.0.1:1235",
               "gateway.0.address": "127.0.0.1:1883", "gateway.0.upstream.address": "127.0.0.1:1884",
               "gateway.0.upstream.username": "gateway", "http.head_timeout": "300ms"}
    first = run("config", "print", *flags(options))
    assert first.returncode == 0, first.stderr
    file = tmp_path / "printed.toml"
    file.write_text(first.stdout)
    second = run("config", "print", "--config", file)
    assert second.returncode == 0, second.stderr

    def plain(text):
        return tomllib.loads(text)

    assert plain(second.stdout) == plain(first.stdout)
    assert plain(first.stdout)["drain_timeout"] == "1m30s"
    assert plain(first.stdout)["data_dir"] == str(options["data_dir"])


@pytest.mark.parametrize("text", ["nonsense", "[log]\nlevel = 3\n", "[log]\nlvl = 'info'\n", "a = 1\na = 2\n",
                                  "[http]\nmax_body = 'many'\n", "[[listener]]\nport = 1\n"])
def test_a_wrong_file_is_refused(tmp_path, text):
    file = tmp_path / "allauth.toml"
    file.write_text(text)
    checked = run("config", "check", "--config", file)
    assert checked.returncode == 1 and checked.stderr.startswith("allauth: "), checked
    assert run("config", "check", "--config", tmp_path / "missing.toml").returncode == 1


def test_an_unknown_variable_of_ours_is_refused(tmp_path):
    checked = run("config", "check", env={"ALLAUTH_LOG_LEVLE": "info"})
    assert checked.returncode == 1 and "ALLAUTH_LOG_LEVLE" in checked.stderr


@pytest.mark.parametrize("args, code", [
    (["--help"], 0), (["help"], 0), (["version"], 0), (["--version"], 0), ([], 0), (["nonsense"], 2),
    (["config"], 2), (["config", "nonsense"], 2), (["config", "reference"], 0), (["admin"], 2),
    (["admin", "create"], 2), (["api"], 2), (["login"], 2), (["serve", "word"], 2), (["login", "--nonsense", "1"], 2),
    (["serve", "--help"], 0),
])
def test_commands_end_with_the_right_code(args, code):
    ended = run(*args, input="")
    assert ended.returncode == code, ended
    assert ended.stdout or ended.stderr


def test_everything_survives_a_restart(stopped_data, tmp_path):
    shutil.copytree(stopped_data, tmp_path / "copy")
    server = Server(tmp_path / "copy").start()
    try:
        session = Api(server.api).must("POST", "/api/v1/sessions",
                                       {"login": ADMIN["email"], "password": ADMIN_PASSWORD})
        token = session["access_token"]
        domain = Api(server.api, token).must("POST", "/api/v1/domains", {"name": "Plant", "route": "plant"})
    finally:
        server.stop()
    again = Server(tmp_path / "copy").start()
    try:
        assert Api(again.api, token).must("GET", f"/api/v1/domains/{domain['id']}") == domain
    finally:
        again.stop()
