"""The log is kept for a short time only, while clients write: nothing gets lost by that, and who was away for longer comes
back all the same."""

import os
import random
import re
import signal

import pytest

from rig.api import Api
from rig.engines import Postgres, check_database
from rig.ledger import Ledger, Writers
from rig.ledger_checks import check_gateway, check_ledgers
from rig.mqtt import RawClient
from rig.nodes import GatewayNode, enroll
from rig.poll import eventually
from rig.proxy import Proxy
from rig.server import run
from rig.site import Site
from rig.trial import Trial, snapshot_revision

SHORT = {"store.log_retention": "10s"}  # the least that there is
WITHIN = 60.0


def metric(node, name):
    text = Api(node.operations).get("/metrics").body.decode()
    return float(re.search(rf"^{re.escape(name)} (\S+)", text, re.M).group(1))


def dropped(node):
    return metric(node, 'allauth_log_dropped_total{what="images"}')


def head(engine, column):
    return int(engine.query(f"SELECT {column} FROM log_head")[0][0])


def compacted_to(engine, server):
    """All acts are there, and the images after what the head says is gone: that revision."""
    check_database(engine, server)
    compacted = head(engine, "compacted")
    assert engine.query("SELECT count(*) FROM log_entries e LEFT JOIN log_images i ON i.revision = e.revision "
                        f"WHERE e.slug = 'client.created' AND e.revision > {compacted} AND i.revision IS NULL") == [["0"]]
    return compacted


def test_what_is_dropped_is_not_needed(tmp_path, engine):
    """The server is killed shortly after it has begun with a portion, and starts from what is left."""
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    chance = random.Random(seed)
    site = Site(tmp_path, **{**engine.options, **SHORT})
    try:
        domain = site.domain()["id"]
        ledgers = [Ledger() for _ in range(4)]
        compacted = 0
        for _ in range(3):
            writers = Writers(domain, ledgers, chance).start(site.admin_at(site.server))
            writers.wait_for(20)
            eventually(lambda: writers.no_surprise() and dropped(site.server) > 0, WITHIN, "the next portion")
            site.server.kill()
            writers.join()
            further = compacted_to(engine, site.server)
            assert further > compacted
            compacted = further
            site.server.start()
            api = site.admin_at(site.server)
            check_ledgers(api, ledgers)
            check_gateway(site, api, ledgers[0], domain)
        assert "dropped what the log has kept for long enough" in site.server.log()
        assert metric(site.server, 'allauth_log_oldest_seconds{what="acts"}') > 10
        assert site.server.stop() == 0
    finally:
        site.close()


def test_nodes_that_were_away_for_too_long_come_back(tmp_path, postgres):
    """One was asleep, one stopped, and a gateway without a database was cut off."""
    engine = Postgres(postgres)
    site = Site(tmp_path, **{**engine.options, **SHORT})
    proxy = Proxy(site.server.api)
    asleep, stopped, gateway = site.node(), site.node(), None
    try:
        gateway = GatewayNode(tmp_path / "edge", site, enroll(site)[1], url=f"http://127.0.0.1:{proxy.port}").start()
        eventually(gateway.ready, 10, "the first state")
        states = gateway.metric("allauth_follow_states_total")
        client = site.client(site.domain()["id"])
        with Trial(site, cut_off=[asleep, stopped], reading=[site.server]) as load:
            load.writers.wait_for(30)
            assert stopped.stop() == 0
            proxy.cut()
            os.kill(asleep.pid, signal.SIGSTOP)
            left_at = head(engine, "revision")
            site.admin.must("DELETE", f"/api/v1/clients/{client.id}/keys/{client.key_id}")
            eventually(lambda: load.writers.no_surprise() and head(engine, "compacted") > left_at, WITHIN,
                       "the end of what they would need")
            os.kill(asleep.pid, signal.SIGCONT)
            proxy.join()
            stopped.start()
            load.writers.wait_for(30)
        assert metric(asleep, 'allauth_log_resyncs_total{cause="compacted"}') == 1
        assert metric(asleep, 'allauth_log_resyncs_total{cause="replaced"}') == 0
        assert "has not followed the log for longer than it is kept" in asleep.log()
        assert metric(site.server, 'allauth_log_resyncs_total{cause="compacted"}') == 0
        eventually(lambda: gateway.metric("allauth_snapshot_revision") == snapshot_revision(site.server), 15, "the newest")
        assert gateway.metric("allauth_follow_states_total") == states + 1
        for node in (asleep, stopped, gateway):
            with RawClient(node.mqtt, 5) as peer:
                assert peer.connect("probe", client.id, client.key) == 0x86, "a key that was deleted meanwhile"
    finally:
        if asleep.process:
            os.kill(asleep.pid, signal.SIGCONT)
        if gateway:
            gateway.stop()
        proxy.close()
        site.close()


@pytest.mark.parametrize("options, why", [
    ({"store.log_retention": "9s"}, "store.log_retention must be 10s to 36500d"),
    ({"store.audit_retention": "6d"}, "store.audit_retention must be at least store.log_retention"),
])
def test_too_little_is_refused(tmp_path, options, why):
    refused = run("serve", f"--data_dir={tmp_path / 'data'}", *[f"--{key}={value}" for key, value in options.items()])
    assert refused.returncode == 1 and why in refused.stderr
