"""Several nodes on one database: what one of them was told holds on all, and one that is cut off behaves and comes back."""

import time
from types import SimpleNamespace

import pytest

from rig.api import refused
from rig.engines import Postgres, check_database, check_no_secret
from rig.ledger import Ledger, Writers
from rig.mqtt import RawClient
from rig.poll import eventually, holds
from rig.proxy import Proxy
from rig.site import Site, fresh
from rig.trial import Trial

WITHIN = 1.0


@pytest.fixture
def shared(tmp_path, postgres):
    """A site of one node on PostgreSQL; `proxied()` adds one that a proxy can cut off."""
    engine = Postgres(postgres)
    site = Site(tmp_path, **{**engine.options, "store.connect_timeout": "1s", "store.statement_timeout": "2s"})
    site.engine, site.proxies = engine, []

    def proxied(**options):
        proxy = Proxy(postgres.port)
        site.proxies.append(proxy)
        return site.node(**{"store.url": postgres.url(engine.database, port=proxy.port), **options}), proxy

    site.proxied = proxied
    try:
        yield site
        assert site.server.stop() == 0
        check_database(engine, site.server)
        for node in site.nodes:
            check_no_secret(node.log(), site.admin.token)
    finally:
        for proxy in site.proxies:
            proxy.close()
        site.close()


def publishing(site, domain):
    """A client that may publish on a channel, and what it is asked with."""
    channel, client = site.channel(domain)["id"], site.client(domain)
    site.connect(client.id, channel, "publish")
    return SimpleNamespace(client=client, channel=channel, topic=f"m/{domain}/c/{channel}",
                           connection=f"/api/v1/channels/{channel}/connections/{client.id}",
                           key={"client_key": {"client_id": client.id, "key": client.key}})


def allowed(api, who):
    answer = api.post("/api/v1/auth/check", {"subject": {"kind": "client", "id": who.client.id}, "permission": "publish",
                                             "object": {"kind": "channel", "id": who.channel}})
    return answer.json["allowed"] if answer.status == 200 else answer.reason


def test_three_nodes_under_load_are_of_one_mind(shared):
    """Each writer speaks to one node; what it was told is asked of all. One node joins, and one dies, meanwhile."""
    shared.node()
    doomed = shared.node()
    with Trial(shared, cut_off=[doomed], reading=[shared.server]) as load:
        victims = [Ledger() for _ in range(3)]
        writers = Writers(load.domain, victims, load.chance).start(shared.admin_at(doomed))
        writers.wait_for(30)
        load.writers.wait_for(50)
        doomed.kill()
        writers.join()
        shared.node()
        load.writers.wait_for(50)
        load.ledgers += victims
        doomed.start()


def test_a_change_on_one_node_holds_on_all_within_a_second(shared):
    other = shared.node()
    domain = shared.domain()["id"]
    admin, far = shared.admin, shared.admin_at(other)
    for how in ("connection", "key", "client", "channel"):
        who = publishing(shared, domain)
        eventually(lambda: allowed(far, who) is True, WITHIN, "the right, on the other node")
        with RawClient(other.mqtt, 5).login(who.client) as device:
            assert device.publish(who.topic, b"x", qos=1) in (0, 0x10)
            begin = time.monotonic()
            if how == "connection":
                admin.must("DELETE", who.connection)
                eventually(lambda: device.publish(who.topic, b"x", qos=1) == 0x87, WITHIN, "the refusal")
            elif how == "channel":
                admin.must("POST", f"/api/v1/channels/{who.channel}/disable", {})
                eventually(lambda: device.publish(who.topic, b"x", qos=1) == 0x87, WITHIN, "the refusal")
            else:
                admin.must("DELETE", f"/api/v1/clients/{who.client.id}"
                           + (f"/keys/{who.client.key_id}" if how == "key" else ""))
                device.expect_end(WITHIN)
            print(f"{how}: {1000 * (time.monotonic() - begin):.0f} ms")
        if how in ("key", "client"):
            assert far.post("/api/v1/auth/authenticate", who.key).reason == "key.unknown"


def test_what_one_node_took_is_taken_everywhere_at_once(shared):
    """No second to wait: the database decides, under the lock of the log."""
    other = shared.node()
    far = shared.admin_at(other)
    for _ in range(20):
        route = fresh("taken")
        shared.admin.must("POST", "/api/v1/domains", {"name": "first", "route": route})
        assert far.post("/api/v1/domains", {"name": "second", "route": route}).status == 409


def test_a_session_ended_on_one_node_is_ended_on_all(shared):
    other = shared.node()
    session = shared.login(shared.admin_email, "correct horse battery staple")
    far = shared.admin_at(other).as_bearer(session.token)
    eventually(lambda: far.get("/api/v1/users/me").status == 200, WITHIN, "the session, on the other node")
    session.must("DELETE", "/api/v1/sessions/current")
    eventually(lambda: far.get("/api/v1/users/me").status == 401, WITHIN, "the end of the session")


@pytest.mark.parametrize("how", ["stalled", "cut"])
def test_a_node_cut_off_goes_on_and_rejoins(shared, how):
    node, proxy = shared.proxied()
    far = shared.admin_at(node)
    domain = shared.domain()["id"]
    who = publishing(shared, domain)
    eventually(lambda: allowed(far, who) is True, WITHIN, "the right, on the other node")
    with Trial(shared, cut_off=[node]) as load:
        load.writers.wait_for(30)
        proxy.stall() if how == "stalled" else proxy.cut()
        answer = eventually(lambda: refusal(far), 30, "the refusal of a write")
        assert answer.status == 503 and answer.headers.get("Retry-After"), answer
        shared.admin.must("DELETE", who.connection)
        load.writers.wait_for(50)                     # the others go on
        load.wait_for_reads(20)                       # and so do reads here
        assert allowed(far, who) is True              # it cannot know
        proxy.flow() if how == "stalled" else proxy.join()
        eventually(lambda: allowed(far, who) is False, 15, "what was revoked meanwhile")
        eventually(lambda: refusal(far) is None, 15, "writes")


def refusal(api):
    answer = api.post("/api/v1/domains", {"name": "any", "route": fresh("route")})
    return answer if answer.status >= 300 else None


@pytest.mark.parametrize("how", ["stalled", "cut"])
def test_a_node_cut_off_for_too_long_decides_nothing(shared, how):
    node, proxy = shared.proxied(**{"store.max_staleness": "2s"})
    far = shared.admin_at(node)
    who = publishing(shared, shared.domain()["id"])
    eventually(lambda: allowed(far, who) is True, WITHIN, "the right, on the other node")
    holds(lambda: allowed(far, who) is True, 2.5, "a node that hears of the log, though nothing is new")
    with RawClient(node.mqtt, 5).login(who.client) as device:
        proxy.stall() if how == "stalled" else proxy.cut()
        eventually(lambda: allowed(far, who) == "state.stale", 8, "the end of patience")
        refused(far.post("/api/v1/auth/authenticate", who.key), 503, "state.stale")
        assert far.post("/api/v1/auth/authenticate", who.key).headers.get("Retry-After")
        try:
            assert device.publish(who.topic, b"x", qos=1) >= 0x80
        except Exception as ended:  # or the connection ends: both deny
            print(f"the connection ended: {ended!r}")
        with RawClient(node.mqtt, 5) as another:
            assert another.connect("", who.client.id, who.client.key) != 0
        assert shared.admin_at(shared.server).get("/api/v1/users/me").status == 200
        proxy.flow() if how == "stalled" else proxy.join()
        eventually(lambda: allowed(far, who) is True, 15, "the way back")
    with RawClient(node.mqtt, 5).login(who.client) as device:
        assert device.publish(who.topic, b"x", qos=1) in (0, 0x10)
