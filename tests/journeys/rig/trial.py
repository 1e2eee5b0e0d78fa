"""An installation under load: writers with ledgers, and reads that must not notice that anything is wrong."""

import random
import re
import threading

from .api import Api
from .ledger import Ledger, Writers
from .ledger_checks import check_gateway, check_ledgers
from .mqtt import RawClient
from .poll import eventually


class HotReads(threading.Thread):
    """Asks what a snapshot answers, over and over: by key, by check, through the gateway. Each must be right each time."""

    def __init__(self, site, domain, server=None):
        super().__init__(daemon=True)
        self.server = server or site.server
        self.api = Api(self.server.api, token=site.admin.token)
        self.open, self.closed = site.channel(domain)["id"], site.channel(domain)["id"]
        self.client = site.client(domain)
        site.connect(self.client.id, self.open, "publish")
        self.topics = [(f"m/{domain}/c/{self.open}", (0, 0x10)), (f"m/{domain}/c/{self.closed}", (0x87,))]
        self.rounds = 0
        self.surprise = None
        self.halt = threading.Event()

    def run(self):
        try:
            with RawClient(self.server.mqtt, 5, timeout=20).login(self.client) as device:
                while not self.halt.is_set():
                    self.round(device)
                    self.rounds += 1
                    self.halt.wait(0.005)
        except Exception as wrong:  # whatever it is, it is what the test is about
            self.surprise = wrong

    def round(self, device):
        known = self.api.must("POST", "/api/v1/auth/authenticate",
                              {"client_key": {"client_id": self.client.id, "key": self.client.key}})
        assert known["principal"]["id"] == self.client.id, known
        wrong = self.api.post("/api/v1/auth/authenticate",
                              {"client_key": {"client_id": self.client.id, "key": self.client.key[:-1] + "_"}})
        assert wrong.reason == "key.unknown", wrong
        assert self.allowed(self.open) and not self.allowed(self.closed)
        for topic, expected in self.topics:
            code = device.publish(topic, b"x", qos=1)
            assert code in expected, f"PUBACK {code:#x} for {topic}"
        if self.rounds % 20 == 0:
            with RawClient(self.server.mqtt, 5, timeout=20).login(self.client, mqtt_id="") as another:
                another.ping()

    def allowed(self, channel):
        return self.api.must("POST", "/api/v1/auth/check", {
            "subject": {"kind": "client", "id": self.client.id}, "permission": "publish",
            "object": {"kind": "channel", "id": channel}})["allowed"]

    def no_surprise(self):
        assert self.surprise is None, repr(self.surprise)
        return True

    def wait_for(self, more, within=60.0):
        """Until so many rounds more were right."""
        goal = self.rounds + more
        eventually(lambda: self.no_surprise() and self.rounds >= goal, within, f"{more} rounds of reads")

    def finish(self):
        self.halt.set()
        self.join(60)
        assert not self.is_alive(), "a read was not answered"
        self.no_surprise()


class Trial:
    """Load on a site while the test breaks something: `with Trial(site) as load:`. Leaving it compares everything, at each
    node. `cut_off`: nodes that get no writes; `reading`: those that get reads, by default all."""

    def __init__(self, site, writers=6, seed=None, cut_off=(), reading=None):
        self.site = site
        self.seed = random.randrange(1 << 30) if seed is None else seed
        print(f"seed {self.seed}")
        self.chance = random.Random(self.seed)
        self.domain = site.domain()["id"]
        self.ledgers = [Ledger() for _ in range(writers)]
        self.writers = Writers(self.domain, self.ledgers, self.chance)
        self.writing = [node for node in site.nodes if node not in cut_off]
        self.hot = [HotReads(site, self.domain, node) for node in reading or site.nodes]

    def __enter__(self):
        wait_for_one_mind(self.site.nodes)
        for reader in self.hot:
            reader.start()
        self.writers.start([self.site.admin_at(node) for node in self.writing], patient=True)
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.writers.finish()
            for reader in self.hot:
                reader.finish()
            self.check()
        else:
            for thread in (*self.writers.threads, *self.hot):
                thread.halt.set()

    def check(self):
        """What the ledgers say holds at each node; the nodes are of one mind."""
        wait_for_one_mind(self.site.nodes)
        ledger = self.ledgers[self.chance.randrange(len(self.ledgers))]
        for node in self.site.nodes:
            check_ledgers(self.site.admin_at(node), self.ledgers)
            check_gateway(self.site, self.site.admin_at(node), ledger, self.domain, node.mqtt)

    def outage(self, reads=15):
        """Returns once the outage was seen by writers, and a while of it by readers."""
        self.writers.wait_refused(2)
        self.wait_for_reads(reads)
        self.writers.wait_refused(2)

    def wait_for_reads(self, rounds):
        for reader in self.hot:
            reader.wait_for(rounds)

    def recovered(self, writes=30, within=60.0):
        self.writers.wait_for(writes, within)
        self.wait_for_reads(3)


def snapshot_revision(node):
    metrics = Api(node.operations).get("/metrics").body.decode()
    return int(float(re.search(r"^allauth_snapshot_revision (\S+)", metrics, re.M).group(1)))


def wait_for_one_mind(nodes, within=10.0):
    """Until all nodes answer from the same revision, which must be the newest when nobody writes."""
    eventually(lambda: len({snapshot_revision(node) for node in nodes}) == 1, within, "one revision everywhere")
