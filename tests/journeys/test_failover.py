"""PostgreSQL fails over to a standby. Synchronous: nothing is lost. Asynchronous: what was lost is noticed.

Only with ALLAUTH_KILLS=100 (script/test --all).
"""

import os

import pytest

from rig.api import Api
from rig.engines import Postgres, check_database, check_no_secret
from rig.poll import eventually
from rig.postgres import Cluster
from rig.site import Site, fresh
from rig.trial import Trial, snapshot_revision

FEW = int(os.environ.get("ALLAUTH_KILLS", "10")) < 100


@pytest.fixture
def pair(tmp_path):
    """A primary, its standby, and a site that knows both; `which` the standby is follows from the parameter."""
    if FEW:
        pytest.skip("fail-over takes its time: only with ALLAUTH_KILLS=100, as in script/test --all")
    with Cluster() as primary:
        engine = Postgres(primary)
        made = SiteOnPair(tmp_path, primary, engine)
        try:
            yield made
        finally:
            made.close()


class SiteOnPair:
    def __init__(self, folder, primary, engine):
        self.folder, self.primary, self.engine = folder, primary, engine
        self.standby = self.site = None

    def start(self, synchronous):
        self.standby = self.primary.standby(synchronous)
        url = self.primary.url(self.engine.database, self.standby, target_session_attrs="read-write", connect_timeout=2)
        self.site = Site(self.folder, **{"store.url": url, "store.connect_timeout": "2s"})
        return self.site

    def head(self, cluster):
        return int(cluster.sql("SELECT revision FROM log_head", self.engine.database)[0][0])

    def close(self):
        if self.site:
            self.site.close()
        if self.standby:
            self.standby.close()


def test_a_synchronous_standby_has_all(pair):
    site = pair.start(synchronous=True)
    pid = site.server.pid
    with Trial(site) as load:
        load.writers.wait_for(100)
        pair.primary.kill()
        load.outage()
        pair.standby.promote()
        load.recovered()
    assert site.server.pid == pid
    assert metric(site, "allauth_log_resyncs_total", 'cause="replaced"') == 0
    pair.engine.cluster = pair.standby
    check_database(pair.engine, site.server)
    check_no_secret(site.server.log(), site.admin.token)


@pytest.mark.parametrize("afterwards", ["shorter", "longer"])
def test_what_an_asynchronous_standby_lost_is_noticed(pair, afterwards):
    """The state is read anew, and said so; what was lost is not answered from any more."""
    site = pair.start(synchronous=False)
    domain = site.domain(route="kept")["id"]
    kept = site.client(domain)
    head = pair.head(pair.primary)
    eventually(lambda: pair.head(pair.standby) == head, 10, "the standby")
    pair.standby.detach()
    lost = site.client(domain)
    channel = site.channel(domain)["id"]
    site.connect(kept.id, channel, "publish")
    for _ in range(5):
        site.domain(route=fresh("lost"))
    known = {"client_key": {"client_id": lost.id, "key": lost.key}}
    assert site.admin.post("/api/v1/auth/authenticate", known).status == 200
    before = snapshot_revision(site.server)
    pair.primary.kill()
    pair.standby.promote()
    if afterwards == "longer":  # another node writes first: the revision is beyond, by another way
        other = site.node()
        for _ in range(20):
            Api(other.api, token=site.admin.token).must("POST", "/api/v1/domains", {"name": "x", "route": fresh("other")})
        other.stop()
    eventually(lambda: metric(site, "allauth_log_resyncs_total", 'cause="replaced"') >= 1, 20, "the alarm")
    assert "ALARM: the log was replaced" in site.server.log()
    eventually(lambda: site.admin.post("/api/v1/auth/authenticate", known).reason == "key.unknown", 10, "the state anew")
    kept_key = {"client_key": {"client_id": kept.id, "key": kept.key}}
    assert site.admin.post("/api/v1/auth/authenticate", kept_key).status == 200
    asked = site.admin.must("POST", "/api/v1/auth/check", {"subject": {"kind": "client", "id": kept.id},
                                                           "permission": "publish",
                                                           "object": {"kind": "channel", "id": channel}})
    assert not asked["allowed"]
    eventually(lambda: site.admin.post("/api/v1/domains", {"name": "x", "route": fresh("new")}).status == 201, 10, "writes")
    print(f"revision {before} before, {snapshot_revision(site.server)} after")
    pair.engine.cluster = pair.standby
    check_database(pair.engine, site.server)
    check_no_secret(site.server.log(), site.admin.token)


def metric(site, name, labels):
    line = next((line for line in site.metrics().splitlines() if line.startswith(f"{name}{{{labels}}}")), None)
    assert line, f"there is no metric {name}{{{labels}}}"
    return float(line.split()[-1])
