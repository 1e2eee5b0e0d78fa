"""A gateway without a database that knows several API nodes: where one does not answer, is silent, or is itself cut off,
the next one is followed, from the same place in the log."""

import pytest

from rig.api import Api, refused
from rig.mqtt import RawClient
from rig.nodes import GatewayNode, enroll
from rig.poll import eventually
from rig.postgres import quiet_port
from rig.proxy import Proxy
from rig.shared import allowed, publishing, shared  # noqa: F401
from rig.site import USER_PASSWORD, fresh
from rig.stream import LogStream
from rig.trial import wait_for_one_mind

GOES_ON_WITHIN = 15.0


def at(port):
    return f"http://127.0.0.1:{port}"


@pytest.fixture
def edge(shared, tmp_path, request):
    """Starts a gateway that knows the API nodes at these ports, and has heard of the first that answers."""
    shared.node_token = enroll(shared)[1]

    def started(*ports):
        made = GatewayNode(tmp_path / fresh("edge"), shared, shared.node_token, ", ".join(at(port) for port in ports))
        request.addfinalizer(made.stop)
        made.start()
        eventually(made.ready, GOES_ON_WITHIN, "the first state")
        return made

    return started


def followed(node, port):
    """How often it began to follow the API node at that port."""
    return sum("following the log" in line and at(port) in line for line in node.log().splitlines())


def still_follows(site, node, api):
    """What is changed now, at `api`, reaches the gateway."""
    who = publishing(site, site.domain(by=api)["id"], by=api)
    with RawClient(node.mqtt, 5) as device:
        eventually(lambda: can_connect(node, who), GOES_ON_WITHIN, "the new client")
        device.login(who.client)
        eventually(lambda: device.publish(who.topic, b"x", qos=1) in (0, 0x10), GOES_ON_WITHIN, "its right")
        api.must("DELETE", who.connection)
        eventually(lambda: device.publish(who.topic, b"x", qos=1) == 0x87, 1.0, "the refusal")


def can_connect(node, who):
    with RawClient(node.mqtt, 5) as probe:
        return probe.connect("probe", who.client.id, who.client.key) == 0


def test_the_first_of_them_never_was(shared, edge):
    node = edge(quiet_port(), shared.server.api)
    assert "server.unreachable" in node.log()
    still_follows(shared, node, shared.admin)


def test_the_one_that_is_followed_is_killed(shared, edge):
    other = shared.node()
    node = edge(shared.server.api, other.api)
    user = shared.user()
    asking = shared.client(shared.domain()["id"])
    wait_for_one_mind([*shared.nodes, node])
    shared.server.kill()
    eventually(lambda: followed(node, other.api), GOES_ON_WITHIN, "the other one")
    still_follows(shared, node, shared.admin_at(other))
    assert node.metric("allauth_follow_states_total") == 1, "places in the log are the same on every node"
    password = {"password": {"login": user["email"], "password": USER_PASSWORD}}
    questions = Api(node.questions, basic=(asking.id, asking.key))
    assert questions.must("POST", "/api/v1/auth/authenticate", password)["principal"]["id"] == user["id"]


def test_the_one_that_is_followed_falls_silent(shared, edge):
    """As if its cable were out: nobody says that the connection has ended."""
    other = shared.node()
    with Proxy(shared.server.api) as proxy:
        node = edge(proxy.port, other.api)
        proxy.stall()
        eventually(lambda: followed(node, other.api), GOES_ON_WITHIN, "the other one")
        assert "stream.silent" in node.log()
        still_follows(shared, node, shared.admin)


def test_the_one_that_is_followed_is_cut_off_from_the_database(shared, edge):
    """It must not keep those who could learn from others what has changed."""
    near, proxy = shared.proxied(**{"store.max_staleness": "2s"})
    node = edge(near.api, shared.server.api)
    assert followed(node, near.api)
    far = shared.admin_at(near)
    who = publishing(shared, shared.domain()["id"])
    wait_for_one_mind([*shared.nodes, node])
    with RawClient(node.mqtt, 5).login(who.client) as device:
        proxy.cut()
        eventually(lambda: allowed(far, who) == "state.stale", 8, "the end of patience")
        with LogStream(near.api, shared.node_token) as stream:
            assert stream.status == 503
        eventually(lambda: followed(node, shared.server.api), GOES_ON_WITHIN, "the other one")
        assert device.publish(who.topic, b"x", qos=1) in (0, 0x10), "the connection lives on"
        still_follows(shared, node, shared.admin)
        refused(far.post("/api/v1/auth/authenticate", who.key), 503, "state.stale")
        proxy.join()
        eventually(lambda: allowed(far, who) is True, GOES_ON_WITHIN, "the way back")
    assert node.metric("allauth_follow_states_total") == 1
