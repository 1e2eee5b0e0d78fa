"""An installation under load: writers with ledgers, and reads that must not notice that anything is wrong."""

import random
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
        assert wrong.status == 401, wrong
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
    """Load on a site while the test breaks something: `with Trial(site) as load:`. Leaving it compares everything."""

    def __init__(self, site, writers=6, seed=None):
        self.site = site
        self.seed = random.randrange(1 << 30) if seed is None else seed
        print(f"seed {self.seed}")
        self.chance = random.Random(self.seed)
        self.domain = site.domain()["id"]
        self.ledgers = [Ledger() for _ in range(writers)]
        self.writers = Writers(self.domain, self.ledgers, self.chance)
        self.hot = HotReads(site, self.domain)

    def __enter__(self):
        self.hot.start()
        self.writers.start(self.api(), patient=True)
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.writers.finish()
            self.hot.finish()
            self.check()
        else:
            for thread in (*self.writers.threads, self.hot):
                thread.halt.set()

    def api(self):
        return Api(self.site.server.api, token=self.site.admin.token)

    def check(self):
        check_ledgers(self.api(), self.ledgers)
        check_gateway(self.site, self.api(), self.ledgers[self.chance.randrange(len(self.ledgers))], self.domain)

    def outage(self, reads=15):
        """Returns once the outage was seen by writers, and a while of it by readers."""
        self.writers.wait_refused(2)
        self.hot.wait_for(reads)
        self.writers.wait_refused(2)

    def recovered(self, writes=30, within=60.0):
        self.writers.wait_for(writes, within)
        self.hot.wait_for(3)
