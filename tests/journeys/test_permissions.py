"""Every method of the API asked by every kind of caller. The table below is the whole truth; the test
that it names every method reads the .proto files."""

import re
from types import SimpleNamespace

import pytest

from rig.api import refused
from rig.directory import site_options  # noqa: F401
from rig.server import SOURCE
from rig.site import ADMIN_PASSWORD, USER_PASSWORD, fresh

CALLERS = ["anonymous", "outsider", "stranger", "device", "member", "admin", "owner", "platform"]
# stranger: the owner of another domain; device: a client of this domain, with its key.


class Row:
    """One method: how to ask, and the status each caller gets."""

    def __init__(self, rpc, verb, path, body=None, **statuses):
        self.rpc, self.verb, self.path, self.body, self.statuses = rpc, verb, path, body, statuses

    def status(self, caller):
        return self.statuses[caller] if caller in self.statuses else self.statuses["rest"]


def in_domain(rpc, verb, path, body=None, ok=200, least="member"):
    """A method on something in a domain: strangers see nothing of it, members may not do all."""
    order = ["member", "admin", "owner"]
    statuses = {caller: ok if order.index(caller) >= order.index(least) else 403 for caller in order}
    return Row(rpc, verb, path, body, anonymous=401, platform=ok, rest=404, **statuses)


def on_platform(rpc, verb, path, body=None, ok=200):
    return Row(rpc, verb, path, body, anonymous=401, platform=ok, rest=403)


def on_user(rpc, verb, path, body=None, ok=200):
    """On another user: nobody but the platform's administrators sees them."""
    return Row(rpc, verb, path, body, anonymous=401, platform=ok, rest=404)


def about_domain(rpc, path, body):
    """A question about who may do something in a domain. What exists is not told by its answer."""
    question = {**body, "permission": "read", "object": {"kind": "domain", "id": "{domain}"}}
    return Row(rpc, "POST", path, question, anonymous=401, member=200, admin=200, owner=200, platform=200, rest=403)


D, CL, CH, GR, RO = "/api/v1/domains", "/api/v1/clients", "/api/v1/channels", "/api/v1/groups", "/api/v1/roles"


def new_role(kind, scope, action="read"):
    return {"scope_kind": kind, "scope_id": scope, "name": "new", "actions": [action]}


TABLE = [
    Row("AuthService.Authenticate", "POST", "/api/v1/auth/authenticate",
        {"client_key": {"client_id": "{client}", "key": "{key}"}}, anonymous=401, rest=200),
    Row("AuthService.Check", "POST", "/api/v1/auth/check", {"permission": "read", "object": {"kind": "domain", "id": "{domain}"}},
        anonymous=401, rest=200),
    Row("AuthService.BatchCheck", "POST", "/api/v1/auth/check/batch",
        {"checks": [{"permission": "read", "object": {"kind": "domain", "id": "{domain}"}}]}, anonymous=401, rest=200),
    Row("AuthService.Explain", "POST", "/api/v1/auth/explain", {"permission": "read", "object": {"kind": "domain", "id": "{domain}"}},
        anonymous=401, rest=200),

    on_platform("DomainService.CreateDomain", "POST", D, {"name": "new"}, ok=201),
    in_domain("DomainService.GetDomain", "GET", D + "/{domain}"),
    Row("DomainService.ListDomains", "GET", D, anonymous=401, rest=200),
    in_domain("DomainService.UpdateDomain", "PATCH", D + "/{domain}", {"name": "other"}, least="admin"),
    in_domain("DomainService.EnableDomain", "POST", D + "/{domain}/enable", {}, least="owner"),
    in_domain("DomainService.DisableDomain", "POST", D + "/{domain}/disable", {}, least="owner"),
    in_domain("DomainService.DeleteDomain", "DELETE", D + "/{empty_domain}", ok=204, least="owner"),
    Row("DomainService.FreezeDomain", "POST", D + "/{domain}/freeze", {}, anonymous=401, platform=200, rest=404,
        owner=403, admin=403, member=403),
    in_domain("DomainService.GetDomainUsage", "GET", D + "/{domain}/usage"),
    on_platform("DomainService.SetDomainQuotas", "PATCH", D + "/{domain}/quotas", {"clients": 5}),
    in_domain("DomainService.AddMember", "POST", D + "/{domain}/members", {"user_id": "{user}", "role": "member"}, ok=201, least="admin"),
    in_domain("DomainService.AddMember", "POST", D + "/{domain}/members", {"user_id": "{user}", "role": "admin"}, ok=201, least="admin"),
    in_domain("DomainService.AddMember", "POST", D + "/{domain}/members", {"user_id": "{user}", "role": "owner"}, ok=201, least="owner"),
    in_domain("DomainService.BatchAddMembers", "POST", D + "/{domain}/members/batch",
              {"members": [{"user_id": "{user}", "role": "member"}]}, least="admin"),
    in_domain("DomainService.BatchAddMembers", "POST", D + "/{domain}/members/batch",
              {"members": [{"user_id": "{user}", "role": "owner"}]}, least="owner"),
    on_user("DomainService.ListUserDomains", "GET", "/api/v1/users/{user}/domains"),
    in_domain("DomainService.ListMembers", "GET", D + "/{domain}/members"),
    in_domain("DomainService.UpdateMember", "PATCH", D + "/{domain}/members/{someone}", {"role": "admin"}, least="admin"),
    in_domain("DomainService.UpdateMember", "PATCH", D + "/{domain}/members/{someone}", {"role": "owner"}, least="owner"),
    in_domain("DomainService.UpdateMember", "PATCH", D + "/{domain}/members/{co_owner}", {"role": "member"}, least="owner"),
    in_domain("DomainService.RemoveMember", "DELETE", D + "/{domain}/members/{someone}", ok=204, least="admin"),
    in_domain("DomainService.RemoveMember", "DELETE", D + "/{domain}/members/{co_owner}", ok=204, least="owner"),

    in_domain("DomainService.DeleteDomain", "DELETE", D + "/{domain}?force=true", ok=204, least="owner"),

    in_domain("GroupService.CreateGroup", "POST", D + "/{domain}/groups", {"name": "new"}, ok=201, least="admin"),
    in_domain("GroupService.CreateGroup", "POST", D + "/{domain}/groups", {"name": "new", "parent_id": "{group}"}, ok=201, least="admin"),
    in_domain("GroupService.GetGroup", "GET", GR + "/{group}"),
    in_domain("GroupService.ListGroups", "GET", D + "/{domain}/groups"),
    in_domain("GroupService.ListGroupsBelow", "GET", GR + "/{group}/groups"),
    in_domain("GroupService.GetGroupTree", "GET", GR + "/{group}/tree"),
    in_domain("GroupService.ListGroupClients", "GET", GR + "/{group}/clients"),
    in_domain("GroupService.ListGroupChannels", "GET", GR + "/{group}/channels"),
    in_domain("GroupService.UpdateGroup", "PATCH", GR + "/{group}", {"name": "other"}, least="admin"),
    in_domain("GroupService.MoveGroup", "POST", GR + "/{group}/move", {"parent_id": "{other_group}"}, least="admin"),
    in_domain("GroupService.EnableGroup", "POST", GR + "/{group}/enable", {}, least="admin"),
    in_domain("GroupService.DisableGroup", "POST", GR + "/{group}/disable", {}, least="admin"),
    in_domain("GroupService.DeleteGroup", "DELETE", GR + "/{group}", ok=204, least="admin"),
    in_domain("GroupService.DeleteGroup", "DELETE", GR + "/{group}?force=true", ok=204, least="admin"),

    in_domain("RoleService.CreateRole", "POST", RO, new_role("domain", "{domain}"), ok=201, least="owner"),
    in_domain("RoleService.CreateRole", "POST", RO, new_role("group", "{group}"), ok=201, least="owner"),
    in_domain("RoleService.CreateRole", "POST", RO, new_role("client", "{client}"), ok=201, least="owner"),
    in_domain("RoleService.CreateRole", "POST", RO, new_role("channel", "{channel}"), ok=201, least="owner"),
    on_platform("RoleService.CreateRole", "POST", RO, new_role("platform", "main", "user_read"), ok=201),
    in_domain("RoleService.ListRoles", "GET", RO + "?scope_kind=domain&scope_id={domain}"),
    in_domain("RoleService.ListRoles", "GET", RO + "?scope_kind=group&scope_id={group}"),
    in_domain("RoleService.ListRoles", "GET", RO + "?scope_kind=client&scope_id={client}"),
    in_domain("RoleService.ListRoles", "GET", RO + "?scope_kind=channel&scope_id={channel}"),
    on_platform("RoleService.ListRoles", "GET", RO + "?scope_kind=platform"),
    in_domain("RoleService.GetRole", "GET", RO + "/{role}"),
    in_domain("RoleService.UpdateRole", "PATCH", RO + "/{role}", {"name": "other", "actions": ["update"]}, least="owner"),
    in_domain("RoleService.AddRoleActions", "POST", RO + "/{role}/actions/add", {"actions": ["update"]}, least="owner"),
    in_domain("RoleService.RemoveRoleActions", "POST", RO + "/{role}/actions/remove", {"actions": ["update"]}, least="owner"),
    in_domain("RoleService.DeleteRole", "DELETE", RO + "/{role}", ok=204, least="owner"),
    in_domain("RoleService.AddRoleMembers", "POST", RO + "/{role}/members", {"members": [{"kind": "user", "id": "{user}"}]}, least="owner"),
    in_domain("RoleService.ListRoleMembers", "GET", RO + "/{role}/members"),
    in_domain("RoleService.RemoveRoleMember", "DELETE", RO + "/{role}/members/user/{role_member}", ok=204, least="owner"),
    on_user("RoleService.ListUserRoles", "GET", "/api/v1/users/{user}/roles"),
    in_domain("RoleService.ListClientRoles", "GET", CL + "/{client}/roles"),
    Row("RoleService.ListActions", "GET", "/api/v1/actions?scope_kind=client", anonymous=401, rest=200),

    in_domain("ClientService.CreateClient", "POST", D + "/{domain}/clients", {"name": "new"}, ok=201, least="admin"),
    in_domain("ClientService.BatchCreateClients", "POST", D + "/{domain}/clients/batch", {"clients": [{"name": "new"}]}, least="admin"),
    in_domain("ClientService.BatchCreateClients", "POST", D + "/{domain}/clients/batch",
              {"clients": [{"name": "new"}], "group_id": "{group}"}, least="admin"),
    in_domain("ClientService.GetClient", "GET", CL + "/{client}"),
    in_domain("ClientService.ListClients", "GET", D + "/{domain}/clients"),
    in_domain("ClientService.UpdateClient", "PATCH", CL + "/{client}", {"name": "other"}, least="admin"),
    in_domain("ClientService.EnableClient", "POST", CL + "/{client}/enable", {}, least="admin"),
    in_domain("ClientService.DisableClient", "POST", CL + "/{client}/disable", {}, least="admin"),
    in_domain("ClientService.DeleteClient", "DELETE", CL + "/{client}", ok=204, least="admin"),
    in_domain("ClientService.CreateClient", "POST", D + "/{domain}/clients", {"name": "new", "group_id": "{group}"}, ok=201, least="admin"),
    in_domain("ClientService.MoveClient", "POST", CL + "/{client}/move", {"group_id": "{group}"}, least="admin"),
    in_domain("ClientService.CreateKey", "POST", CL + "/{client}/keys", {}, ok=201, least="admin"),
    in_domain("ClientService.ListKeys", "GET", CL + "/{client}/keys", least="admin"),
    in_domain("ClientService.DeleteKey", "DELETE", CL + "/{client}/keys/{key_id}", ok=204, least="admin"),

    in_domain("ChannelService.CreateChannel", "POST", D + "/{domain}/channels", {"name": "new"}, ok=201, least="admin"),
    in_domain("ChannelService.GetChannel", "GET", CH + "/{channel}"),
    in_domain("ChannelService.ListChannels", "GET", D + "/{domain}/channels"),
    in_domain("ChannelService.UpdateChannel", "PATCH", CH + "/{channel}", {"name": "other"}, least="admin"),
    in_domain("ChannelService.EnableChannel", "POST", CH + "/{channel}/enable", {}, least="admin"),
    in_domain("ChannelService.DisableChannel", "POST", CH + "/{channel}/disable", {}, least="admin"),
    in_domain("ChannelService.DeleteChannel", "DELETE", CH + "/{channel}", ok=204, least="admin"),
    in_domain("ChannelService.CreateChannel", "POST", D + "/{domain}/channels", {"name": "new", "group_id": "{group}"}, ok=201, least="admin"),
    in_domain("ChannelService.MoveChannel", "POST", CH + "/{channel}/move", {"group_id": "{group}"}, least="admin"),
    in_domain("ChannelService.Connect", "POST", CH + "/{channel}/connections", {"client_id": "{other_client}", "actions": ["publish"]},
              ok=201, least="admin"),
    in_domain("ChannelService.ListConnections", "GET", CH + "/{channel}/connections"),
    in_domain("ChannelService.ListClientConnections", "GET", CL + "/{client}/connections"),
    in_domain("ChannelService.UpdateConnection", "PATCH", CH + "/{channel}/connections/{client}", {"actions": ["publish"]}, least="admin"),
    in_domain("ChannelService.ConnectGroup", "POST", CH + "/{channel}/group-connections", {"group_id": "{other_group}", "actions": ["publish"]},
              ok=201, least="admin"),
    in_domain("ChannelService.ListConnectedGroups", "GET", CH + "/{channel}/group-connections"),
    in_domain("ChannelService.ListGroupConnections", "GET", GR + "/{group}/connections"),
    in_domain("ChannelService.UpdateGroupConnection", "PATCH", CH + "/{channel}/group-connections/{group}", {"actions": ["publish"]}, least="admin"),
    in_domain("ChannelService.DisconnectGroup", "DELETE", CH + "/{channel}/group-connections/{group}", ok=204, least="admin"),
    in_domain("ChannelService.Disconnect", "DELETE", CH + "/{channel}/connections/{client}", ok=204, least="admin"),

    on_platform("PolicyService.GetSchema", "GET", "/api/v1/policy/schema"),
    on_platform("PolicyService.WriteSchema", "PUT", "/api/v1/policy/schema", {"text": "", "validate_only": True}),
    Row("PolicyService.LookupResources", "POST", "/api/v1/policy/lookup/resources", {"permission": "read", "object_kind": "domain"},
        anonymous=401, rest=200),
    on_platform("PolicyService.LookupResources", "POST", "/api/v1/policy/lookup/resources",
                {"subject": {"kind": "user", "id": "{user}"}, "permission": "read", "object_kind": "domain"}),
    about_domain("PolicyService.LookupSubjects", "/api/v1/policy/lookup/subjects", {"subject_kind": "user"}),
    about_domain("PolicyService.Expand", "/api/v1/policy/expand", {}),
    Row("PolicyService.ListGrants", "GET", "/api/v1/policy/grants", anonymous=401, rest=200),
    on_platform("PolicyService.ListGrants", "GET", "/api/v1/policy/grants?kind=user&id={user}"),
    Row("PolicyService.ListGrants", "GET", "/api/v1/policy/grants?kind=client&id={client}", anonymous=401, rest=403,
        platform=200, owner=200, admin=200, member=200),
    on_platform("PolicyService.ListRelationships", "GET", "/api/v1/policy/relationships?resource_kind=platform&resource_id=main"),
    # Whoever is let in learns that there is no such kind here.
    on_platform("PolicyService.WriteRelationships", "POST", "/api/v1/policy/relationships/write", {"updates": [
        {"relationship": {"resource": {"kind": "no/kind", "id": "1"}, "relation": "viewer", "subject": {"kind": "user", "id": "1"}}}]},
        ok=400),
    on_platform("PolicyService.DeleteRelationships", "POST", "/api/v1/policy/relationships/delete",
                {"filter": {"resource_kind": "no/kind"}}, ok=400),

    Row("InfoService.GetInfo", "GET", "/api/v1/info", rest=200),
    Row("InfoService.GetHealth", "GET", "/api/v1/health", rest=200),

    in_domain("ChannelService.BatchConnect", "POST", D + "/{domain}/connections",
              {"client_ids": ["{client}", "{other_client}"], "channel_ids": ["{channel}"], "actions": ["publish"]}, least="admin"),
    in_domain("ChannelService.BatchDisconnect", "POST", D + "/{domain}/connections/remove",
              {"client_ids": ["{client}"], "channel_ids": ["{channel}"]}, least="admin"),

    on_platform("NodeService.EnrollNode", "POST", "/api/v1/nodes", {"name": "{fresh_node}"}, ok=201),
    on_platform("NodeService.ListNodes", "GET", "/api/v1/nodes"),
    on_platform("NodeService.RemoveNode", "DELETE", "/api/v1/nodes/{node}", ok=204),

    # Of one's own; not even an administrator makes or changes another's, but may see and end them.
    Row("TokenService.CreateToken", "POST", "/api/v1/users/me/tokens", {"type": "personal", "name": "{fresh_node}"},
        anonymous=401, device=404, rest=201),
    Row("TokenService.CreateToken", "POST", "/api/v1/users/{user}/tokens", {"type": "api_key", "name": "{fresh_node}"},
        anonymous=401, platform=403, rest=404),
    Row("TokenService.ListTokens", "GET", "/api/v1/users/me/tokens", anonymous=401, device=404, rest=200),
    on_user("TokenService.ListTokens", "GET", "/api/v1/users/{user}/tokens"),
    *[Row(f"TokenService.{rpc}", verb, "/api/v1/users/{user}/tokens/none" + path, body, anonymous=401, platform=403, rest=404)
      for rpc, verb, path, body in [("UpdateToken", "PATCH", "", {"name": "new"}), ("ResetToken", "POST", "/reset", {}),
                                    ("SetTokenScopes", "PUT", "/scopes", {}), ("AddTokenScopes", "POST", "/scopes/add", {}),
                                    ("RemoveTokenScopes", "POST", "/scopes/remove", {})]],
    *[Row(f"TokenService.{rpc}", verb, "/api/v1/users/me/tokens/none" + path, body, anonymous=401, rest=404)
      for rpc, verb, path, body in [("GetToken", "GET", "", None), ("RevokeToken", "POST", "/revoke", {}),
                                    ("DeleteToken", "DELETE", "", None)]],

    Row("SessionService.CreateSession", "POST", "/api/v1/sessions", {"login": "{email}", "password": USER_PASSWORD}, rest=201),
    Row("SessionService.RefreshSession", "POST", "/api/v1/sessions/refresh", {"refresh_token": "{refresh}"}, rest=200),
    Row("SessionService.ListSessions", "GET", "/api/v1/sessions", anonymous=401, rest=200),
    Row("SessionService.DeleteSession", "DELETE", "/api/v1/sessions/{session}", anonymous=401, rest=404),
    # Who is nobody's user cannot be signed out.
    Row("SessionService.DeleteAllSessions", "DELETE", "/api/v1/sessions?keep_current=true", anonymous=401, device=404, rest=204),
    on_user("SessionService.ListUserSessions", "GET", "/api/v1/users/{user}/sessions"),
    on_user("SessionService.DeleteUserSession", "DELETE", "/api/v1/users/{user}/sessions/{session}", ok=204),
    on_user("SessionService.DeleteUserSessions", "DELETE", "/api/v1/users/{user}/sessions", ok=204),
    Row("SetupService.CreateFirstAdmin", "POST", "/api/v1/setup",
        {"setup_token": "{setup}", "email": "z@example.org", "name": "Z", "password": ADMIN_PASSWORD}, rest=403),

    in_domain("WatchService.Watch", "GET", "/api/v1/watch?domain_id={domain}", least="admin"),
    on_platform("WatchService.Watch", "GET", "/api/v1/watch"),

    on_platform("UserService.CreateUser", "POST", "/api/v1/users",
                {"email": "{fresh_email}", "name": "new", "password": USER_PASSWORD}, ok=201),
    on_user("UserService.GetUser", "GET", "/api/v1/users/{user}"),
    on_platform("UserService.ListUsers", "GET", "/api/v1/users"),
    on_user("UserService.UpdateUser", "PATCH", "/api/v1/users/{user}", {"name": "other"}),
    on_user("UserService.EnableUser", "POST", "/api/v1/users/{user}/enable", {}),
    on_user("UserService.DisableUser", "POST", "/api/v1/users/{user}/disable", {}),
    on_user("UserService.DeleteUser", "DELETE", "/api/v1/users/{user}", ok=204),
    on_user("UserService.ChangePassword", "POST", "/api/v1/users/{user}/password", {"new_password": "another long password"}),
]
TABLE[-1].statuses["platform"] = 204


def test_the_table_names_every_method():
    declared = set()
    for file in (SOURCE / "proto/allauth/v1").glob("*.proto"):
        service = None
        for line in file.read_text().splitlines():
            if found := re.match(r"service (\w+)", line):
                service = found.group(1)
            elif found := re.match(r"\s+rpc (\w+)\(", line):
                declared.add(f"{service}.{found.group(1)}")
    assert declared == {row.rpc for row in TABLE}


@pytest.fixture(scope="module")
def people(site):
    """The callers; their memberships are made anew for each domain."""
    users = {name: site.user() for name in ("outsider", "stranger", "member", "admin", "owner", "someone", "co_owner")}
    tokens = {name: site.login(user["email"]) for name, user in users.items()}
    foreign = site.domain()["id"]
    site.admin.must("POST", f"{D}/{foreign}/members", {"user_id": users["stranger"]["id"], "role": "owner"})
    return SimpleNamespace(users=users, tokens=tokens, foreign=foreign)


def make_domain(site, people):
    domain = site.domain(route=fresh("matrix"))["id"]
    for name, role in (("member", "member"), ("admin", "admin"), ("owner", "owner"), ("someone", "member"), ("co_owner", "owner")):
        site.admin.must("POST", f"{D}/{domain}/members", {"user_id": people.users[name]["id"], "role": role})
    return domain


class Target(dict):
    """The things that a row names, made when they are named."""

    def __init__(self, site, people):
        super().__init__()
        self.site, self.people = site, people
        self["domain"] = make_domain(site, people)
        device = site.client(self["domain"])
        self.device = site.nobody().as_client(device.id, device.key)

    def __missing__(self, name):
        site, domain = self.site, self["domain"]
        if name in ("client", "key", "key_id"):
            client = site.client(domain)
            self.update(client=client.id, key=client.key, key_id=client.key_id)
        elif name == "other_client":
            self[name] = site.client(domain).id
        elif name == "channel":
            self[name] = site.channel(domain)["id"]
        elif name in ("group", "other_group"):
            self[name] = site.group(domain)["id"]
        elif name in ("role", "role_member"):
            member = site.user()["id"]
            self.update(role=site.role("group", self["group"], ["read"], [("user", member)])["id"], role_member=member)
        elif name == "empty_domain":
            self[name] = make_domain(site, self.people)
        elif name in ("user", "email", "refresh", "session"):
            user = site.user()
            session = site.session(user["email"])
            self.update(user=user["id"], email=user["email"], refresh=session["refresh_token"], session=session["session_id"])
        elif name in self.people.users:
            self[name] = self.people.users[name]["id"]
        elif name == "setup":
            self[name] = site.setup_token
        elif name == "fresh_node":
            self[name] = fresh("node")
        elif name == "node":
            self[name] = site.admin.must("POST", "/api/v1/nodes", {"name": fresh("node")})["name"]
        elif name == "fresh_email":
            self[name] = f"{fresh('matrix')}@example.org"
        return self[name]

    def fill(self, value):
        if isinstance(value, dict):
            return {key: self.fill(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        if isinstance(value, str):
            return re.sub(r"\{(\w+)\}", lambda found: self[found.group(1)], value)
        return value

    def caller(self, name):
        special = {"anonymous": self.site.nobody(), "device": self.device, "platform": self.site.admin}
        return special.get(name) or self.people.tokens[name]

    def prepare(self, row):
        if row.rpc in ("ChannelService.UpdateConnection", "ChannelService.Disconnect", "ChannelService.BatchDisconnect"):
            self.site.connect(self["client"], self["channel"])
        if row.rpc in ("ChannelService.UpdateGroupConnection", "ChannelService.DisconnectGroup"):
            self.site.connect_group(self["group"], self["channel"])


def state_of(site, domain):
    """All that can be seen of a domain."""
    admin = site.admin
    state = {"domain": admin.get(f"{D}/{domain}").body}
    for what in ("members", "groups", "clients", "channels"):
        state[what] = admin.get(f"{D}/{domain}/{what}?page_size=1000").body
    if admin.get(f"{D}/{domain}").status == 200:
        for client in admin.must("GET", f"{D}/{domain}/clients?page_size=1000")["clients"]:
            state[client["id"]] = admin.get(f"{CL}/{client['id']}/keys").body
        for channel in admin.must("GET", f"{D}/{domain}/channels?page_size=1000")["channels"]:
            state[channel["id"]] = [admin.get(f"{CH}/{channel['id']}/{of}").body for of in ("connections", "group-connections")]
        scopes = [("domain", domain)] + [(kind, item["id"]) for kind in ("group", "client", "channel")
                                         for item in admin.must("GET", f"{D}/{domain}/{kind}s?page_size=1000")[f"{kind}s"]]
        for kind, scope in scopes:
            for role in admin.must("GET", f"{RO}?scope_kind={kind}&scope_id={scope}")["roles"]:
                state[role["id"]] = (role, admin.get(f"{RO}/{role['id']}/members").body)
    return state


def name_of(row):
    role = f"-{row.body['role']}" if row.body and "role" in row.body else ""
    return row.rpc.split(".")[1] + role + ("-co_owner" if "co_owner" in row.path else "")


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("row", TABLE, ids=name_of)
def test_who_may_do_what(site, people, row, caller):
    target = Target(site, people)
    target.prepare(row)
    path, body = target.fill(row.path), target.fill(row.body)
    before = state_of(site, target["domain"])
    answer = target.caller(caller).call(row.verb, path, json=body)
    assert answer.status == row.status(caller), answer
    if answer.status >= 400:
        assert answer.is_problem, answer
        assert state_of(site, target["domain"]) == before
    if answer.status == 404 and row.rpc.split(".")[0] != "SessionService":
        # The same answer as for what does not exist, so that nobody learns which ids there are.
        missing = Target.__new__(Target)
        missing.update(target, **{name: "nothing" for name in ("domain", "empty_domain", "group", "role", "client", "channel", "user")})
        other = missing.fill(row.body) if row.rpc == "RoleService.CreateRole" else body
        answer_missing = target.caller(caller).call(row.verb, missing.fill(row.path), json=other)
        strip = {"request_id": None}
        assert {**answer_missing.json, **strip} == {**answer.json, **strip}


SESSION_CALLERS = ["outsider", "member", "admin", "owner"]


@pytest.mark.parametrize("caller", SESSION_CALLERS)
def test_what_everybody_may_do_with_themselves(site, people, caller):
    own = site.login(people.users[caller]["email"])
    me = people.users[caller]["id"]
    assert own.get("/api/v1/users/me").status == own.get(f"/api/v1/users/{me}").status == 200
    assert own.patch("/api/v1/users/me", {"name": "Me"}).status == 200
    for verb, path, body in (("POST", f"/api/v1/users/{me}/disable", {}), ("POST", f"/api/v1/users/{me}/enable", {}),
                             ("DELETE", f"/api/v1/users/{me}", None)):
        refused(own.call(verb, path, json=body), 403, "gate.denied")
    assert own.delete("/api/v1/sessions/current").status == 204


ON_DOMAIN = [row for row in TABLE if row.statuses.get("rest") == 404 and not row.rpc.startswith(("UserService", "SessionService"))]
HANDED_OVER = {"ClientService.MoveClient", "ChannelService.MoveChannel", "GroupService.MoveGroup"}


@pytest.mark.parametrize("row", ON_DOMAIN, ids=name_of)
def test_ids_of_another_domain_do_not_work_in_ones_own(site, people, row):
    """The stranger owns a domain: its id in the path with ids of the other domain behind it, and the other way round."""
    theirs = Target(site, people)
    theirs.prepare(row)
    path, body = theirs.fill(row.path), theirs.fill(row.body)
    before, own_before = state_of(site, theirs["domain"]), state_of(site, people.foreign)
    stranger = people.tokens["stranger"]
    answer = stranger.call(row.verb, path, json=body)
    assert answer.status == 404 and answer.is_problem
    mixed = Target(site, people)
    mixed.update({name: value for name, value in theirs.items()})
    mixed["domain"] = people.foreign
    if "{domain}" in row.path and path != mixed.fill(row.path) and re.search(r"\{(someone|co_owner)\}", row.path):
        answer = stranger.call(row.verb, mixed.fill(row.path), json=body)
        assert answer.status == 404 and answer.is_problem, answer
    if row.rpc == "ChannelService.Connect":
        own_channel = site.channel(people.foreign)["id"]
        own_before = state_of(site, people.foreign)
        answer = stranger.post(f"{CH}/{own_channel}/connections", {"client_id": theirs["other_client"], "actions": ["publish"]})
        assert answer.status == 404, answer
    if row.rpc == "ChannelService.ConnectGroup":
        own_channel = site.channel(people.foreign)["id"]
        own_before = state_of(site, people.foreign)
        answer = stranger.post(f"{CH}/{own_channel}/group-connections", {"group_id": theirs["other_group"], "actions": ["publish"]})
        assert answer.status == 404, answer
    if row.rpc in HANDED_OVER:  # one's own thing into their group
        own = {"ClientService.MoveClient": lambda: f"{CL}/{site.client(people.foreign).id}",
               "ChannelService.MoveChannel": lambda: f"{CH}/{site.channel(people.foreign)['id']}",
               "GroupService.MoveGroup": lambda: f"{GR}/{site.group(people.foreign)['id']}"}[row.rpc]()
        own_before = state_of(site, people.foreign)
        assert stranger.post(f"{own}/move", body).status == 404
    if row.rpc == "RoleService.AddRoleMembers":  # their client into one's own role
        role = site.role("domain", people.foreign, ["read"])["id"]
        own_before = state_of(site, people.foreign)
        theirs_too = {"members": [{"kind": "client", "id": theirs["client"]}]}
        before = state_of(site, theirs["domain"])
        refused(stranger.post(f"{RO}/{role}/members", theirs_too), 404, "client.missing")
    assert state_of(site, theirs["domain"]) == before
    assert state_of(site, people.foreign) == own_before


def test_a_disabled_domain_is_still_administered(site, people):
    """Disabling stops devices, not those who are to enable it again."""
    target = Target(site, people)
    owner = people.tokens["owner"]
    owner.must("POST", f"{D}/{target['domain']}/disable", {})
    assert owner.get(f"{D}/{target['domain']}").json["status"] == "disabled"
    assert target.device.get(D).status == 401
    assert owner.post(f"{D}/{target['domain']}/enable", {}).json["status"] == "enabled"
    assert target.device.get(D).status == 200
