"""`allauth migrate`, and starts on a schema that is behind."""

import pytest

from rig.api import Api
from rig.engines import Postgres
from rig.server import Server, find_next, run


def migrate(data_dir, *args, binary=None):
    return run("migrate", *args, f"--data_dir={data_dir}", binary=binary)


def newest(data_dir, binary=None):
    """The schema that the binary knows."""
    said = migrate(data_dir, "status", binary=binary).stdout
    return int(said.split("this allauth knows ")[1].split(".")[0])


def test_up_makes_the_schema_and_status_shows_it(tmp_path):
    data = tmp_path / "data"
    missing = migrate(data, "status")
    assert missing.returncode == 1 and "There is no database" in missing.stderr
    assert not data.exists()
    done = migrate(data, "up")
    assert done.returncode == 0, done.stderr
    version = newest(data)
    assert f"The database is at schema {version}." in done.stdout
    status = migrate(data, "status")
    assert status.returncode == 0, status.stderr
    assert status.stdout.count("applied") == version and "pending" not in status.stdout
    assert migrate(data, "up").returncode == 0
    assert Server(data).start().stop() == 0


def test_up_goes_no_further_than_asked(tmp_path):
    data = tmp_path / "data"
    assert migrate(data, "up", "--to", "1").returncode == 0
    ours = newest(data)
    behind = migrate(data, "status", binary=find_next())
    assert behind.returncode == 1
    assert f"The database is at schema 1 and this allauth needs {ours + 1}; run allauth migrate up." in behind.stderr
    assert behind.stdout.count("pending") == ours


@pytest.mark.parametrize("args", [(), ("down",), ("up", "now"), ("up", "--to=0"), ("up", "--to=x"), ("up", "--to=10000")])
def test_wrong_use_is_told(tmp_path, args):
    refused = migrate(tmp_path / "data", *args)
    assert refused.returncode == 2
    assert refused.stderr.startswith("allauth: ") and refused.stderr.count("allauth: ") == 1


@pytest.mark.parametrize("args", [("up", "--tto=1"), ("status", "--to=1"), ("status", "--force=yes")])
def test_unknown_options_are_told(tmp_path, args):
    refused = migrate(tmp_path / "data", *args)
    assert refused.returncode == 1 and args[1].split("=")[0] in refused.stderr
    assert not (tmp_path / "data").exists()


def test_status_works_beside_a_server_and_up_does_not(tmp_path):
    server = Server(tmp_path / "data").start()
    try:
        assert migrate(server.data_dir, "status").returncode == 0
        refused = migrate(server.data_dir, "up")
        assert refused.returncode == 1
        assert "in use by another allauth process; stop that first" in refused.stderr
    finally:
        assert server.stop() == 0


def test_a_start_that_may_not_migrate_says_what_to_do(tmp_path):
    data = tmp_path / "data"
    options = ["--store.migrate=never", "--listener.0.address=127.0.0.1:0", "--grpc.0.address=off", "--operations_address=127.0.0.1:0"]
    refused = run("serve", f"--data_dir={data}", *options)
    assert refused.returncode == 1
    assert "run allauth migrate up" in refused.stderr
    assert migrate(data, "up").returncode == 0
    assert Server(data, **{"store.migrate": "never"}).start().stop() == 0


def test_what_older_nodes_use_is_not_taken_away_while_they_run(tmp_path, postgres):
    contracting = find_next("allauth_contracting")
    where = {"store.url": Postgres(postgres).options["store.url"], "master_key_file": tmp_path / "the.key"}

    def told(*args, binary=contracting):
        return run("migrate", *args, f"--data_dir={tmp_path / 'cli'}", f"--store.url={where['store.url']}", binary=binary)

    old, doomed = Server(tmp_path / "old", **where).start(), Server(tmp_path / "doomed", **where).start()
    newer = Server(tmp_path / "newer", binary=contracting, **where)
    try:
        ours = int(told("status", binary=None).stdout.split("this allauth knows ")[1].split(".")[0])
        status = told("status")
        assert status.returncode == 0, status.stderr
        for node in (old, doomed):
            [line] = [line for line in status.stdout.splitlines() if f":{node.pid} " in line]
            assert f"schema {ours}  api,gateway" in line and " s ago" in line and "SILENT" not in line

        refused = told("up")
        assert refused.returncode == 1
        assert f":{old.pid} " in refused.stderr or f":{doomed.pid} " in refused.stderr
        assert "Stop or upgrade it" in refused.stderr and "--force" in refused.stderr
        assert "pending" in told("status").stdout

        newer.start()  # beside them; it migrates at its start, but for that step
        assert "a step of the schema is left for later" in newer.log()
        assert old.stop() == 0
        status = told("status").stdout
        assert f":{newer.pid} " in status and f"schema {ours + 1}  api,gateway" in status
        assert ":%d " % doomed.pid in status and status.count("api,gateway") == 2
        doomed_name = f":{doomed.pid} "
        doomed.kill()
        refused = told("up")  # who was killed may as well be cut off
        assert refused.returncode == 1 and doomed_name in refused.stderr
        forced = told("up", "--force")
        assert forced.returncode == 0, forced.stderr
        assert f"The database is at schema {ours + 1}." in forced.stdout
        assert Api(newer.api).get("/api/v1/users/me").status == 401, "it goes on"
        late = run("serve", *[f"--{key}={value}" for key, value in {**where, "data_dir": tmp_path / "late"}.items()])
        assert late.returncode == 1 and "changed by a newer allauth" in late.stderr
        assert newer.stop() == 0
    finally:
        for node in (old, doomed, newer):
            node.kill()
