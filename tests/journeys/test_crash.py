"""kill -9 in the middle of mixed writes: what was acknowledged is there, and nothing is half there.

ALLAUTH_KILLS says how often (10).
"""

import os
import random
import shutil
import sqlite3
import subprocess
import threading
from http.client import HTTPException
from types import SimpleNamespace

from rig.api import Api
from rig.mqtt import RawClient
from rig.server import Server, find_binary, flags
from rig.site import Site, fresh

KILLS = int(os.environ.get("ALLAUTH_KILLS", "10"))
WRITERS = 6
GONE = object()


class Ledger:
    """What one writer was told. Each thing belongs to one writer, so its history is one line."""

    def __init__(self):
        self.things = {}       # path -> the last entity acknowledged, or GONE
        self.connections = {}  # (channel, client) -> the last connection acknowledged, or GONE
        self.keys = {}         # (client, key) -> True while acknowledged, False once deleted
        self.pending = None    # (what, before, after-check) of a write without an answer


class Writer(threading.Thread):
    def __init__(self, api, domain, ledger, counter, seed):
        super().__init__()
        self.api, self.domain, self.ledger, self.counter = api, domain, ledger, counter
        self.random = random.Random(seed)
        self.surprise = None

    def run(self):
        try:
            while True:
                self.random.choice([self.create_client, self.create_channel, self.update, self.update, self.delete,
                                    self.connect, self.connect, self.change, self.disconnect, self.create_key,
                                    self.delete_key, self.toggle])()
        except (OSError, HTTPException):
            pass
        except AssertionError as wrong:
            self.surprise = wrong

    def ask(self, what, method, path, body=None):
        """Notes what may have happened before asking, and that it has once there is an answer."""
        self.ledger.pending = what
        answer = self.api.must(method, path, body)
        self.ledger.pending = None
        self.counter.acknowledged()
        return answer

    def pick(self, prefix):
        alive = [path for path, thing in self.ledger.things.items() if path.startswith(prefix) and thing is not GONE]
        return self.random.choice(alive) if alive else None

    def create_client(self):
        client_id = fresh("device")
        path = f"/api/v1/clients/{client_id}"
        made = self.ask(path, "POST", f"/api/v1/domains/{self.domain}/clients", {"name": "new", "client_id": client_id})
        self.ledger.things[path] = made["client"]
        self.ledger.keys[(client_id, made["key"], made["key_id"])] = True

    def create_channel(self):
        made = self.ask("a channel", "POST", f"/api/v1/domains/{self.domain}/channels", {"name": "new", "route": fresh("ch")})
        self.ledger.things[f"/api/v1/channels/{made['id']}"] = made

    def update(self):
        path = self.pick("/api/v1/")
        if path:
            body = {"name": fresh("name"), "metadata": {"n": self.random.random()}, "tags": [fresh("tag")]}
            self.ledger.things[path] = self.ask(path, "PATCH", path, body)

    def toggle(self):
        path = self.pick("/api/v1/")
        if path:
            word = "disable" if self.ledger.things[path]["status"] == "enabled" else "enable"
            self.ledger.things[path] = self.ask(path, "POST", f"{path}/{word}", {})

    def delete(self):
        path = self.pick("/api/v1/") if self.random.random() < 0.4 else None
        if path:
            self.ask(path, "DELETE", path)
            self.ledger.things[path] = GONE
            thing = path.rsplit("/", 1)[1]
            for pair in self.ledger.connections:
                if thing in pair:
                    self.ledger.connections[pair] = GONE
            for key in self.ledger.keys:
                if key[0] == thing:
                    self.ledger.keys[key] = False

    def connect(self):
        channel, client = self.pick("/api/v1/channels/"), self.pick("/api/v1/clients/")
        if not channel or not client:
            return
        pair = (channel.rsplit("/", 1)[1], client.rsplit("/", 1)[1])
        if self.ledger.connections.get(pair, GONE) is GONE:
            actions = self.random.choice([["publish"], ["subscribe"], ["publish", "subscribe"]])
            body = {"client_id": pair[1], "actions": actions}
            self.ledger.connections[pair] = self.ask(pair, "POST", f"{channel}/connections", body)

    def existing(self):
        alive = [pair for pair, row in self.ledger.connections.items() if row is not GONE]
        return self.random.choice(alive) if alive else None

    def change(self):
        pair = self.existing()
        if pair:
            actions = self.random.choice([["publish"], ["subscribe"], ["publish", "subscribe"]])
            path = f"/api/v1/channels/{pair[0]}/connections/{pair[1]}"
            self.ledger.connections[pair] = self.ask(pair, "PATCH", path, {"actions": actions})

    def disconnect(self):
        pair = self.existing()
        if pair and self.random.random() < 0.5:
            self.ask(pair, "DELETE", f"/api/v1/channels/{pair[0]}/connections/{pair[1]}")
            self.ledger.connections[pair] = GONE

    def create_key(self):
        path = self.pick("/api/v1/clients/")
        client = path and path.rsplit("/", 1)[1]
        if path and sum(alive for key, alive in self.ledger.keys.items() if key[0] == client) < 4:
            made = self.ask("a key", "POST", f"{path}/keys", {})
            self.ledger.keys[(client, made["key"], made["key_id"])] = True

    def delete_key(self):
        alive = [key for key, there in self.ledger.keys.items() if there]
        if alive and self.random.random() < 0.5:
            key = self.random.choice(alive)
            self.ask(key, "DELETE", f"/api/v1/clients/{key[0]}/keys/{key[2]}")
            self.ledger.keys[key] = False


class Counter:
    """Tells once so many writes were acknowledged."""

    def __init__(self, target):
        self.left = target
        self.lock = threading.Lock()
        self.reached = threading.Event()

    def acknowledged(self):
        with self.lock:
            self.left -= 1
            if self.left <= 0:
                self.reached.set()


def check_things(api, ledger):
    for path, told in ledger.things.items():
        answer = api.get(path)
        if ledger.pending == path:  # done or not, but one of the two
            if answer.status == 200:
                ledger.things[path] = answer.json
            else:
                assert answer.status == 404
                ledger.things[path] = GONE
        elif told is GONE:
            assert answer.status == 404, f"{path} is back: {answer}"
        else:
            assert answer.status == 200, f"{path} is lost: {answer}"
            assert answer.json == told


def listed_connections(api, channel):
    answer = api.get(f"/api/v1/channels/{channel}/connections?page_size=1000")
    return {row["client_id"]: row for row in answer.json["connections"]} if answer.status == 200 else {}


def check_connections(api, ledger):
    if isinstance(ledger.pending, tuple) and len(ledger.pending) == 2:  # it may have been the first of its pair
        ledger.connections.setdefault(ledger.pending, GONE)
    channels = {pair[0] for pair in ledger.connections}
    there = {channel: listed_connections(api, channel) for channel in channels}
    for pair, told in ledger.connections.items():
        row = there[pair[0]].get(pair[1])
        unsure = ledger.pending == pair or ledger.pending in (f"/api/v1/channels/{pair[0]}", f"/api/v1/clients/{pair[1]}")
        if unsure:
            ledger.connections[pair] = row or GONE
        elif told is GONE:
            assert row is None, f"the connection {pair} is back"
        else:
            assert row == told, f"the connection {pair} is {row}, not {told}"


def check_keys(api, ledger):
    for key, there in ledger.keys.items():
        client = ledger.things.get(f"/api/v1/clients/{key[0]}")
        unsure = ledger.pending == key or ledger.pending == f"/api/v1/clients/{key[0]}"
        answer = api.post("/api/v1/auth/authenticate", {"client_key": {"client_id": key[0], "key": key[1]}})
        if unsure:
            listed = api.get(f"/api/v1/clients/{key[0]}/keys")
            ledger.keys[key] = listed.status == 200 and key[2] in [row["key_id"] for row in listed.json["keys"]]
        elif not there or client is GONE:
            assert answer.status == 401, f"the key {key[2]} of {key[0]} works again"
        elif client["status"] == "enabled":
            assert answer.status == 200, f"the key {key[2]} of {key[0]} is lost: {answer}"
        else:
            assert answer.reason == "client.disabled"


def check_gateway(site, api, ledger, domain):
    """Some clients try all channels: through the gateway, and by asking the API."""
    usable = {}
    for key, there in ledger.keys.items():
        client = ledger.things.get(f"/api/v1/clients/{key[0]}", GONE)
        if there and client is not GONE and client["status"] == "enabled":
            usable[key[0]] = SimpleNamespace(id=key[0], key=key[1])
    channels = [p.rsplit("/", 1)[1] for p, t in ledger.things.items() if p.startswith("/api/v1/channels/")][-30:]
    rows = {channel: listed_connections(api, channel) for channel in channels}
    for client in list(usable.values())[-3:]:
        with RawClient(site.server.mqtt, 5).login(client) as device:
            for i, channel in enumerate(channels):
                entity = ledger.things[f"/api/v1/channels/{channel}"]
                enabled = entity is not GONE and entity["status"] == "enabled"
                actions = rows[channel].get(client.id, {"actions": []})["actions"]
                code = device.publish(f"m/{domain}/c/{channel}", b"x", qos=1, packet_id=i + 1)
                assert code in ((0, 0x10) if enabled and "publish" in actions else (0x87,)), (channel, code, actions, entity)
                codes = device.subscribe(f"m/{domain}/c/{channel}/own", packet_id=1000 + i)
                assert codes == ([1] if enabled and "subscribe" in actions else [0x87])
                for action in ("publish", "subscribe") if entity is not GONE else ():
                    asked = api.must("POST", "/api/v1/auth/check", {
                        "subject": {"kind": "client", "id": client.id}, "permission": action,
                        "object": {"kind": "channel", "id": channel}})
                    assert asked["allowed"] == (action in actions)


def check_database(data_dir, copy):
    """The files as the kill left them, in a copy, read by another program."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(data_dir, copy)
    database = sqlite3.connect(copy / "allauth.db")
    try:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        head = database.execute("SELECT revision FROM log_head").fetchone()[0]
        count, least, most = database.execute("SELECT count(*), min(revision), max(revision) FROM log_entries").fetchone()
        assert (count, least, most) == (head, 1, head), "the log has holes"
        assert database.execute("SELECT count(*) FROM log_entries WHERE slug = '' OR time = 0").fetchone()[0] == 0
        assert database.execute("SELECT count(*) FROM connections k LEFT JOIN clients c ON c.id = k.client_id "
                                "LEFT JOIN channels h ON h.id = k.channel_id "
                                "WHERE c.id IS NULL OR h.id IS NULL").fetchone()[0] == 0
        return head
    finally:
        database.close()


def test_nothing_acknowledged_is_lost(tmp_path):
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    chance = random.Random(seed)
    site = Site(tmp_path)
    try:
        domain = site.domain(route="crash")["id"]
        ledgers = [Ledger() for _ in range(WRITERS)]
        session = site.session(site.admin_email, "correct horse battery staple")
        head = 0
        for kill in range(KILLS):
            api = Api(site.server.api, token=site.admin.token)
            counter = Counter(chance.randrange(20, 150))
            writers = [Writer(api, domain, ledger, counter, chance.random()) for ledger in ledgers]
            for writer in writers:
                writer.start()
            reached = counter.reached.wait(60)
            site.server.kill()
            for writer in writers:
                writer.join(30)
                assert writer.surprise is None, writer.surprise
            assert reached, "the writers came to a halt"

            grown = check_database(site.server.data_dir, tmp_path / "copy")
            assert grown > head
            head = grown

            site.server.start()
            api = Api(site.server.api, token=site.admin.token)
            assert api.get("/api/v1/users/me").status == 200, "the token did not survive"
            for ledger in ledgers:
                check_things(api, ledger)
                check_connections(api, ledger)
                check_keys(api, ledger)
                ledger.pending = None
            check_gateway(site, api, ledgers[kill % WRITERS], domain)
        session = api.must("POST", "/api/v1/sessions/refresh", {"refresh_token": session["refresh_token"]})
        assert site.server.stop() == 0
        assert check_database(site.server.data_dir, tmp_path / "copy") > head
        site.server.start()
        api = Api(site.server.api, token=session["access_token"])
        for ledger in ledgers:
            check_things(api, ledger)
    finally:
        site.close()


def test_a_start_that_was_killed_leaves_nothing_that_hinders_the_next(tmp_path):
    """The first start writes schema, keys and the setup token; each may be the last that was done."""
    chance = random.Random(7)
    server = Server(tmp_path / "data")
    for _ in range(KILLS):
        child = subprocess.Popen([find_binary(), "serve", *flags(server.options)], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        try:
            child.wait(chance.random() * 0.08)
        except subprocess.TimeoutExpired:
            pass
        child.kill()
        child.wait()
    server.start()
    assert server.setup_token or "admin reset" in server.banner
    assert server.stop() == 0
