"""An installation ready to use: server, broker, an administrator, and short ways to make things."""

import itertools
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
    def __init__(self, folder, with_broker=True, **options):
        self.folder = folder
        self.broker = Broker(folder / "broker").start() if with_broker else None
        self.server = Server(folder / "data", upstream=self.broker.port if self.broker else None, **options)
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

    def close(self):
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

    def connect(self, client, channel, *actions, by=None):
        return (by or self.admin).must("POST", f"/api/v1/channels/{channel}/connections",
                                       {"client_id": client, "actions": list(actions or ("publish", "subscribe"))})

    def metrics(self):
        return Api(self.server.operations).get("/metrics").body.decode()
