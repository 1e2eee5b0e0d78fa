"""The database server dies, restarts, has no connection to spare: hot reads do not notice, changes are refused and can be
tried again, and all is well by itself when it is back.

ALLAUTH_KILLS (10): a third of it is how often PostgreSQL is killed, at most 20 times.
"""

import os
import signal
import threading

import pytest

from rig.api import Api
from rig.engines import Postgres, check_database, check_no_secret
from rig.poll import eventually
from rig.postgres import Cluster
from rig.site import Site
from rig.trial import Trial

KILLS = min(20, int(os.environ.get("ALLAUTH_KILLS", "10")) // 3)
GONE = {"store.unreachable", "store.in_doubt"}


@pytest.fixture
def outage(tmp_path, postgres):
    """A site under way on PostgreSQL; what it must be like at the end is checked."""
    engine = Postgres(postgres)
    site = Site(tmp_path, **{**engine.options, "store.connect_timeout": "2s"})
    site.engine = engine
    try:
        yield site
        assert site.server.stop() == 0
        check_database(engine, site.server)
        check_no_secret(site.server.log(), site.admin.token)
    finally:
        site.close()


def is_ready(site):
    return Api(site.server.operations).get("/readyz").status == 200


def test_postgresql_killed_under_writes(outage, postgres):
    before = outage.server.pid
    with Trial(outage) as load:
        for _ in range(KILLS):
            load.writers.wait_for(load.chance.randrange(20, 120))
            postgres.kill()
            load.outage()
            assert set(load.writers.refused()) <= GONE
            postgres.start()
            load.recovered()
    assert outage.server.pid == before and is_ready(outage)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_postgresql_restarted_under_load(outage, postgres, how):
    with Trial(outage) as load:
        load.writers.wait_for(50)
        postgres.stop(how)
        load.outage()
        postgres.start()
        load.recovered()


def test_all_connections_ended_by_an_administrator(outage, postgres):
    """As a pooler, a firewall or an impatient human does. There is no outage: at most one refusal each."""
    with Trial(outage) as load:
        for _ in range(5):
            load.writers.wait_for(30)
            postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'allauth'")
        load.recovered()


def take_all_connections(cluster, database):
    """Sessions that leave the server none."""
    def terminated():
        return cluster.sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'allauth'")

    hoard = []
    while terminated() != [["0"]]:
        while session := cluster.session(database):
            hoard.append(session)
    return hoard


def test_no_connection_to_spare(tmp_path):
    """max_connections is used up while the server has none: it waits for one, and goes on."""
    with Cluster(max_connections=8, superuser_reserved_connections=2) as small:
        engine = Postgres(small)
        site = Site(tmp_path, **{**engine.options, "store.readers": 2, "store.connect_timeout": "2s"})
        try:
            with Trial(site) as load:
                load.writers.wait_for(30)
                hoard = take_all_connections(small, engine.database)
                load.outage()
                none_left = site.admin.get("/api/v1/users")
                assert none_left.status == 503 and none_left.headers.get("Retry-After")
                for session in hoard:
                    session.close()
                load.recovered()
                eventually(lambda: site.admin.get("/api/v1/users").status == 200, 10, "reading from the database")
            check_no_secret(site.server.log(), site.admin.token)
        finally:
            site.close()


def test_readers_that_are_all_busy_hold_up_nobody_else(tmp_path, postgres):
    """A table is locked by somebody else: who needs it waits or is told so; everybody else is served."""
    engine = Postgres(postgres)
    site = Site(tmp_path, **{**engine.options, "store.readers": 2, "store.statement_timeout": "1s"})
    try:
        with Trial(site) as load:
            load.writers.wait_for(30)
            locker = postgres.session(engine.database)
            assert locker.run("BEGIN") and locker.run("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
            answers = []
            askers = [threading.Thread(target=lambda: answers.append(site.admin.get("/api/v1/users"))) for _ in range(8)]
            for asker in askers:
                asker.start()
            load.wait_for_reads(15)
            for asker in askers:
                asker.join(30)
            assert [answer.status for answer in answers] == [503] * 8, answers
            assert all(answer.headers.get("Retry-After") for answer in answers)
            locker.close()
            load.recovered()
            assert site.admin.get("/api/v1/users").status == 200
    finally:
        site.close()
