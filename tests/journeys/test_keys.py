"""`allauth keys`: the master keys, from one to the next; what is damaged is refused with a sentence."""

import re
import sqlite3
import stat

import pytest

from rig.api import Api
from rig.server import Server, flags, run
from rig.site import ADMIN_PASSWORD

ADMIN = {"email": "root@example.org", "password": ADMIN_PASSWORD, "name": "Root"}


class Place:
    """A data folder with a started and stopped server, and the commands on it."""

    def __init__(self, folder):
        self.data = folder / "data"
        self.file = self.data / "master.key"
        server = Server(self.data).start()
        Api(server.api).must("POST", "/api/v1/setup", {"setup_token": server.setup_token, **ADMIN})
        self.token = self.login(server)
        assert server.stop() == 0
        self.count = int(re.search(r"(\d+) secrets", self.must("status")).group(1))

    @staticmethod
    def login(server):
        api = Api(server.api)
        return api.must("POST", "/api/v1/sessions", {"login": ADMIN["email"], "password": ADMIN_PASSWORD})["access_token"]

    def keys(self, *args):
        return run("keys", *args, f"--data_dir={self.data}")

    def must(self, *args):
        done = self.keys(*args)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refused(self, *args, code=1):
        done = self.keys(*args)
        assert done.returncode == code, done
        assert done.stderr.startswith("allauth: ") and done.stderr.count("allauth: ") == 1, done.stderr
        return done.stderr

    def ids(self):
        return [line.split()[1] for line in self.file.read_text().splitlines()]

    def start_refused(self):
        ended = run("serve", *flags({"data_dir": self.data, "listener.0.address": "127.0.0.1:0", "grpc.0.address": "off",
                                     "operations_address": "127.0.0.1:0"}), timeout=20)
        assert ended.returncode == 1, ended
        return ended.stderr


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def test_a_key_is_followed_by_the_next(place):
    old, = place.ids()
    assert re.search(rf"{old} +current +{place.count} secrets", place.must("status"))
    new = re.search(r"Master key (\w{8}) was added", place.must("add")).group(1)
    assert place.ids() == [old, new]
    assert stat.S_IMODE(place.file.stat().st_mode) == 0o600
    place.must("use", new)
    assert place.ids() == [new, old]
    assert f"{place.count} secrets in the database are sealed under master key {old}" in place.refused("retire", old)
    assert f"{place.count} secrets were sealed again" in place.must("reseal")
    assert "0 secrets were sealed again" in place.must("reseal")
    assert re.search(rf"{new} +current +{place.count} secrets", place.must("status"))
    assert re.search(rf"{old} +0 secrets", place.must("status"))
    place.must("retire", old)
    assert place.ids() == [new]
    server = Server(place.data).start()
    try:
        api = Api(server.api, token=place.token)
        assert api.must("GET", "/api/v1/users/me")["email"] == ADMIN["email"], "tokens made before are still good"
        assert place.login(server)
        assert re.search(rf"{new} +current +{place.count} secrets", place.must("status")), "also beside a server"
        assert "stop that first" in place.refused("reseal")
    finally:
        assert server.stop() == 0


def test_what_cannot_be_done_is_told(place):
    only, = place.ids()
    before = place.file.read_bytes()
    assert "holds no key 00000000" in place.refused("use", "00000000")
    assert "holds no key 00000000" in place.refused("retire", "00000000")
    assert f"{place.count} secrets in the database are sealed under master key {only}" in place.refused("retire", only)
    assert "eight hexadecimal digits" in place.refused("use", "nonsense")
    for wrong in ((), ("frob",), ("add", "x"), ("use",), ("retire",)):
        assert "allauth help keys" in place.refused(*wrong, code=2)
    assert place.file.read_bytes() == before
    for _ in range(7):
        place.must("add")
    assert "which is the most" in place.refused("add")
    assert place.file.stat().st_nlink == 1 and len(list(place.data.glob("master.key*"))) == 1


def test_a_key_that_is_lost_for_good_is_given_up(place):
    lost, = place.ids()
    assert "nothing is lost" in place.refused("abandon", lost)
    server = Server(place.data).start()
    try:
        api = Api(server.api, token=place.login(server))
        domain = api.must("POST", "/api/v1/domains", {"name": "Home"})["id"]
        made = api.must("POST", f"/api/v1/domains/{domain}/clients", {"name": "lamp"})
        client, old_key = made["client"]["id"], made["key"]
        assert api.must("POST", "/api/v1/auth/authenticate", {"client_key": {"client_id": client, "key": old_key}})
        aside = place.file.rename(place.data / "aside")
        assert "stop that first" in place.refused("abandon", lost)
        aside.rename(place.file)
    finally:
        assert server.stop() == 0
    place.file.unlink()
    assert lost in place.start_refused(), "who has to name the key is told its name"
    assert "Nothing in the database is sealed" in place.refused("abandon", "00000000")
    assert f"{place.count} secrets" in place.must("abandon", lost)
    server = Server(place.data).start()
    try:
        assert place.ids() != [lost]
        assert Api(server.api, token=place.token).call("GET", "/api/v1/users/me").status == 401
        api = Api(server.api, token=place.login(server))
        old = {"client_key": {"client_id": client, "key": old_key}}
        assert api.call("POST", "/api/v1/auth/authenticate", old).status == 401
        new_key = api.must("POST", f"/api/v1/clients/{client}/keys", {})["key"]
        assert api.must("POST", "/api/v1/auth/authenticate", {"client_key": {"client_id": client, "key": new_key}})
    finally:
        assert server.stop() == 0


def test_the_key_file_may_lie_elsewhere(place, tmp_path):
    elsewhere = tmp_path / "the.key"
    place.file.rename(elsewhere)
    assert "Restore the file" in place.start_refused()
    assert f"{place.count} secrets" in place.must("status", f"--master_key_file={elsewhere}")
    server = Server(place.data, master_key_file=elsewhere).start()
    assert server.stop() == 0
    assert not place.file.exists()


def test_a_damaged_key_file_is_refused(place):
    whole = place.file.read_bytes()
    for damaged, sentence in ((b"0" + whole[1:] if whole[:1] != b"0" else b"1" + whole[1:], "is damaged"),
                              (b"x" + whole[1:], "is no key"), (whole[:40], "is no key"), (b"", "holds 1 to 8 keys"),
                              (whole[:32], "A master key is 32 bytes"), (whole * 2, "a key twice")):
        place.file.write_bytes(damaged)
        assert sentence in place.start_refused(), damaged
        assert sentence in place.refused("status")
        assert place.file.read_bytes() == damaged
    place.file.write_bytes(whole)
    place.file.chmod(0o640)
    assert "accessible to its owner only" in place.start_refused()


def test_another_key_is_refused_and_the_missing_one_named(place):
    old, = place.ids()
    place.file.write_text("ab" * 32 + "\n")
    assert f"sealed under master key {old}" in place.start_refused()
    assert f"put back the file" in place.refused("status")
    assert re.search(rf"{old} +MISSING +{place.count} secrets", place.keys("status").stdout)
    assert f"sealed under master key {old}" in place.refused("reseal")


def test_a_damaged_secret_is_refused_and_named(place):
    def flip(sql_value, sql_update, at):
        with sqlite3.connect(place.data / "allauth.db") as db:
            value = bytearray(db.execute(sql_value).fetchone()[0])
            value[at] ^= 1
            db.execute(sql_update, (bytes(value),))
        db.close()

    select, update = "SELECT sealed FROM signing_keys", "UPDATE signing_keys SET sealed = ?"
    for at in (5, 40, -1):  # nonce, text, tag
        flip(select, update, at)
        sentence = place.start_refused()
        assert "sealed value in sealed of signing_keys" in sentence and "restore it from a backup" in sentence
        flip(select, update, at)
    flip(select, update, 1)  # the key's id
    assert "which the master key file does not hold" in place.start_refused()
    flip(select, update, 1)
    select, update = ("SELECT value FROM settings WHERE name = 'digest_key'",
                      "UPDATE settings SET value = ? WHERE name = 'digest_key'")
    flip(select, update, -1)
    assert "sealed value in value of settings digest_key" in place.start_refused()
    flip(select, update, -1)
    server = Server(place.data).start()
    assert server.stop() == 0
