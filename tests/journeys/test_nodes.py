"""Several nodes on one database: what one of them was told holds on all, and one that is cut off behaves and comes back."""

import time

import pytest

from rig.api import Api, refused
from rig.ledger import Ledger, Writers
from rig.mqtt import RawClient
from rig.nodes import GatewayNode, enroll
from rig.poll import eventually, holds
from rig.shared import allowed, publishing, shared  # noqa: F401
from rig.site import ADMIN_PASSWORD, fresh
from rig.trial import Trial, wait_for_one_mind

WITHIN = 1.0


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


def patched(what, body):
    return lambda site, who: site.admin.must("PATCH", what(who), body)


def posted(what):
    return lambda site, who: site.admin.must("POST", what(who), {})


def deleted(what):
    return lambda site, who: site.admin.must("DELETE", what(who))


DENIED, REFUSED, ENDED = "check says No, and publishing is refused", "publishing is refused", "the connection ends"
CHANGES = {
    "connection removed": (DENIED, deleted(lambda who: who.connection)),
    "right taken": (DENIED, patched(lambda who: who.connection, {"actions": ["subscribe"]})),
    "channel disabled": (REFUSED, posted(lambda who: f"/api/v1/channels/{who.channel}/disable")),
    "key removed": (ENDED, deleted(lambda who: f"/api/v1/clients/{who.client.id}/keys/{who.client.key_id}")),
    "client disabled": (ENDED, posted(lambda who: f"/api/v1/clients/{who.client.id}/disable")),
    "client removed": (ENDED, deleted(lambda who: f"/api/v1/clients/{who.client.id}")),
    "domain disabled": (ENDED, posted(lambda who: f"/api/v1/domains/{who.domain}/disable")),
}


def test_a_change_on_one_node_holds_on_all_within_a_second(shared, tmp_path):
    """Asked of another node, at its gateway, and at a gateway without a database that follows that other node."""
    other = shared.node()
    _, token = enroll(shared)
    far = shared.admin_at(other)
    with GatewayNode(tmp_path / "edge", shared, token, f"http://127.0.0.1:{other.api}") as edge:
        eventually(edge.ready, 10, "the first state")
        for how, (effect, change) in CHANGES.items():
            who = publishing(shared, shared.domain()["id"])
            wait_for_one_mind([*shared.nodes, edge], WITHIN)
            assert allowed(far, who) is True
            devices = [RawClient(node.mqtt, 5).login(who.client, mqtt_id="") for node in (other, edge)]
            assert all(device.publish(who.topic, b"x", qos=1) in (0, 0x10) for device in devices)
            change(shared, who)
            begin = time.monotonic()
            if effect == DENIED:
                eventually(lambda: allowed(far, who) is False, WITHIN, "the other node's No")
            for device in devices:
                if effect == ENDED:
                    device.expect_end(WITHIN)
                else:
                    eventually(lambda: device.publish(who.topic, b"x", qos=1) == 0x87, WITHIN, "the refusal")
                device.close()
            took = time.monotonic() - begin
            print(f"{how}: {1000 * took:.0f} ms")
            assert took < WITHIN, how
            if effect == ENDED:
                assert far.post("/api/v1/auth/authenticate", who.key).status == 401, how
                for node in (other, edge):
                    with RawClient(node.mqtt, 5) as again:
                        assert again.connect("", who.client.id, who.client.key) != 0, how


def test_what_one_node_took_is_taken_everywhere_at_once(shared):
    """No second to wait: the database decides, under the lock of the log."""
    other = shared.node()
    far = shared.admin_at(other)
    for _ in range(20):
        route = fresh("taken")
        shared.admin.must("POST", "/api/v1/domains", {"name": "first", "route": route})
        assert far.post("/api/v1/domains", {"name": "second", "route": route}).status == 409


def test_a_session_ended_on_one_node_is_ended_on_all(shared, tmp_path):
    other = shared.node()
    _, token = enroll(shared)
    asking = shared.client(shared.domain()["id"])
    with GatewayNode(tmp_path / "edge", shared, token, f"http://127.0.0.1:{other.api}") as edge:
        eventually(edge.ready, 10, "the first state")
        session = shared.login(shared.admin_email, ADMIN_PASSWORD)
        wait_for_one_mind([*shared.nodes, edge], WITHIN)
        far = shared.admin_at(other).as_bearer(session.token)
        question = Api(edge.questions, basic=(asking.id, asking.key))

        def known():
            return question.post("/api/v1/auth/authenticate", {"access_token": session.token}).status

        assert far.get("/api/v1/users/me").status == known() == 200
        session.must("DELETE", "/api/v1/sessions/current")
        begin = time.monotonic()
        eventually(lambda: far.get("/api/v1/users/me").status == 401, WITHIN, "the end of the session")
        eventually(lambda: known() == 401, WITHIN, "the end of the session, at the gateway")
        assert time.monotonic() - begin < WITHIN


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
