"""Writers that change an installation all the time, and a ledger of what each of them was told.

What was acknowledged must be there, whatever breaks; `ledger_checks.py` compares. A write that got no answer, or the answer
503, may have happened or not: it is `unsure`, and left alone until a check has seen which.
"""

import random
import threading
from http.client import HTTPException

from .poll import eventually
from .site import fresh

GONE = object()


class Ledger:
    """What one writer was told. Each thing belongs to one writer, so its history is one line."""

    def __init__(self):
        self.things = {}       # path -> the last entity acknowledged, or GONE
        self.connections = {}  # (channel, client) -> the last connection acknowledged, or GONE
        self.keys = {}         # (client, key, key id) -> True while acknowledged, False once deleted
        self.unsure = set()    # paths, pairs and keys whose last write may have happened or not

    def is_unsure(self, path):
        return path in self.unsure

    def is_unsure_pair(self, pair):
        return not self.unsure.isdisjoint({pair, f"/api/v1/channels/{pair[0]}", f"/api/v1/clients/{pair[1]}"})

    def is_unsure_key(self, key):
        return not self.unsure.isdisjoint({key, f"/api/v1/clients/{key[0]}"})


class Writer(threading.Thread):
    """Mixed writes until told to stop, or until the server is gone. With `patient` it takes 503 for an answer: counts it,
    and goes on."""

    def __init__(self, api, domain, ledger, seed, patient=False):
        super().__init__(daemon=True)
        self.api, self.domain, self.ledger, self.patient = api, domain, ledger, patient
        self.random = random.Random(seed)
        self.acknowledged = 0
        self.refused = []       # the reason of each 503
        self.surprise = None    # any other answer that was not expected
        self.halt = threading.Event()

    def run(self):
        moves = [self.create_client, self.create_channel, self.update, self.update, self.delete, self.connect, self.connect,
                 self.change, self.disconnect, self.create_key, self.delete_key, self.toggle]
        try:
            while not self.halt.is_set():
                self.random.choice(moves)()
        except (OSError, HTTPException) as lost:
            if self.patient:
                self.surprise = lost
        except AssertionError as wrong:
            self.surprise = wrong

    def finish(self):
        self.halt.set()

    def ask(self, what, method, path, body=None):
        """The acknowledged answer, or nothing. Until there is one, `what` is unsure."""
        self.ledger.unsure.add(what)
        answer = self.api.call(method, path, json=body)
        if self.patient and answer.status == 503:
            assert answer.is_problem and answer.headers.get("Retry-After"), answer
            self.refused.append(answer.reason)
            self.halt.wait(0.02)  # of course less than it was asked to wait
            return None
        assert answer.status < 300, f"{method} {path}: {answer}"
        self.ledger.unsure.discard(what)
        self.acknowledged += 1
        return answer.json if answer.body else {}

    def pick(self, prefix):
        alive = [path for path, thing in self.ledger.things.items()
                 if path.startswith(prefix) and thing is not GONE and not self.ledger.is_unsure(path)]
        return self.random.choice(alive) if alive else None

    def create_client(self):
        client_id = fresh("device")
        path = f"/api/v1/clients/{client_id}"
        made = self.ask(path, "POST", f"/api/v1/domains/{self.domain}/clients", {"name": "new", "client_id": client_id})
        if made:
            self.ledger.things[path] = made["client"]
            self.ledger.keys[(client_id, made["key"], made["key_id"])] = True

    def create_channel(self):
        route = fresh("ch")
        made = self.ask(route, "POST", f"/api/v1/domains/{self.domain}/channels", {"name": "new", "route": route})
        if made:
            self.ledger.things[f"/api/v1/channels/{made['id']}"] = made

    def update(self):
        path = self.pick("/api/v1/")
        if path:
            body = {"name": fresh("name"), "metadata": {"n": self.random.random()}, "tags": [fresh("tag")]}
            self.ledger.things[path] = self.ask(path, "PATCH", path, body) or self.ledger.things[path]

    def toggle(self):
        path = self.pick("/api/v1/")
        if path:
            word = "disable" if self.ledger.things[path]["status"] == "enabled" else "enable"
            self.ledger.things[path] = self.ask(path, "POST", f"{path}/{word}", {}) or self.ledger.things[path]

    def delete(self):
        path = self.pick("/api/v1/") if self.random.random() < 0.4 else None
        if path and self.ask(path, "DELETE", path) is not None:
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
        if self.ledger.connections.get(pair, GONE) is GONE and not self.ledger.is_unsure_pair(pair):
            body = {"client_id": pair[1], "actions": self.some_actions()}
            self.ledger.connections[pair] = self.ask(pair, "POST", f"{channel}/connections", body) or GONE

    def some_actions(self):
        return self.random.choice([["publish"], ["subscribe"], ["publish", "subscribe"]])

    def existing(self):
        alive = [pair for pair, row in self.ledger.connections.items()
                 if row is not GONE and not self.ledger.is_unsure_pair(pair)]
        return self.random.choice(alive) if alive else None

    def change(self):
        pair = self.existing()
        if pair:
            path = f"/api/v1/channels/{pair[0]}/connections/{pair[1]}"
            changed = self.ask(pair, "PATCH", path, {"actions": self.some_actions()})
            self.ledger.connections[pair] = changed or self.ledger.connections[pair]

    def disconnect(self):
        pair = self.existing() if self.random.random() < 0.5 else None
        if pair and self.ask(pair, "DELETE", f"/api/v1/channels/{pair[0]}/connections/{pair[1]}") is not None:
            self.ledger.connections[pair] = GONE

    def create_key(self):
        path = self.pick("/api/v1/clients/")
        client = path and path.rsplit("/", 1)[1]
        if path and sum(alive for key, alive in self.ledger.keys.items() if key[0] == client) < 4:
            made = self.ask(path, "POST", f"{path}/keys", {})  # its id is not known: the client is unsure without an answer
            if made:
                self.ledger.keys[(client, made["key"], made["key_id"])] = True

    def delete_key(self):
        alive = [key for key, there in self.ledger.keys.items() if there and not self.ledger.is_unsure_key(key)]
        if alive and self.random.random() < 0.5:
            key = self.random.choice(alive)
            if self.ask(key, "DELETE", f"/api/v1/clients/{key[0]}/keys/{key[2]}") is not None:
                self.ledger.keys[key] = False


class Writers:
    """Several writers at once, each with a ledger that outlives it."""

    def __init__(self, domain, ledgers, chance):
        self.domain, self.ledgers, self.chance = domain, ledgers, chance
        self.threads = []

    def start(self, apis, patient=False):
        """`apis`: one, or one per node to share the writers among."""
        apis = apis if isinstance(apis, list) else [apis]
        self.threads = [Writer(apis[i % len(apis)], self.domain, ledger, self.chance.random(), patient)
                        for i, ledger in enumerate(self.ledgers)]
        for writer in self.threads:
            writer.start()
        return self

    def acknowledged(self):
        return sum(writer.acknowledged for writer in self.threads)

    def refused(self):
        return [reason for writer in self.threads for reason in writer.refused]

    def no_surprise(self):
        for writer in self.threads:
            assert writer.surprise is None, writer.surprise
        return True

    def wait_for(self, more, within=60.0):
        """Until so many writes more were acknowledged."""
        goal = self.acknowledged() + more
        eventually(lambda: self.no_surprise() and self.acknowledged() >= goal, within, f"{more} writes")

    def wait_refused(self, more=1, within=30.0):
        goal = len(self.refused()) + more
        eventually(lambda: self.no_surprise() and len(self.refused()) >= goal, within, f"{more} answers 503")

    def finish(self):
        for writer in self.threads:
            writer.finish()
        self.join()

    def join(self):
        for writer in self.threads:
            writer.join(60)
            assert not writer.is_alive(), "a write was not answered"
        self.no_surprise()
