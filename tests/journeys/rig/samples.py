"""A proper request for every method, made from its descriptor: what a field is filled with comes from its name.

A method with a field that is needed and not known here cannot be asked, and `test_abuse.py` then says which sample is
missing. Add it to SAMPLES: by the name of the field, or by "Message.field" where the name alone does not tell."""

import json
import urllib.parse
from types import SimpleNamespace

from google.protobuf.descriptor import FieldDescriptor as F

from .site import USER_PASSWORD, fresh

LEFT_OUT = object()
OWN_SCHEMA = "definition sample/thing {\n  relation viewer: user\n}\n"


class World(dict):
    """Things in a domain of their own, made when they are named."""

    def __init__(self, site):
        super().__init__()
        self.site = site

    def __missing__(self, name):
        self[name] = getattr(self, "_" + name)()
        return self[name]

    def _domain(self):
        return self.site.domain(route=fresh("abuse"))["id"]

    def _empty_domain(self):
        return self.site.domain()["id"]

    def _device(self):
        return self.site.client(self["domain"])

    def _other_device(self):
        return self.site.client(self["domain"])

    def _channel(self):
        return self.site.channel(self["domain"])["id"]

    def _connected(self):
        self.site.connect(self["device"].id, self["channel"])
        return self["device"].id

    def _group(self):
        return self.site.group(self["domain"])["id"]

    def _other_group(self):
        return self.site.group(self["domain"])["id"]

    def _connected_group(self):
        self.site.connect_group(self["group"], self["channel"])
        return self["group"]

    def _person(self):
        user = self.site.user()
        session = self.site.session(user["email"])
        return SimpleNamespace(id=user["id"], email=user["email"], refresh=session["refresh_token"],
                               access=session["access_token"], session=session["session_id"])

    def _member(self):
        user = self.site.user()["id"]
        self.site.admin.must("POST", f"/api/v1/domains/{self['domain']}/members", {"user_id": user, "role": "member"})
        return user

    def _role(self):
        return self.site.role("domain", self["domain"], ["read"])["id"]

    def _role_member(self):
        user = self.site.user()["id"]
        self.site.admin.must("POST", f"/api/v1/roles/{self['role']}/members", {"members": [{"kind": "user", "id": user}]})
        return user

    def _node(self):
        return self.site.admin.must("POST", "/api/v1/nodes", {"name": fresh("node")})["name"]

    def _own_kind(self):
        """A kind of the installation's own, with the relation viewer to users."""
        self.site.admin.must("PUT", "/api/v1/policy/schema", {"text": OWN_SCHEMA})
        return "sample/thing"

    def _token(self):
        """One of the administrator, too."""
        return self.site.admin.must("POST", "/api/v1/users/me/tokens", {"type": "personal", "name": fresh("token")})["token"]["id"]

    def _session(self):
        """One of the administrator, who is the one that asks."""
        return self.site.session(self.site.admin_email, "correct horse battery staple")["session_id"]


SAMPLES = {
    "domain_id": lambda w: w["domain"],
    "DeleteDomainRequest.domain_id": lambda w: w["empty_domain"],
    "client_id": lambda w: w["device"].id,
    "ConnectRequest.client_id": lambda w: w["other_device"].id,
    "UpdateConnectionRequest.client_id": lambda w: w["connected"],
    "DisconnectRequest.client_id": lambda w: w["connected"],
    "CreateClientRequest.client_id": lambda w: fresh("device"),
    "NewClient.client_id": lambda w: fresh("device"),
    "client_ids": lambda w: [w["device"].id],
    "channel_id": lambda w: w["channel"],
    "channel_ids": lambda w: [w["channel"]],
    "group_id": lambda w: w["group"],
    "ConnectGroupRequest.group_id": lambda w: w["other_group"],
    "UpdateGroupConnectionRequest.group_id": lambda w: w["connected_group"],
    "DisconnectGroupRequest.group_id": lambda w: w["connected_group"],
    "group_ids": lambda w: [w["group"]],
    "parent_id": lambda w: w["other_group"],
    "owner_id": lambda w: w["person"].id,
    "role_id": lambda w: w["role"],
    "user_id": lambda w: w["person"].id,
    "UpdateMemberRequest.user_id": lambda w: w["member"],
    "RemoveMemberRequest.user_id": lambda w: w["member"],
    "key_id": lambda w: w["device"].key_id,
    "token_id": lambda w: w["token"],
    **{f"{message}Request.user_id": lambda w: w.site.admin_user["id"] for message in (
        "CreateToken", "GetToken", "UpdateToken", "RevokeToken", "ResetToken", "DeleteToken", "SetTokenScopes",
        "AddTokenScopes", "RemoveTokenScopes")},
    "CreateTokenRequest.name": lambda w: fresh("token"),
    "UpdateTokenRequest.name": lambda w: fresh("token"),
    "TokenScope.kind": lambda w: "client",
    "TokenScope.operation": lambda w: "read",
    "TokenScope.object_id": lambda w: w["device"].id,
    "expires_in": lambda w: 3600,
    "session_id": lambda w: w["session"],
    "DeleteUserSessionRequest.session_id": lambda w: w["person"].session,
    "keep_current": lambda w: True,
    "name": lambda w: "sample",
    "EnrollNodeRequest.name": lambda w: fresh("node"),
    "RemoveNodeRequest.name": lambda w: w["node"],
    "route": lambda w: fresh("route"),
    "topics": lambda w: [fresh("sample") + "/#"],
    "max_qos": lambda w: 1,
    "tags": lambda w: ["sample"],
    "description": lambda w: "sample",
    "key": lambda w: fresh("a-key-of-twenty-characters-and-more"),
    "ClientKeyCredential.key": lambda w: w["device"].key,
    "email": lambda w: f"{fresh('sample')}@example.org",
    "username": lambda w: fresh("sample"),
    "login": lambda w: w["person"].email,
    "password": lambda w: USER_PASSWORD,
    "new_password": lambda w: "another long password",
    "password_hash": lambda w: LEFT_OUT,  # instead of the password
    "current_password": lambda w: LEFT_OUT,  # only for one's own
    "access_token": lambda w: w["person"].access,
    "refresh_token": lambda w: w["person"].refresh,
    "setup_token": lambda w: w.site.setup_token,
    "actions": lambda w: ["read"],
    "ConnectRequest.actions": lambda w: ["publish"],
    "BatchConnectRequest.actions": lambda w: ["publish"],
    "UpdateConnectionRequest.actions": lambda w: ["publish"],
    "ConnectGroupRequest.actions": lambda w: ["publish"],
    "UpdateGroupConnectionRequest.actions": lambda w: ["publish"],
    "denied_actions": lambda w: ["update"],
    "RoleGrant.kind": lambda w: "client",
    "RoleGrant.object_id": lambda w: w["device"].id,
    "RoleGrant.action": lambda w: "read",
    "permission": lambda w: "read",
    "scope_kind": lambda w: "domain",
    "scope_id": lambda w: w["domain"],
    "kind": lambda w: "user",
    "id": lambda w: w["person"].id,
    "RemoveRoleMemberRequest.id": lambda w: w["role_member"],
    "CheckRequest.object": lambda w: {"kind": "domain", "id": w["domain"]},
    "ExplainRequest.object": lambda w: {"kind": "domain", "id": w["domain"]},
    "LookupSubjectsRequest.object": lambda w: {"kind": "domain", "id": w["domain"]},
    "ExpandRequest.object": lambda w: {"kind": "domain", "id": w["domain"]},
    "object_kind": lambda w: "domain",
    "relationship": lambda w: {"resource": {"kind": w["own_kind"], "id": "1"}, "relation": "viewer",
                               "subject": {"kind": "user", "id": w["person"].id}},
    "relation": lambda w: "viewer",
    "operation": lambda w: "touch",
    "resource_kind": lambda w: w["own_kind"],
    "resource_id": lambda w: "1",
    "resource_id_prefix": lambda w: LEFT_OUT,  # instead of an id
    "subject_kind": lambda w: "user",
    "subject_id": lambda w: w["person"].id,
    "subject_relation": lambda w: LEFT_OUT,  # only where the subject has such a relation
    "DeleteRelationshipsRequest.filter": lambda w: {"resource_kind": w["own_kind"], "relation": "viewer"},
    "DeleteRelationshipsRequest.preconditions": lambda w: LEFT_OUT,
    "WriteRelationshipsRequest.preconditions": lambda w: [
        {"filter": {"resource_kind": w["own_kind"], "subject_kind": "user", "subject_id": "nobody"}, "must_not_match": True}],
    "context": lambda w: {"relationships": [SAMPLES["relationship"](w)]},
    "page_size": lambda w: 10,
    "depth": lambda w: 1,
    "page_token": lambda w: LEFT_OUT,  # only what a page before gave
    "order_by": lambda w: LEFT_OUT,  # every list has its own
    "name_contains": lambda w: "sample",
    "tags_all": lambda w: ["sample"],
    "tags_any": lambda w: ["sample"],
    "created_after": lambda w: "2020-01-01T00:00:00Z",
    "created_before": lambda w: "2099-01-01T00:00:00Z",
    "updated_after": lambda w: "2020-01-01T00:00:00Z",
    "updated_before": lambda w: "2099-01-01T00:00:00Z",
    "email_prefix": lambda w: "sample",
    "username_prefix": lambda w: "sample",
    "from": lambda w: LEFT_OUT,  # only what an event before gave
    "expires_at": lambda w: "2099-01-01T00:00:00Z",
    "force": lambda w: False,
    "text": lambda w: OWN_SCHEMA,
    "validate_only": lambda w: True,
}


def in_query(value):
    """As a parameter has it: objects as JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value)


class Request:
    """Values by field, for a method: `path`, `query` and `body` are what HTTP makes of them."""

    def __init__(self, method, values, unknown):
        self.method, self.values = method, values
        self.unknown = unknown  # fields that no sample fits, left out

    def path(self, **instead):
        values = {**self.values, **instead}
        path = self.method.path
        for name in self.method.in_path:
            path = path.replace(f"{{{name}}}", urllib.parse.quote(str(values[name]), safe=""))
        return path

    def query(self):
        pairs = []
        for field in self.method.in_query():
            value = self.values.get(field.name, LEFT_OUT)
            for item in [] if value is LEFT_OUT else value if isinstance(value, list) else [value]:
                pairs.append((field.name, in_query(item)))
        return urllib.parse.urlencode(pairs, quote_via=urllib.parse.quote)

    def target(self):
        query = self.query()
        return self.path() + ("?" + query if query else "")

    def body(self):
        """As a value; nothing if the method has no body."""
        if not self.method.body:
            return None
        if self.method.body != "*":
            return self.values.get(self.method.body, {})
        return {field.name: self.values[field.name] for field in self.method.in_body() if field.name in self.values}


def sample_of(field, world, unknown):
    message = field.containing_type.name
    made = SAMPLES.get(f"{message}.{field.name}") or SAMPLES.get(field.name)
    if made is not None:
        return made(world)
    value = _by_type(field, world, unknown)
    if value is LEFT_OUT:
        unknown.append(f"{message}.{field.name}")
        return LEFT_OUT
    return [value] if field.label == F.LABEL_REPEATED else value


def _by_type(field, world, unknown):
    if field.type == F.TYPE_BOOL:
        return False
    if field.type in (F.TYPE_UINT32, F.TYPE_INT32):
        return 1
    if field.type == F.TYPE_ENUM:
        return enum_words(field.enum_type)[0]
    if field.type == F.TYPE_MESSAGE and field.message_type.full_name == "google.protobuf.Struct":
        return {"sample": 1}
    if field.type == F.TYPE_MESSAGE and field.message_type.full_name.startswith("allauth."):
        return values_of(field.message_type, world, unknown)
    return LEFT_OUT


def enum_words(enum):
    prefix = "".join("_" + c if c.isupper() and i else c for i, c in enumerate(enum.name)).upper() + "_"
    return [value.name.removeprefix(prefix).lower() for value in enum.values if value.number != 0]


def values_of(descriptor, world, unknown):
    """Of a oneof the first member."""
    values, taken = {}, set()
    for field in descriptor.fields:
        oneof = field.containing_oneof
        real = oneof is not None and len(oneof.fields) > 1
        if field.name == "update_mask" or (real and oneof.name in taken):
            continue
        value = sample_of(field, world, unknown)
        if value is LEFT_OUT:
            continue
        if real:
            taken.add(oneof.name)
        values[field.name] = value
    return values


def request_for(method, world):
    unknown = []
    return Request(method, values_of(method.request, world, unknown), unknown)
