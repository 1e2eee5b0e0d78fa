"""`allauth backup` and `restore`: all that was acknowledged comes back, on either engine; what is damaged does not."""

import random
import resource
import shutil
import stat

import pytest

from rig.api import Api
from rig.ledger import Ledger, Writers
from rig.ledger_checks import check_gateway, check_ledgers
from rig.server import Server, flags, run
from rig.site import ADMIN_PASSWORD, Site

ADMIN = {"email": "root@example.org", "password": ADMIN_PASSWORD, "name": "Root"}


def command(verb, file, data, *more, options=None, **kwargs):
    return run(verb, file, *flags({"data_dir": data, **(options or {})}), *more, **kwargs)


def must(*args, **kwargs):
    done = command(*args, **kwargs)
    assert done.returncode == 0, done
    return done.stdout


def refused(*args, code=1, **kwargs):
    done = command(*args, **kwargs)
    assert done.returncode == code, done
    assert done.stderr.startswith("allauth: ") and done.stderr.count("allauth: ") == 1, done.stderr
    return done.stderr


@pytest.fixture
def data(tmp_path):
    """The data folder of a server that ran and was stopped."""
    server = Server(tmp_path / "data").start()
    Api(server.api).must("POST", "/api/v1/setup", {"setup_token": server.setup_token, **ADMIN})
    assert server.stop() == 0
    return tmp_path / "data"


def can_log_in(server):
    return Api(server.api).post("/api/v1/sessions", {"login": ADMIN["email"], "password": ADMIN_PASSWORD}).status == 201


def test_what_was_acknowledged_comes_back(tmp_path, engine, target):
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    chance = random.Random(seed)
    site = Site(tmp_path, **engine.options)
    restored = Server(tmp_path / "restored", upstream=site.broker.port, **target.options)
    try:
        domain = site.domain(route="backup")["id"]
        ledgers = [Ledger() for _ in range(4)]
        api = Api(site.server.api, token=site.admin.token)
        writers = Writers(domain, ledgers, chance).start(api)
        for number in range(3):  # while it is written to
            writers.wait_for(chance.randrange(20, 100))
            said = must("backup", tmp_path / f"{number}.aab", site.server.data_dir, "--verify", options=engine.options)
            assert "read again and is good" in said
        writers.finish()

        backup = tmp_path / "last.aab"
        said = must("backup", backup, site.server.data_dir, options=engine.options)
        assert "master.key as well" in said and stat.S_IMODE(backup.stat().st_mode) == 0o600
        shutil.rmtree(tmp_path / "restored", ignore_errors=True)
        said = must("restore", backup, tmp_path / "restored", options=target.options)
        assert "which" in said and "put it there before the start" in said, "the key is not there yet"
        shutil.copy(site.server.data_dir / "master.key", tmp_path / "restored/master.key")

        restored.start()
        assert restored.setup_token is None
        api = Api(restored.api, token=site.admin.token)
        assert api.get("/api/v1/users/me").status == 200, "a token of before is good"
        check_ledgers(api, ledgers)
        check_gateway(site, api, ledgers[0], domain, mqtt_port=restored.mqtt)
        writers = Writers(domain, ledgers, chance).start(api)
        writers.wait_for(50)
        writers.finish()
        assert restored.stop() == 0
        for number in range(3):  # each of them is whole
            assert "is a good backup" in must("restore", tmp_path / f"{number}.aab", tmp_path / "none", "--dry-run")
    finally:
        restored.kill()
        site.close()


def test_a_dry_run_changes_nothing(data, tmp_path):
    backup = tmp_path / "b.aab"
    must("backup", backup, data)
    said = must("restore", backup, tmp_path / "new", "--dry-run")
    assert "is a good backup" in said and "nothing was changed" in said and "users" in said
    assert not (tmp_path / "new").exists()
    assert "not empty" in refused("restore", backup, data, "--dry-run")


def test_a_restore_takes_an_empty_database_only(data, tmp_path):
    backup = tmp_path / "b.aab"
    must("backup", backup, data)
    before = (data / "allauth.db").read_bytes()
    assert "not empty" in refused("restore", backup, data)
    assert (data / "allauth.db").read_bytes() == before
    server = Server(data).start()
    try:
        refused("restore", backup, data)
        assert can_log_in(server)
    finally:
        assert server.stop() == 0


def test_a_damaged_backup_is_refused_before_anything_is_made(data, tmp_path):
    backup = tmp_path / "b.aab"
    must("backup", backup, data)
    whole = backup.read_bytes()
    new = tmp_path / "new"
    damaged = tmp_path / "damaged.aab"
    for at in (0, 15, 16, 18, 30, 60, len(whole) // 2, len(whole) - 33, len(whole) - 1):
        changed = bytearray(whole)
        changed[at] ^= 0x10
        damaged.write_bytes(changed)
        said = refused("restore", damaged, new)
        assert ("is damaged or not complete" if at > 15 else "backup") in said
        assert not new.exists()
    for size in (0, 10, 16, 40, len(whole) // 2, len(whole) - 1):
        damaged.write_bytes(whole[:size])
        refused("restore", damaged, new)
    damaged.write_bytes(whole + b"x")
    refused("restore", damaged, new)
    assert not new.exists()


def test_an_interrupted_restore_is_not_served_and_can_be_repeated(data, tmp_path):
    server = Server(data).start()
    admin = Api(server.api, token=Api(server.api).must("POST", "/api/v1/sessions", {
        "login": ADMIN["email"], "password": ADMIN_PASSWORD})["access_token"])
    for number in range(300):
        admin.must("POST", "/api/v1/domains", {"name": f"Domain {number}", "metadata": {"long": "x" * 3000}})
    assert server.stop() == 0
    backup = tmp_path / "b.aab"
    must("backup", backup, data)
    new = tmp_path / "new"

    def small_files():  # SIGXFSZ ends the process in the middle of its writing
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_200_000, 1_200_000))

    ended = command("restore", backup, new, preexec_fn=small_files)
    assert ended.returncode != 0, ended
    serve = run("serve", *flags({"data_dir": new, "listener.0.address": "127.0.0.1:0", "grpc.0.address": "off",
                                 "operations_address": "127.0.0.1:0"}), timeout=20)
    assert serve.returncode == 1
    assert "restore into this database was interrupted" in serve.stderr and "run allauth restore again" in serve.stderr
    assert "was interrupted" in refused("backup", tmp_path / "of-half.aab", new)
    must("restore", backup, new)
    shutil.copy(data / "master.key", new / "master.key")
    server = Server(new).start()
    assert can_log_in(server)
    assert server.stop() == 0


def test_what_is_wrong_is_told(data, tmp_path):
    backup = tmp_path / "b.aab"
    for wrong in ((), ("one", "two")):
        for verb in ("backup", "restore"):
            done = run(verb, *wrong, f"--data_dir={data}")
            assert done.returncode == 2 and f"allauth help {verb}" in done.stderr
    assert "There is no database" in refused("backup", backup, tmp_path / "nowhere")
    assert "cannot be written" in refused("backup", tmp_path / "no/such/folder.aab", data)
    assert "tto" in refused("backup", backup, data, "--tto=1")
    assert "There is no file" in refused("restore", tmp_path / "absent", tmp_path / "new")
    assert "not a regular file" in refused("restore", tmp_path, tmp_path / "new")
    assert "not a backup of allauth" in refused("restore", data / "allauth.db", tmp_path / "new")
    must("backup", backup, data)
    before = backup.read_bytes()
    assert "already" in refused("backup", backup, data)
    assert backup.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.aab", "data", "data.log"], "nothing is left behind"


def test_no_secret_is_in_a_backup_in_clear(data, tmp_path):
    backup = tmp_path / "b.aab"
    must("backup", backup, data)
    bytes_ = backup.read_bytes()
    key = (data / "master.key").read_text().split()[0]
    for secret in (ADMIN_PASSWORD.encode(), key.encode(), bytes.fromhex(key), b"PRIVATE KEY"):
        assert secret not in bytes_


def test_a_backup_beside_a_server_leaves_it_alone(data, tmp_path):
    server = Server(data).start()
    try:
        for number in range(3):
            must("backup", tmp_path / f"{number}.aab", data)
            assert can_log_in(server)
        assert server.stop() == 0
        server.start()
        assert can_log_in(server)
    finally:
        assert server.stop() == 0
