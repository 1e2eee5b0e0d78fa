"""Faces on listeners: at a prefix, at a root with its own TLS and trust, beside the native one."""

import json
import re
import ssl

import grpc
import pytest

from rig.api import Api, refused
from rig.http import RawHttp
from rig.rpc import Rpc
from rig.server import Server, find_next, run
from rig.site import ADMIN_PASSWORD
from rig.tls import make_certificate

ADMIN = {"email": "root@example.org", "password": ADMIN_PASSWORD, "name": "Root"}


class Mounted:
    """Listener 0: native at the root, toy at /toy. Listener 1: toy at its root, behind TLS with a client CA, for
    trusted callers. Listener 2: toy at /a/b alone, behind a proxy on this machine."""

    def __init__(self, folder):
        self.certificate, self.key = make_certificate(folder / "server")
        self.client = make_certificate(folder / "client", "neighbour")
        self.server = Server(folder / "data", binary=find_next("allauth_toy"), **{
            "listener.0.mounts.0.at": "/", "listener.0.mounts.0.face": "native",
            "listener.0.mounts.1.at": "/toy", "listener.0.mounts.1.face": "toy",
            "listener.1.address": "127.0.0.1:0", "listener.1.mounts.0.face": "toy",
            "listener.1.tls.certificate": self.certificate, "listener.1.tls.key": self.key,
            "listener.1.tls.client_ca": self.client[0], "listener.1.trusted_callers": "loopback",
            "listener.2.address": "127.0.0.1:0", "listener.2.mounts.0.at": "/a/b", "listener.2.mounts.0.face": "toy",
            "listener.2.trusted_proxies": "loopback", "listener.2.trusted_callers": "192.0.2.0/24",
            "grpc.0.faces": "native,toy",
            "grpc.1.address": "127.0.0.1:0", "grpc.1.faces": "toy", "grpc.1.trusted_callers": "loopback",
            "grpc.1.tls.certificate": self.certificate, "grpc.1.tls.key": self.key, "grpc.1.tls.client_ca": self.client[0],
            "grpc.2.address": "127.0.0.1:0", "grpc.2.faces": "toy", "grpc.2.trusted_proxies": "loopback",
            "grpc.2.trusted_callers": "192.0.2.0/24",
        }).start()
        self.rpc_ports = [int(port) for port in re.findall(r"gRPC +https?://127\.0\.0\.1:(\d+)", self.server.banner)]
        self.ports = [int(port) for port in re.findall(r"API +https?://127\.0\.0\.1:(\d+)", self.server.banner)]
        native = Api(self.ports[0])
        native.must("POST", "/api/v1/setup", {"setup_token": self.server.setup_token, **ADMIN})
        session = native.must("POST", "/api/v1/sessions", {"login": ADMIN["email"], "password": ADMIN_PASSWORD})
        self.admin = native.as_bearer(session["access_token"])

    def tls(self, with_certificate=False):
        context = ssl.create_default_context(cafile=str(self.certificate))
        context.check_hostname = False
        if with_certificate:
            context.load_cert_chain(*map(str, self.client))
        return context


@pytest.fixture(scope="module")
def mounted(tmp_path_factory):
    made = Mounted(tmp_path_factory.mktemp("mounts"))
    yield made
    assert made.server.stop() == 0


def seen(api, path, **more):
    answer = api.get(path, **more)
    assert answer.status == 200, answer
    return json.loads(answer.body)


def test_a_face_owns_all_below_its_prefix(mounted):
    native, toy = mounted.admin, Api(mounted.ports[0])
    assert toy.get("/toy/health").body == b"toy is well\n"
    for path in ("/toy", "/toy/", "/toy/api/v1/users", "/toy//health"):
        answer = toy.get(path)
        assert (answer.status, answer.body) == (404, b"toy has no such page\n"), path
    assert native.get("/api/v1/users").status == 200
    for path in ("/health", "/toyx", "/TOY/health", "/%74oy/health", "/toy%2Fhealth", "//toy/health"):
        refused(native.get(path), 404, "http.no_such_path")


@pytest.mark.parametrize("path", ["/toy/../api/v1/users", "/toy/..", "/toy/%2e%2e/api/v1/users", "/toy/.%2E/x",
                                  "/api/v1/./users", "/./toy/health"])
def test_nothing_climbs_out_of_a_mount(mounted, path):
    with RawHttp(mounted.ports[0]) as peer:  # clients resolve dots themselves
        peer.send(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {mounted.admin.token}\r\n\r\n")
        answer = peer.answer()
    assert (answer.status, json.loads(answer.body)["reason"]) == (400, "path.dot_segments")


def test_what_leads_back_begins_with_the_mount(mounted):
    assert Api(mounted.ports[0]).post("/toy/things", {}).headers["Location"] == "/toy/things/1"
    assert Api(mounted.ports[2]).post("/a/b/things", {}).headers["Location"] == "/a/b/things/1"
    assert Api(mounted.ports[1], tls=mounted.tls()).post("/things", {}).headers["Location"] == "/things/1"


def test_a_face_has_a_listener_of_its_own_with_tls_and_trust(mounted):
    plain, known = (Api(mounted.ports[1], tls=mounted.tls(shown)) for shown in (False, True))
    assert plain.get("/health").body == b"toy is well\n"
    assert plain.get("/api").body == b"toy has no such page\n"
    told = seen(plain, "/seen")
    assert (told["tls"], told["certificate"], told["trusted"], told["mount"]) == ("yes", "no", "yes", "")
    assert seen(known, "/seen")["certificate"] == "yes"
    assert plain.get("/issue").status == 200
    # The same face where nobody is trusted.
    assert Api(mounted.ports[0]).get("/toy/issue").status == 401
    assert "callers from these networks need no credentials" in mounted.server.log()


def test_a_face_asks_the_same_core(mounted):
    user = mounted.admin.must("GET", "/api/v1/users")["users"][0]["id"]
    assert seen(mounted.admin, "/toy/seen")["user"] == user
    assert mounted.admin.get("/toy/issue").status == 200
    assert seen(Api(mounted.ports[0], token="nonsense"), "/toy/seen")["user"] == ""


@pytest.mark.parametrize("headers, told", [
    ({}, ("127.0.0.1", "", "no", "no")),
    ({"X-Forwarded-For": "192.0.2.7"}, ("192.0.2.7", "127.0.0.1", "yes", "no")),
    ({"X-Forwarded-For": "192.0.2.7, 198.51.100.1"}, ("198.51.100.1", "127.0.0.1", "no", "no")),
    ({"X-Forwarded-For": "192.0.2.7, 127.0.0.1", "X-Forwarded-Proto": "https, http"},
     ("192.0.2.7", "127.0.0.1", "yes", "yes")),
    ({"Forwarded": 'for="192.0.2.7:80";proto=https;host=out.example'}, ("192.0.2.7", "127.0.0.1", "yes", "yes")),
    ({"Forwarded": "for=192.0.2.7", "X-Forwarded-For": "192.0.2.8"}, ("127.0.0.1", "", "no", "no")),
    ({"X-Forwarded-For": "localhost"}, ("127.0.0.1", "", "no", "no")),
])
def test_a_proxy_says_for_whom_it_asks(mounted, headers, told):
    got = seen(Api(mounted.ports[2]), "/a/b/seen", headers=headers)
    assert (got["address"], got["via"], got["trusted"], got["tls"]) == told
    if "host=" in headers.get("Forwarded", ""):
        assert got["host"] == "out.example"


def test_nobody_else_says_it(mounted):
    got = seen(Api(mounted.ports[0]), "/toy/seen", headers={"X-Forwarded-For": "192.0.2.7"})
    assert (got["address"], got["via"]) == ("127.0.0.1", "")
    # A caller that is trusted is not, once it asks for others.
    behind = Api(mounted.ports[1], tls=mounted.tls())
    for header in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"):
        assert behind.get("/issue", headers={header: "192.0.2.7"}).status == 401, header
    series = 'allauth_net_forwarded_ignored_total{listener="listener.1",cause="untrusted"}'
    assert mounted.server.metric(series) >= 4


SEEN = "/toy.v1.Toy/Seen"


def seen_by_rpc(rpc, *metadata):
    """What the toy face says of a call."""
    answer = rpc.send(SEEN, b"", metadata)
    assert isinstance(answer, bytes), answer
    method, *rest = answer.decode().split(" ")
    assert method == SEEN
    return dict(pair.split("=", 1) for pair in rest)


def test_a_grpc_face_is_served_beside_the_native_one(mounted):
    with Rpc(mounted.rpc_ports[0], mounted.admin.token) as rpc:
        told = seen_by_rpc(rpc)
        assert (told["tls"], told["certificate"], told["trusted"]) == ("false", "false", "false")
        assert len(rpc.must("UserService.ListUsers").message.users) == 1


@pytest.mark.parametrize("shown", [False, True])
def test_a_grpc_face_has_a_listener_of_its_own_with_tls_and_trust(mounted, shown):
    own = [file.read_bytes() for file in reversed(mounted.client)] if shown else [None, None]
    with Rpc(mounted.rpc_ports[1], credentials=grpc.ssl_channel_credentials(mounted.certificate.read_bytes(), *own)) as rpc:
        told = seen_by_rpc(rpc)
        assert (told["tls"], told["certificate"], told["trusted"]) == ("true", "true" if shown else "false", "true")
        assert seen_by_rpc(rpc, ("x-forwarded-for", "192.0.2.7"))["trusted"] == "false"
        assert rpc.refused("UserService.ListUsers").code == grpc.StatusCode.UNIMPLEMENTED


def test_a_proxy_says_for_whom_it_calls(mounted):
    with Rpc(mounted.rpc_ports[2]) as rpc:
        told = seen_by_rpc(rpc, ("forwarded", "for=192.0.2.7;proto=https"))
        assert (told["address"], told["via"], told["tls"], told["trusted"]) == ("192.0.2.7", "127.0.0.1", "true", "true")
        told = seen_by_rpc(rpc, ("x-forwarded-for", "nobody"))
        assert (told["address"], told["via"], told["trusted"]) == ("127.0.0.1", "", "false")


def test_the_native_face_goes_where_it_is_mounted(tmp_path):
    with Server(tmp_path / "data", **{"listener.0.mounts.0.at": "/auth"}) as server:
        api = Api(server.api)
        refused(api.get("/api/v1/users"), 404, "http.no_such_path")
        made = api.post("/auth/api/v1/setup", {"setup_token": server.setup_token, **ADMIN})
        assert made.status == 201, made
        assert re.fullmatch(r"/auth/api/v1/users/[\w-]+", made.headers["Location"])
        session = api.must("POST", "/auth/api/v1/sessions", {"login": ADMIN["email"], "password": ADMIN_PASSWORD})
        assert api.as_bearer(session["access_token"]).get(made.headers["Location"]).json["email"] == ADMIN["email"]
        assert api.get("/auth/.well-known/jwks.json").status == 200


def test_a_start_says_which_faces_there_are(tmp_path):
    for binary, known in ((None, "native"), (find_next("allauth_toy"), "native, toy")):
        done = run("serve", f"--data_dir={tmp_path}/data", "--listener.0.mounts.0.face=tyo", binary=binary)
        assert done.returncode == 1
        assert f'listener.0.mounts.0.face: there is no face "tyo"; there is {known}' in done.stderr
    assert not (tmp_path / "data").exists()


def test_the_configuration_prints_mounts_that_it_reads_again(tmp_path):
    file = tmp_path / "allauth.toml"
    file.write_text('[[listener]]\nmounts = [{at = "/", face = "native"}, {at = "/toy", face = "toy"}]\n'
                    'trusted_proxies = ["10.0.0.0/8", "loopback"]\n')
    first = run("config", "print", "--config", file, env={"ALLAUTH_LISTENER_0_MOUNTS_2_AT": "/more"})
    assert 'at = "/more"  # ALLAUTH_LISTENER_0_MOUNTS_2_AT' in first.stdout, first.stderr
    file.write_text(first.stdout)
    again = run("config", "print", "--config", file)
    strip = re.compile(r"  # .*")
    assert strip.sub("", again.stdout) == strip.sub("", first.stdout)
