"""A gateway node without a database follows an API node, and goes on when that is away."""

import re
import subprocess
from types import SimpleNamespace

import pytest

from rig.http import RawHttp
from rig.api import Api, refused
from rig.mqtt import RawClient
from rig.nodes import GatewayNode, enroll
from rig.poll import eventually, holds
from rig.server import run
from rig.site import USER_PASSWORD, Site, fresh

WITHIN = 1.0


@pytest.fixture
def site(tmp_path):
    """A site of its own for each test: some stop its server."""
    made = Site(tmp_path / "site")
    # The same port again after a restart.
    made.server.options["listener.0.address"] = f"127.0.0.1:{made.server.api}"
    yield made
    made.close()


@pytest.fixture
def node(tmp_path, site):
    name, token = enroll(site)
    made = GatewayNode(tmp_path / "node", site, token).start()
    made.name = name
    eventually(made.ready, 10, "the first state")
    yield made
    made.stop()


@pytest.fixture
def pair(site, node):
    """A talker and a listener, as the gateway node knows them."""
    domain = site.domain(route=fresh("plant"))["id"]
    channel = site.channel(domain, route="channel")["id"]
    talker, listener = site.client(domain), site.client(domain)
    site.connect(talker.id, channel, "publish")
    site.connect(listener.id, channel, "subscribe")
    made = SimpleNamespace(domain=domain, channel=channel, talker=talker, listener=listener,
                           topic=f"m/{domain}/c/{channel}")
    catch_up(site, node)
    return made


def catch_up(site, node):
    """Waits until the node knows all that the API node knows."""
    there = int(re.search(r"^allauth_snapshot_revision (\d+)", site.metrics(), re.M).group(1))
    eventually(lambda: node.metric("allauth_snapshot_revision") >= there, WITHIN, "the newest revision")


def can_connect(node, client):
    with RawClient(node.mqtt, 5) as peer:
        return peer.connect("probe", client.id, client.key) == 0


def open_pair(node, pair):
    talker = RawClient(node.mqtt, 5).login(pair.talker)
    listener = RawClient(node.mqtt, 5).login(pair.listener)
    assert listener.subscribe(pair.topic) == [1]
    talker.publish(pair.topic, b"before", qos=1)
    assert listener.message().payload == b"before"
    return talker, listener


def test_it_allows_and_denies_as_the_directory_says(site, node, pair):
    talker, listener = open_pair(node, pair)
    assert talker.publish(f"m/{pair.domain}/c/{fresh('unknown')}", b"x", qos=1) >= 0x80
    assert listener.publish(pair.topic, b"x", qos=1) == 0x87
    with RawClient(node.mqtt, 5) as stranger:
        assert stranger.connect("x", pair.talker.id, "no key of anybody") == 0x86
    talker.close(), listener.close()
    assert not node.data_dir.exists(), "a node without a database keeps nothing"


def test_what_is_revoked_ends_within_a_second(site, node, pair):
    talker, listener = open_pair(node, pair)
    site.admin.must("DELETE", f"/api/v1/channels/{pair.channel}/connections/{pair.talker.id}")
    eventually(lambda: talker.publish(pair.topic, b"after", qos=1) == 0x87, WITHIN, "the refusal")
    site.admin.must("DELETE", f"/api/v1/clients/{pair.listener.id}/keys/{pair.listener.key_id}")
    listener.expect_end(timeout=WITHIN + 0.5)
    assert not can_connect(node, pair.listener)
    talker.close(), listener.close()


def test_it_goes_on_without_the_api_node_and_catches_up(site, node, pair):
    talker, listener = open_pair(node, pair)
    states = node.metric("allauth_follow_states_total")
    site.server.stop()
    eventually(lambda: not node.connected(), 5, "the loss")
    talker.publish(pair.topic, b"alone", qos=1)
    assert listener.message().payload == b"alone"
    assert can_connect(node, pair.talker)
    site.server.start()
    eventually(node.connected, 15, "the return")
    site.admin = site.login(site.admin_email, "correct horse battery staple")
    site.admin.must("DELETE", f"/api/v1/channels/{pair.channel}/connections/{pair.talker.id}")
    eventually(lambda: talker.publish(pair.topic, b"after", qos=1) == 0x87, WITHIN, "the refusal")
    assert node.metric("allauth_follow_states_total") == states, "it went on where it was"
    talker.close(), listener.close()


def test_alone_for_too_long_it_decides_nothing(tmp_path, site, request):
    _, token = enroll(site)
    node = GatewayNode(tmp_path / "lonely", site, token, **{"store.max_staleness": "3s"}).start()
    request.addfinalizer(node.stop)
    eventually(node.ready, 10, "the first state")
    client = site.client(site.domain()["id"])
    catch_up(site, node)
    assert can_connect(node, client)
    site.server.stop()
    eventually(lambda: not can_connect(node, client), 10, "the end of patience")
    asked = {"client_key": {"client_id": client.id, "key": client.key}}
    asking = Api(node.questions).as_bearer(site.admin.token)
    refused(asking.post("/api/v1/auth/authenticate", asked), 503, "state.stale")
    assert not node.ready()
    site.server.start()
    eventually(lambda: can_connect(node, client), 15, "the way back")
    assert node.ready()


def test_the_api_node_is_killed(site, node, pair):
    talker, listener = open_pair(node, pair)
    site.server.kill()
    eventually(lambda: not node.connected(), 8, "the loss")
    talker.publish(pair.topic, b"alone", qos=1)
    assert listener.message().payload == b"alone"
    site.server.start()
    eventually(node.connected, 15, "the return")
    talker.close(), listener.close()


def test_a_node_that_starts_before_the_api_node_waits_for_it(tmp_path, site):
    _, token = enroll(site)
    site.server.stop()
    waiting = GatewayNode(tmp_path / "early", site, token).start()
    assert not waiting.ready()
    with RawClient(waiting.mqtt, 5) as peer:
        assert peer.connect("x", "somebody", "some key of somebody") == 0x88, "it cannot know"
    refused(Api(waiting.questions).post("/api/v1/auth/check", {}), 503, "state.unknown")
    site.server.start()
    eventually(waiting.ready, 15, "the first state")
    assert waiting.stop() == 0


def test_a_node_that_is_removed_is_cut_off(site, node):
    eventually(node.connected, 5, "the connection")
    done = run("node", "remove", node.name, "--server", f"http://127.0.0.1:{site.server.api}",
               env={"ALLAUTH_TOKEN": site.admin.token})
    assert done.returncode == 0, done.stderr
    eventually(lambda: not node.connected(), WITHIN, "the end of the stream")
    eventually(lambda: "stream.refused" in node.log(), 5, "the refusal")
    assert not node.connected()


def test_the_command_line_lists_nodes(site):
    names = sorted(enroll(site)[0] for _ in range(3))
    done = run("node", "list", "-q", "--server", f"http://127.0.0.1:{site.server.api}",
               env={"ALLAUTH_TOKEN": site.admin.token})
    assert done.stdout.split() == names
    again = run("node", "enroll", names[0], "--server", f"http://127.0.0.1:{site.server.api}",
                env={"ALLAUTH_TOKEN": site.admin.token})
    assert again.returncode == 1 and "node.exists" in again.stderr
    assert run("node", "forget").returncode == 2


def test_passwords_are_checked_by_the_api_node(site, node, pair):
    user = site.user()
    token = site.session(user["email"])["access_token"]
    client = Api(node.questions, basic=(pair.talker.id, pair.talker.key))
    asked = {"password": {"login": user["email"], "password": USER_PASSWORD}}
    wrong = {"password": {"login": user["email"], "password": "not the right password"}}

    def principal(body):
        return client.must("POST", "/api/v1/auth/authenticate", body)["principal"]["id"]

    catch_up(site, node)
    assert principal(asked) == user["id"]
    refused(client.post("/api/v1/auth/authenticate", wrong), 401, "login.failed")
    site.server.stop()
    refused(client.post("/api/v1/auth/authenticate", asked), 503, "login.unavailable")
    assert principal({"access_token": token}) == user["id"]
    key = {"client_key": {"client_id": pair.talker.id, "key": pair.talker.key}}
    assert principal(key) == pair.talker.id
    site.server.start()
    eventually(lambda: client.post("/api/v1/auth/authenticate", asked).status == 200, 10, "the API node")


def test_it_answers_the_two_questions_and_nothing_else(site, node, pair):
    own = Api(node.questions, basic=(pair.talker.id, pair.talker.key))
    question = {"permission": "publish", "object": {"kind": "channel", "id": pair.channel}}
    assert own.must("POST", "/api/v1/auth/check", question)["allowed"] is True
    for path in ("/api/v1/users", "/api/v1/nodes", "/internal/v1/log"):
        assert own.get(path).status == 404, path
    with RawHttp(node.questions) as peer:  # documented for nodes that have keys
        peer.send("GET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\n\r\n")
        assert peer.answer().status == 404


def authority(folder):
    folder.mkdir(parents=True)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", "/CN=authority", "-keyout", folder / "ca.key", "-out", folder / "ca.pem"],
                   check=True, capture_output=True)
    return folder


def issue(ca, name, names):
    """(certificate, key) that the authority signed."""
    key, request, certificate = ca / f"{name}.key", ca / f"{name}.csr", ca / f"{name}.pem"
    subprocess.run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                    f"/CN={name}", "-keyout", key, "-out", request], check=True, capture_output=True)
    extensions = ca / f"{name}.ext"
    extensions.write_text(f"subjectAltName={names}\n")
    subprocess.run(["openssl", "x509", "-req", "-in", request, "-CA", ca / "ca.pem", "-CAkey", ca / "ca.key",
                    "-CAcreateserial", "-days", "2", "-extfile", extensions, "-out", certificate], check=True,
                   capture_output=True)
    key.chmod(0o600)
    return certificate, key


def test_tls_and_client_certificates(tmp_path):
    ca, other = authority(tmp_path / "ca"), authority(tmp_path / "other")
    certificate, key = issue(ca, "server", "DNS:localhost,IP:127.0.0.1")
    tls = {"listener.1.address": "127.0.0.1:0", "listener.1.tls.certificate": certificate,
           "listener.1.tls.key": key, "listener.1.tls.client_ca": ca / "ca.pem",
           "stream.trusted_clients": "edge-1, edge-2"}
    site = Site(tmp_path / "site", **tls)
    url = f"https://localhost:{site.server._port(r'API +https://[0-9.]+:([0-9]+)')}"

    def begun(name, ca_file, shown):
        options = {"upstream_api.ca": ca_file, "upstream_api.certificate": shown[0], "upstream_api.key": shown[1]}
        return GatewayNode(tmp_path / name, site, url=url, **options).start()

    nodes = []
    try:
        good = begun("good", ca / "ca.pem", issue(ca, "edge-1", "DNS:edge-1"))
        nodes.append(good)
        eventually(good.ready, 10, "the first state")
        unlisted = begun("unlisted", ca / "ca.pem", issue(ca, "edge-3", "DNS:edge-3"))
        nodes.append(unlisted)
        eventually(lambda: "stream.refused" in unlisted.log(), 10, "the refusal")
        wrong = begun("wrong", other / "ca.pem", issue(ca, "edge-2", "DNS:edge-2"))
        nodes.append(wrong)
        eventually(lambda: "server.certificate" in wrong.log(), 10, "the refusal")
        foreign = begun("foreign", ca / "ca.pem", issue(other, "edge-1", "DNS:edge-1"))
        nodes.append(foreign)
        eventually(lambda: "log is not followed" in foreign.log(), 10, "the refusal")
        holds(lambda: not (unlisted.ready() or wrong.ready() or foreign.ready()), 0.5, "that nobody else got in")
    finally:
        for started in nodes:
            started.stop()
        site.close()
