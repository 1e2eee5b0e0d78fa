"""REST and gRPC are two ways to one handler: the same call has the same answer, or is refused for the same reason.
How a call looks over REST is taken from the options of the method."""

import re
from datetime import datetime, timezone
from urllib.parse import quote, urlencode

import pytest
from google.protobuf import json_format

from rig.rpc import Rpc, method_of, options, prefix_of
from rig.site import USER_PASSWORD, fresh

# What each transport calls its own; what the two calls of one kind cannot have in common.
VOLATILE = {"id", "revision", "created_at", "updated_at", "route", "email", "key", "key_id", "access_token",
            "refresh_token", "next_page_token"}
TIME = "google.protobuf.Timestamp"
FREE = {"google.protobuf.Struct", "google.protobuf.Value", "google.protobuf.ListValue"}


def over_rest(api, name, fields):
    rule = method_of(name).GetOptions().Extensions[options.http]
    verb = rule.WhichOneof("pattern")
    path, rest = getattr(rule, verb), dict(fields)
    for bound in re.findall(r"{(\w+)}", path):
        path = path.replace(f"{{{bound}}}", quote(str(rest.pop(bound)), safe=""))
    rest.pop("update_mask", None)
    if rule.body:
        return api.call(verb.upper(), path, json=rest)
    return api.call(verb.upper(), path + ("?" + urlencode(rest, doseq=True) if rest else ""))


def word_of(field, number):
    return field.enum_type.values_by_number[number].name.removeprefix(prefix_of(field.enum_type)).lower()


def plain(field, value):
    if field.message_type is None:
        return word_of(field, value) if field.enum_type is not None else value
    if field.message_type.full_name == TIME:
        return datetime.fromtimestamp(value.seconds, timezone.utc).replace(microsecond=value.nanos // 1000)
    if field.message_type.full_name in FREE:
        return json_format.MessageToDict(value)
    return as_json(value)


def as_json(message):
    """As REST writes it: scalars and lists always; messages and enumerations only if set."""
    written = {}
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if field.label == field.LABEL_REPEATED:
            written[field.name] = [plain(field, each) for each in value]
        elif field.message_type is not None or field.containing_oneof is not None:
            if message.HasField(field.name):
                written[field.name] = plain(field, value)
        elif field.enum_type is None or value != 0:
            written[field.name] = plain(field, value)
    return written


def comparable(value, names):
    if isinstance(value, dict):
        return {name: "*" if name in names else comparable(each, names) for name, each in sorted(value.items())}
    if isinstance(value, list):
        return [comparable(each, names) for each in value]
    if isinstance(value, datetime) or (isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", value)):
        return "(time)"
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


@pytest.fixture(scope="module")
def world(site):
    domain = site.domain(metadata={"a": [1, {"b": None}]}, tags=["t"])["id"]
    made = {"domain": domain, "client": site.client(domain).id, "channel": site.channel(domain)["id"],
            "group": site.group(domain)["id"], "user": site.user()["id"], "email": site.admin_email,
            "node": "00000000-0000-0000-0000-000000000000"}
    site.connect(made["client"], made["channel"], "publish")
    return made


READS = [
    ("UserService.GetUser", {"user_id": "me"}),
    ("UserService.GetUser", {"user_id": "{user}"}),
    ("UserService.ListUsers", {"page_size": 2}),
    ("DomainService.GetDomain", {"domain_id": "{domain}"}),
    ("DomainService.ListDomains", {}),
    ("ClientService.GetClient", {"client_id": "{client}"}),
    ("ClientService.ListClients", {"domain_id": "{domain}"}),
    ("ChannelService.GetChannel", {"channel_id": "{channel}"}),
    ("ChannelService.ListChannels", {"domain_id": "{domain}"}),
    ("GroupService.GetGroup", {"group_id": "{group}"}),
    ("AuthService.Check", {"subject": {"kind": "client", "id": "{client}"}, "permission": "publish",
                           "object": {"kind": "channel", "id": "{channel}"}}),
    ("AuthService.Explain", {"subject": {"kind": "client", "id": "{client}"}, "permission": "subscribe",
                             "object": {"kind": "channel", "id": "{channel}"}}),
]
WRITES = [
    ("UserService.CreateUser", {"email": "{fresh}@example.org", "name": "Ada", "password": USER_PASSWORD}),
    ("DomainService.CreateDomain", {"name": "New", "metadata": {"a": {"b": [True, "c", 1.5]}}}),
    ("ClientService.CreateClient", {"domain_id": "{domain}", "name": "Pump", "tags": ["x", "y"]}),
    ("ChannelService.CreateChannel", {"domain_id": "{domain}", "name": "Flow"}),
    ("ChannelService.UpdateChannel", {"channel_id": "{channel}", "name": "Again", "update_mask": "name"}),
    ("DomainService.UpdateDomain", {"domain_id": "{domain}", "tags": [], "update_mask": "tags"}),
]
REFUSALS = [
    ("UserService.GetUser", {"user_id": "{node}"}),
    ("UserService.GetUser", {"user_id": "a b"}),
    ("UserService.CreateUser", {"email": "{email}", "password": USER_PASSWORD, "name": "Twice"}),
    ("UserService.CreateUser", {"email": "nonsense", "password": USER_PASSWORD}),
    ("UserService.CreateUser", {"email": "{fresh}@example.org", "password": "short"}),
    ("UserService.CreateUser", {"email": "{fresh}@example.org", "password": USER_PASSWORD, "name": "n" * 2000}),
    ("UserService.ListUsers", {"page_size": 100000}),
    ("UserService.ListUsers", {"page_token": "nonsense"}),
    ("UserService.DeleteUser", {"user_id": "me"}),
    ("DomainService.CreateDomain", {"name": ""}),
    ("DomainService.CreateDomain", {"name": "D", "route": "No Route"}),
    ("DomainService.UpdateDomain", {"domain_id": "{node}", "name": "x", "update_mask": "name"}),
    ("ClientService.CreateClient", {"domain_id": "{node}", "name": "Pump"}),
    ("ChannelService.Connect", {"channel_id": "{channel}", "client_id": "{node}", "actions": ["publish"]}),
    ("ChannelService.Connect", {"channel_id": "{channel}", "client_id": "{client}", "actions": []}),
    ("GroupService.GetGroup", {"group_id": "{node}"}),
    ("AuthService.Check", {"subject": {"kind": "client", "id": "{client}"}, "permission": "fly",
                           "object": {"kind": "channel", "id": "{channel}"}}),
    ("SessionService.CreateSession", {"login": "{email}", "password": "wrong but long enough"}),
]
# Who asks decides as well.
CALLERS = ["admin", "lesser", "nobody", "expired"]
STATUS = {3: (400, 413), 5: (404,), 6: (409,), 7: (403,), 8: (429,), 9: (409,), 10: (412,), 12: (501,), 14: (503,),
          16: (401,)}


def filled(value, world):
    if isinstance(value, dict):
        return {name: filled(each, world) for name, each in value.items()}
    return value.format(fresh=fresh("parity"), **world) if isinstance(value, str) and "{" in value else value


def name_of(case):
    return case[0] if isinstance(case, tuple) else None


def caller(site, who):
    token = {"admin": lambda: site.admin.token, "lesser": lambda: site.login(site.user()["email"]).token,
             "nobody": lambda: None, "expired": lambda: site.admin.token[:-4] + "AAAA"}[who]()
    return site.nobody().as_bearer(token), Rpc(site.server.grpc, token)


@pytest.mark.parametrize("name, fields", [*READS, *WRITES], ids=lambda value: value if isinstance(value, str) else "")
def test_answers_are_the_same(site, world, name, fields):
    names = VOLATILE if (name, fields) in WRITES else set()
    api, rpc = caller(site, "admin")
    with rpc:
        answer = over_rest(api, name, filled(fields, world))
        assert answer.status < 300, answer
        message = rpc.must(name, filled(fields, world)).message
    assert comparable(as_json(message), names) == comparable(answer.json, names)


@pytest.mark.parametrize("who", CALLERS)
def test_refusals_are_for_the_same_reason(site, world, who):
    api, rpc = caller(site, who)
    with rpc:
        for name, fields in [*REFUSALS, *([] if who == "admin" else READS)]:
            answer = over_rest(api, name, filled(fields, world))
            if answer.status < 300:
                rpc.must(name, filled(fields, world))
                continue
            refusal = rpc.refused(name, filled(fields, world))
            assert refusal.reason == answer.reason, (name, fields, refusal, answer)
            assert answer.status in STATUS[refusal.code.value[0]], (name, refusal, answer)
            assert refusal.info.metadata.get("field", None) == answer.field, (name, refusal, answer)
            assert refusal.message == answer.json["detail"] or refusal.reason == "auth.missing"  # "header", "metadata"
