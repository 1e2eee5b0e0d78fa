"""An installation ready to use: server, broker, an administrator, and short ways to make things."""

import itertools
import shutil
from types import SimpleNamespace

from .api import Api
from .broker import Broker
from .server import Server

ADMIN_PASSWORD = "correct horse battery staple"
USER_PASSWORD = "a long enough password"
_numbers = itertools.count(1)


def fresh(prefix):
    return f"{prefix}-{next(_numbers)}"


class Site:
    def __init__(self, folder, with_broker=True, variables=None, **options):
        """`variables`: of the server's environment; `options`: its flags."""
        self.folder = folder
        self.broker = Broker(folder / "broker").start() if with_broker else None
        self.server = Server(folder / "data", upstream=self.broker.port if self.broker else None, **options)
        self.server.environment = variables or {}
        self.nodes = [self.server]
        try:
            self.server.start()
            self.setup_token = self.server.setup_token
            self.admin_email = "root@example.org"
            self.admin_user = self.nobody().must("POST", "/api/v1/setup", {
                "setup_token": self.setup_token, "email": self.admin_email, "password": ADMIN_PASSWORD,
                "name": "Root"})
            self.admin = self.login(self.admin_email, ADMIN_PASSWORD)
        except BaseException:
            self.close()
            raise

    def node(self, **options):
        """One server more on the same database, which must be one that can be shared. It has the same master key."""
        data = self.folder / f"data{len(self.nodes) + 1}"
        data.mkdir(mode=0o700)
        shutil.copy(self.server.data_dir / "master.key", data)
        shared = {name: value for name, value in self.server.options.items() if name != "data_dir"}
        made = Server(data, **{**shared, **options})
        self.nodes.append(made)
        return made.start()

    def admin_at(self, node):
        return Api(node.api, token=self.admin.token)

    def close(self):
        for node in self.nodes[1:]:
            node.stop()
        code = self.server.stop()
        if self.broker:
            self.broker.stop()
        return code

    def nobody(self):
        return Api(self.server.api)

    def session(self, login, password=USER_PASSWORD):
        return self.nobody().must("POST", "/api/v1/sessions", {"login": login, "password": password})

    def login(self, login, password=USER_PASSWORD):
        return Api(self.server.api, token=self.session(login, password)["access_token"])

    def user(self, **more):
        email = more.pop("email", None) or f"{fresh('user')}@example.org"
        return self.admin.must("POST", "/api/v1/users", {"email": email, "name": "Somebody",
                                                         "password": USER_PASSWORD, **more})

    def domain(self, by=None, **more):
        return (by or self.admin).must("POST", "/api/v1/domains", {"name": "Domain", **more})

    def client(self, domain, by=None, **more):
        made = (by or self.admin).must("POST", f"/api/v1/domains/{domain}/clients", {"name": "Client", **more})
        return SimpleNamespace(id=made["client"]["id"], key=made["key"], key_id=made["key_id"], row=made["client"])

    def channel(self, domain, by=None, **more):
        return (by or self.admin).must("POST", f"/api/v1/domains/{domain}/channels", {"name": "Channel", **more})

    def group(self, domain, by=None, **more):
        return (by or self.admin).must("POST", f"/api/v1/domains/{domain}/groups", {"name": fresh("Group"), **more})

    def move(self, kind, thing, group):
        """Puts a client or channel into a group, or with "" into none."""
        return self.admin.must("POST", f"/api/v1/{kind}s/{thing}/move", {"group_id": group})

    def role(self, kind, scope, actions, members=(), by=None, **more):
        """A role on something, with members given as (kind, id)."""
        by = by or self.admin
        made = by.must("POST", "/api/v1/roles", {"scope_kind": kind, "scope_id": scope, "name": fresh("role"),
                                                 "actions": list(actions), **more})
        if members:
            by.must("POST", f"/api/v1/roles/{made['id']}/members", {"members": [{"kind": k, "id": i} for k, i in members]})
        return made

    def connect(self, client, channel, *actions, by=None):
        return (by or self.admin).must("POST", f"/api/v1/channels/{channel}/connections",
                                       {"client_id": client, "actions": list(actions or ("publish", "subscribe"))})

    def connect_group(self, group, channel, *actions, by=None):
        return (by or self.admin).must("POST", f"/api/v1/channels/{channel}/group-connections",
                                       {"group_id": group, "actions": list(actions or ("publish", "subscribe"))})

    def metrics(self):
        return Api(self.server.operations).get("/metrics").body.decode()
