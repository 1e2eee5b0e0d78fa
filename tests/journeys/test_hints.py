"""Word between nodes that something has changed. It saves a wait and is never needed: what breaks here, breaks nothing."""

import pytest

from rig.engines import Postgres, check_database, check_no_secret
from rig.poll import eventually
from rig.site import Site
from rig.trial import Trial, snapshot_revision, wait_for_one_mind

SELDOM = "10s"  # between two looks at the log: what is always seen much earlier was told
AT_ONCE = 3.0


@pytest.fixture
def told(tmp_path, postgres):
    """A site of two nodes on PostgreSQL that seldom look for what the other wrote."""
    engine = Postgres(postgres)
    site = Site(tmp_path, **{**engine.options, "store.poll_interval": SELDOM})
    site.engine = engine
    try:
        site.node()
        yield site
        assert site.server.stop() == 0
        check_database(engine, site.server)
        for node in site.nodes:
            check_no_secret(node.log(), site.admin.token)
    finally:
        site.close()


def wait_until_heard(site, by):
    for node in site.nodes:
        eventually(lambda: node.metric(f'allauth_hints_connected{{by="{by}"}}') == 1, 15, f"hints by {by}")


def test_postgresql_tells_other_nodes(told):
    wait_until_heard(told, "database")
    far = told.nodes[1]
    for _ in range(20):
        told.domain()
        wait_for_one_mind(told.nodes, AT_ONCE)
    assert far.metric('allauth_hints_received_total{by="database"}') >= 10
    with Trial(told) as load:
        load.writers.wait_for(200)


def test_a_listener_that_was_ended_comes_back(told):
    for _ in range(5):
        wait_until_heard(told, "database")
        told.engine.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'")
        before = snapshot_revision(told.nodes[1])
        told.domain()
        eventually(lambda: snapshot_revision(told.nodes[1]) > before, AT_ONCE, "what was missed")
