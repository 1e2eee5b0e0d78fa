"""Bytes change where they lie: the server says so and does not start, or it answers as before. It never allows what was
denied, and never dies without a word.

ALLAUTH_KILLS (10): how many bytes of each place are tried is twice that.
"""

import os
import random
import shutil

import pytest

from rig.api import Api
from rig.engines import check_no_secret
from rig.server import Server
from rig.site import Site

FLIPS = 2 * int(os.environ.get("ALLAUTH_KILLS", "10"))
PAGE = 4096


class Questions:
    """What is asked of the installation, and what the answers were while it was whole."""

    def __init__(self, folder):
        site = Site(folder, with_broker=False)
        try:
            self.site = site
            self.domain = site.domain(route="damage")["id"]
            self.channels = [site.channel(self.domain, route=f"ch-{i}")["id"] for i in range(6)]
            self.clients = [site.client(self.domain) for _ in range(6)]
            for i, client in enumerate(self.clients[:4]):
                site.connect(client.id, self.channels[i], "publish")
            site.connect(self.clients[4].id, self.channels[4], "subscribe")
            site.admin.must("POST", f"/api/v1/clients/{self.clients[1].id}/disable", {})
            site.admin.must("DELETE", f"/api/v1/clients/{self.clients[2].id}/keys/{self.clients[2].key_id}")
            self.ended = site.login(site.admin_email, "correct horse battery staple")
            self.ended.must("DELETE", "/api/v1/sessions/current")
            self.other = site.login(site.user()["email"])
            self.answers = self.ask(site.server)
        except BaseException:
            site.close()
            raise

    def ask(self, server):
        """Each answer: what was allowed and told; or `None` where the server could not tell."""
        admin = Api(server.api, token=self.site.admin.token)
        got = {"me": self.shown(admin.get("/api/v1/users/me")),
               "ended": self.shown(Api(server.api, token=self.ended.token).get("/api/v1/users/me")),
               "foreign": self.shown(Api(server.api, token=self.other.token).get(f"/api/v1/domains/{self.domain}"))}
        for client in self.clients:
            got[client.id] = self.shown(admin.post("/api/v1/auth/authenticate",
                                                   {"client_key": {"client_id": client.id, "key": client.key}}))
            for channel in self.channels:
                for action in ("publish", "subscribe"):
                    got[client.id, channel, action] = self.shown(admin.post("/api/v1/auth/check", {
                        "subject": {"kind": "client", "id": client.id}, "permission": action,
                        "object": {"kind": "channel", "id": channel}}), "allowed")
        return got

    @staticmethod
    def shown(answer, member=None):
        if answer.status >= 500:
            assert answer.is_problem and answer.json["detail"], answer
            return None
        return (answer.status, answer.json.get(member)) if member and answer.status == 200 else (answer.status, None)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Questions, and the folder of a server that was stopped, and of one that was killed."""
    folder = tmp_path_factory.mktemp("whole")
    questions = Questions(folder)
    questions.site.server.kill()
    shutil.copytree(folder / "data", folder / "killed")
    questions.site.server.start()
    assert questions.ask(questions.site.server) == questions.answers
    assert questions.site.close() == 0
    shutil.copytree(folder / "data", folder / "stopped")
    questions.folder = folder
    return questions


def flip(path, at, chance):
    data = bytearray(path.read_bytes())
    data[at] ^= chance.randrange(1, 256)
    path.write_bytes(data)


def start_damaged(tmp_path, whole, state, damage):
    """What came of a start: the answers, or nothing if it was refused with a message."""
    data = tmp_path / "data"
    shutil.rmtree(data, ignore_errors=True)
    shutil.copytree(whole.folder / state, data)
    damage(data)
    server = Server(data)
    server.log_path.unlink(missing_ok=True)
    try:
        server.start()
    except AssertionError:
        assert server.exit_code == 1, f"it ended with {server.exit_code}: {server.log()}"
        last = server.log().strip().splitlines()[-1]
        assert last.startswith("allauth: ") and len(last) > 30, server.log()
        return None
    try:
        return whole.ask(server)
    finally:
        assert server.stop() == 0, server.log()[-2000:]
        check_no_secret(server.log(), whole.site.admin.token)


def same_or_refused(whole, answers, where):
    """Refused, the same, or the same but for what could not be told."""
    if answers is None:
        return
    for question, before in whole.answers.items():
        assert answers[question] in (before, None), f"{where}: {question} was {before} and is {answers[question]}"


def places(size, chance):
    return sorted(chance.sample(range(size), min(size, FLIPS)))


def try_all(tmp_path, whole, state, name, offsets, seed):
    chance = random.Random(seed)
    refused = 0
    for at in offsets:
        answers = start_damaged(tmp_path, whole, state, lambda data: flip(data / name, at, chance))
        refused += answers is None
        same_or_refused(whole, answers, f"{name} at {at} (seed {seed})")
    print(f"{name}: {refused} of {len(offsets)} refused")
    return refused


def test_the_header_of_the_database(tmp_path, whole):
    chance = random.Random(1)
    assert try_all(tmp_path, whole, "stopped", "allauth.db", places(100, chance), 1) > 0


def test_the_pages_of_the_database(tmp_path, whole):
    """What holds a page together: its kind, its number of cells and where they are."""
    chance = random.Random(2)
    pages = (whole.folder / "stopped" / "allauth.db").stat().st_size // PAGE
    offsets = [PAGE * chance.randrange(1, pages) + chance.randrange(12) for _ in range(FLIPS)]
    assert try_all(tmp_path, whole, "stopped", "allauth.db", offsets, 2) > 0


def test_the_log_of_the_database(tmp_path, whole):
    """After a kill its "-wal" holds all that was answered. Before the last changes, what is lost in it is noticed."""
    size = (whole.folder / "killed" / "allauth.db-wal").stat().st_size
    chance = random.Random(3)
    offsets = [chance.randrange(size * 3 // 4) for _ in range(FLIPS)]
    assert try_all(tmp_path, whole, "killed", "allauth.db-wal", [0, 3, 20, *offsets], 3) > FLIPS // 2


def test_what_was_written_last_may_be_lost_with_the_log_but_not_the_rest(tmp_path, whole):
    """A change that was cut off by a power failure looks the same."""
    size = (whole.folder / "killed" / "allauth.db-wal").stat().st_size
    chance = random.Random(5)
    for _ in range(FLIPS // 4):
        at = size - 1 - chance.randrange(PAGE)
        answers = start_damaged(tmp_path, whole, "killed", lambda data: flip(data / "allauth.db-wal", at, chance))
        assert answers is None or answers["me"] == whole.answers["me"]


def test_the_master_key(tmp_path, whole):
    size = (whole.folder / "stopped" / "master.key").stat().st_size
    offsets = places(size, random.Random(4))
    refused = try_all(tmp_path, whole, "stopped", "master.key", offsets, 4)
    assert refused >= len(offsets) - 3, "but for a newline or the case of a digit"


@pytest.mark.parametrize("size", [0, 1, 50, PAGE, 3 * PAGE])
def test_a_database_cut_short(tmp_path, whole, size):
    answers = start_damaged(tmp_path, whole, "stopped", lambda data: os.truncate(data / "allauth.db", size))
    assert answers is None
