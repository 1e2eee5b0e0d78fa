"""The native API over gRPC, by a client that knows nothing of ours but the .proto files."""

import threading

import grpc
import pytest

from rig.nodes import GatewayNode, enroll
from rig.poll import eventually
from rig.rpc import (Refusal, Rpc, health, health_stubs, reflection, reflection_alpha, reflection_alpha_stubs,
                     reflection_stubs)
from rig.server import Server, run
from rig.site import USER_PASSWORD, Site, fresh
from rig.tls import make_certificate

Code = grpc.StatusCode
NATIVE = ["AuthService", "ChannelService", "ClientService", "DomainService", "UserService"]


@pytest.fixture
def rpc(site):
    with Rpc(site.server.grpc, site.admin.token) as made:
        yield made


@pytest.fixture
def nobody(site):
    with Rpc(site.server.grpc) as made:
        yield made


def new_user(rpc, **more):
    return rpc.must("UserService.CreateUser", {"email": f"{fresh('rpc')}@example.org", "name": "Ada",
                                               "password": USER_PASSWORD, **more}).message


# The directory


def test_users_are_made_read_changed_listed_and_deleted(rpc):
    user = new_user(rpc, tags=["a"], metadata={"site": {"floors": [1, 2]}})
    assert user.id and user.created_at.seconds > 0
    read = rpc.must("UserService.GetUser", {"user_id": user.id}).message
    assert read == user
    changed = rpc.must("UserService.UpdateUser", {"user_id": user.id, "name": "Ada L.", "tags": ["b"],
                                                  "update_mask": "name"}).message
    assert (changed.name, list(changed.tags)) == ("Ada L.", ["a"])
    # A mask may name what is left empty; without one, what is given is changed.
    assert list(rpc.must("UserService.UpdateUser", {"user_id": user.id, "update_mask": "tags"}).message.tags) == []
    assert rpc.must("UserService.UpdateUser", {"user_id": user.id, "username": fresh("ada")}).message.name == "Ada L."
    listed = rpc.must("UserService.ListUsers", {"page_size": 1000}).message
    assert user.id in [each.id for each in listed.users]
    rpc.must("UserService.DeleteUser", {"user_id": user.id})
    assert rpc.refused("UserService.GetUser", {"user_id": user.id}).code == Code.NOT_FOUND


def test_domains_clients_and_channels_are_made_and_asked_about(rpc):
    domain = rpc.must("DomainService.CreateDomain", {"name": "Plant", "route": fresh("plant")}).message
    client = rpc.must("ClientService.CreateClient", {"domain_id": domain.id, "name": "Pump"}).message
    channel = rpc.must("ChannelService.CreateChannel", {"domain_id": domain.id, "name": "Flow"}).message
    publish = {"subject": {"kind": "client", "id": client.client.id}, "permission": "publish",
               "object": {"kind": "channel", "id": channel.id}}
    assert not rpc.must("AuthService.Check", publish).message.allowed
    rpc.must("ChannelService.Connect", {"channel_id": channel.id, "client_id": client.client.id,
                                        "actions": ["publish"]})
    assert rpc.must("AuthService.Check", publish).message.allowed
    assert [c.id for c in rpc.must("ClientService.ListClients", {"domain_id": domain.id}).message.clients] == [
        client.client.id]
    rpc.must("ClientService.DeleteClient", {"client_id": client.client.id})
    rpc.must("ChannelService.DeleteChannel", {"channel_id": channel.id})
    assert not rpc.must("AuthService.Check", publish).message.allowed


def test_things_move_also_to_where_no_group_is(site, rpc):
    domain = site.domain()["id"]
    group, channel = site.group(domain)["id"], site.channel(domain)["id"]
    assert rpc.must("ChannelService.MoveChannel", {"channel_id": channel, "group_id": group}).message.group_id == group
    assert rpc.must("ChannelService.MoveChannel", {"channel_id": channel, "group_id": ""}).message.group_id == ""


def test_a_session_opened_over_grpc_is_one(site, nobody):
    user = site.user()
    session = nobody.must("SessionService.CreateSession", {"login": user["email"], "password": USER_PASSWORD}).message
    with Rpc(site.server.grpc, session.access_token) as own:
        assert own.must("UserService.GetUser", {"user_id": "me"}).message.id == user["id"]


# What comes with a call


def test_a_read_sees_the_write_whose_revision_it_names(rpc):
    made = rpc.must("DomainService.CreateDomain", {"name": "Fresh"})
    assert int(made.revision) > 0
    read = rpc.must("DomainService.GetDomain", {"domain_id": made.message.id},
                    metadata=[("allauth-at-least", made.revision)])
    assert read.revision is None
    behind = rpc.refused("DomainService.GetDomain", {"domain_id": made.message.id},
                         metadata=[("allauth-at-least", str(int(made.revision) + 10**6))])
    assert behind.code == Code.UNAVAILABLE and behind.retry is not None


def test_a_change_may_name_the_revision_that_it_changes(rpc):
    domain = rpc.must("DomainService.CreateDomain", {"name": "Once"}).message
    change = {"domain_id": domain.id, "name": "Twice"}
    old = [("if-match", f'"{domain.revision}"')]
    rpc.must("DomainService.UpdateDomain", change, metadata=old)
    assert rpc.refused("DomainService.UpdateDomain", change, metadata=old).code == Code.ABORTED


def test_a_request_id_comes_back_and_is_in_the_log(site, rpc):
    name = fresh("request")
    answer = rpc.must("UserService.GetUser", {"user_id": "me"}, metadata=[("x-request-id", name)])
    assert answer.initial["x-request-id"] == name
    line = next(line for line in site.server.log().splitlines() if name in line)
    assert "/allauth.v1.UserService/GetUser" in line and site.admin.token not in site.server.log()


def test_a_deadline_is_kept(rpc):
    late = rpc.refused("UserService.GetUser", {"user_id": "me"}, metadata=[("allauth-at-least", str(10**9))],
                       timeout=0.3)
    assert late.code == Code.DEADLINE_EXCEEDED


# Refusals


def test_refusals_say_what_is_wrong(site, rpc, nobody):
    unknown = rpc.refused("UserService.GetUser", {"user_id": "0" * 8})
    assert unknown.code == Code.NOT_FOUND
    assert unknown.info.domain == "allauth" and unknown.info.metadata["request_id"]
    missing = nobody.refused("UserService.GetUser", {"user_id": "me"})
    assert (missing.code, missing.reason) == (Code.UNAUTHENTICATED, "auth.missing")
    wrong = rpc.refused("UserService.CreateUser", {"email": "nonsense", "name": "Ada", "password": USER_PASSWORD})
    assert wrong.code == Code.INVALID_ARGUMENT
    assert wrong.wrong.field_violations[0].field == wrong.info.metadata["field"] == "email"
    taken = rpc.refused("UserService.CreateUser", {"email": site.admin_email, "name": "Ada", "password": USER_PASSWORD})
    assert taken.code == Code.ALREADY_EXISTS
    mask = rpc.refused("UserService.UpdateUser", {"user_id": "me", "update_mask": "nmae"})
    assert (mask.code, mask.reason) == (Code.INVALID_ARGUMENT, "mask.path")
    with Rpc(site.server.grpc, site.login(site.user()["email"]).token) as lesser:
        assert lesser.refused("UserService.CreateUser", {"email": "a@b.cd"}).code == Code.PERMISSION_DENIED


@pytest.mark.parametrize("data", [b"\xff\xff", b"\x0a\x05ab", b"\x0a\x02\xc3\x28", b"\x7a\x01a"])
def test_bytes_that_are_no_message_are_refused(rpc, data):
    refusal = rpc.send("/allauth.v1.UserService/GetUser", data)
    assert isinstance(refusal, Refusal) and refusal.code == Code.INVALID_ARGUMENT, refusal
    assert refusal.reason in ("message.malformed", "message.unknown_field")


def test_methods_that_there_are_not_are_unimplemented(rpc):
    for path in ("/allauth.v1.UserService/Nothing", "/allauth.v1.Nothing/GetUser", "/x"):
        assert rpc.send(path, b"").code == Code.UNIMPLEMENTED


# Health and reflection


def test_health_is_told_for_each_service(nobody):
    stub = health_stubs.HealthStub(nobody.channel)
    for service in ["", *(f"allauth.v1.{name}" for name in NATIVE)]:
        answer = stub.Check(health.HealthCheckRequest(service=service), timeout=10)
        assert answer.status == health.HealthCheckResponse.SERVING
    with pytest.raises(grpc.RpcError) as unknown:
        stub.Check(health.HealthCheckRequest(service="nothing"), timeout=10)
    assert unknown.value.code() == Code.NOT_FOUND


@pytest.mark.parametrize("messages, stubs", [(reflection, reflection_stubs), (reflection_alpha, reflection_alpha_stubs)])
def test_reflection_tells_what_is_served(nobody, messages, stubs):
    ask = messages.ServerReflectionRequest
    questions = [ask(list_services=""), ask(file_containing_symbol="allauth.v1.UserService"),
                 ask(file_by_filename="nothing.proto"),
                 ask(all_extension_numbers_of_type="google.protobuf.MethodOptions")]
    listed, file, nothing, numbers = stubs.ServerReflectionStub(nobody.channel).ServerReflectionInfo(
        iter(questions), timeout=10)
    services = {service.name for service in listed.list_services_response.service}
    assert {f"allauth.v1.{name}" for name in NATIVE} < services
    assert {"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"} < services
    assert b"allauth/v1/users.proto" in file.file_descriptor_response.file_descriptor_proto[0]
    assert nothing.error_response.error_code == Code.NOT_FOUND.value[0]
    assert 50101 in numbers.all_extension_numbers_response.extension_number


# Listeners


def test_who_shows_no_certificate_is_not_let_in_where_one_is_required(tmp_path):
    server_certificate, server_key = make_certificate(tmp_path / "server")
    own_certificate, own_key = make_certificate(tmp_path / "own", "node-1")
    server = Server(tmp_path / "data", **{"grpc.0.tls.certificate": server_certificate, "grpc.0.tls.key": server_key,
                                          "grpc.0.tls.client_ca": own_certificate,
                                          "grpc.0.tls.require_client": True}).start()
    try:
        root = server_certificate.read_bytes()
        shown = grpc.ssl_channel_credentials(root, own_key.read_bytes(), own_certificate.read_bytes())
        with Rpc(server.grpc, credentials=shown) as known:
            check = health_stubs.HealthStub(known.channel).Check(health.HealthCheckRequest(), timeout=10)
            assert check.status == health.HealthCheckResponse.SERVING
        for credentials in (grpc.ssl_channel_credentials(root), None):
            with Rpc(server.grpc, credentials=credentials) as stranger:
                assert stranger.refused("UserService.GetUser", {"user_id": "me"}).code == Code.UNAVAILABLE
        listed = run("rpc", "list", "--grpc-server", f"https://127.0.0.1:{server.grpc}", "--ca", server_certificate,
                     "--certificate", own_certificate, "--key", own_key)
        assert "allauth.v1.UserService" in listed.stdout.splitlines(), listed.stderr
    finally:
        server.stop()


def test_clear_text_beyond_loopback_has_to_be_allowed(tmp_path):
    ended = run("serve", f"--data_dir={tmp_path / 'data'}", "--listener.0.address=127.0.0.1:0",
                "--operations_address=127.0.0.1:0", "--grpc.0.address=0.0.0.0:0")
    assert ended.returncode == 1 and "allow_plaintext" in ended.stderr


def test_a_listener_can_be_off_and_its_faces_have_to_exist(tmp_path):
    off = Server(tmp_path / "off", **{"grpc.0.address": "off"}).start()
    try:
        assert off.grpc is None
    finally:
        off.stop()
    ended = run("serve", f"--data_dir={tmp_path / 'data'}", "--grpc.0.faces=natvie", "--grpc.0.address=127.0.0.1:0")
    assert ended.returncode == 1 and "natvie" in ended.stderr


def test_a_stop_tells_watchers_and_answers_what_is_under_way(tmp_path):
    site = Site(tmp_path, with_broker=False, **{"drain_timeout": "10s", "store.freshness_wait": "2s"})
    try:
        with Rpc(site.server.grpc, site.admin.token) as rpc:
            watch = health_stubs.HealthStub(rpc.channel).Watch(health.HealthCheckRequest())
            assert next(watch).status == health.HealthCheckResponse.SERVING
            slow = []
            waiting = threading.Thread(target=lambda: slow.append(rpc.refused(
                "UserService.GetUser", {"user_id": "me"}, metadata=[("allauth-at-least", str(10**9))])))
            waiting.start()
            eventually(lambda: site.server.metric('allauth_rpc_calls_in_flight{listener="grpc.0"}') == 2,
                       5, "both calls")
            site.server.terminate()
            assert next(watch).status == health.HealthCheckResponse.NOT_SERVING
            with pytest.raises(grpc.RpcError) as ended:
                next(watch)
            assert ended.value.code() == Code.UNAVAILABLE
            waiting.join()
            assert slow[0].reason == "state.behind", slow[0]  # as it would have been without the stop
        assert site.server.wait() == 0
    finally:
        site.close()


def test_a_gateway_node_answers_the_two_questions(site, tmp_path):
    _, token = enroll(site)
    node = GatewayNode(tmp_path / "node", site, token).start()
    try:
        eventually(node.ready, 10, "the first state")
        with Rpc(node.grpc, site.admin.token) as rpc:
            ask = {"subject": {"kind": "user", "id": site.admin_user["id"]}, "permission": "manage",
                   "object": {"kind": "platform", "id": "platform"}}
            told = rpc.send("/allauth.v1.UserService/GetUser", b"")
            assert told.code == Code.UNIMPLEMENTED
            checked = rpc.refused("AuthService.Check", {**ask, "permission": "nonsense"})
            assert checked.code == Code.INVALID_ARGUMENT
            stub = health_stubs.HealthStub(rpc.channel)
            assert stub.Check(health.HealthCheckRequest(service="allauth.v1.AuthService"), timeout=10).status == 1
    finally:
        node.stop()


# The command


def test_the_rpc_command_lists_describes_and_calls(site):
    def rpc(*args, token=site.admin.token):
        return run("rpc", *args, "--grpc-server", f"http://127.0.0.1:{site.server.grpc}", env={"ALLAUTH_TOKEN": token})

    assert "allauth.v1.UserService" in rpc("list").stdout.splitlines()
    described = rpc("describe", "allauth.v1.UserService/GetUser")
    assert "rpc GetUser" in described.stdout and "message GetUserRequest" in described.stdout
    called = rpc("allauth.v1.UserService/GetUser", '{"user_id":"me"}')
    assert site.admin_email in called.stdout and '"status":"enabled"' in called.stdout, called.stderr
    assert rpc("grpc.health.v1.Health/Check").stdout.strip() == '{"status":"SERVING"}'
    unknown = rpc("allauth.v1.UserService/GetUser", '{"user_id":"00000000"}')
    assert unknown.returncode == 4 and "object.missing" in unknown.stderr, unknown.stderr
    assert rpc("allauth.v1.UserService/GetUser", token="x").returncode == 3
    assert "json.unknown_member" not in rpc("allauth.v1.UserService/GetUser", "{").stdout
    assert rpc("allauth.v1.UserService/Nothing").returncode != 0
