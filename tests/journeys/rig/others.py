"""Those who are served while somebody else misbehaves: how long their requests take."""

import math
import time

from .http import RawHttp
from .rpc import Rpc

ASKED = 200


class OverHttp(RawHttp):
    """Asks over HTTP what OverRpc asks over gRPC."""

    def __init__(self, site):
        super().__init__(site.server.api, timeout=20)
        self.request = ("GET /api/v1/users/me HTTP/1.1\r\nHost: x\r\n"
                        f"Authorization: Bearer {site.admin.token}\r\n\r\n")

    def ask(self):
        self.send(self.request)
        assert self.answer().status == 200


class OverRpc(Rpc):
    def __init__(self, site):
        super().__init__(site.server.grpc, site.admin.token)

    def ask(self):
        self.must("UserService.GetUser", {"user_id": "me"})


def latencies(site, over=OverHttp):
    """Seconds for each of some requests on a connection of their own."""
    took = []
    with over(site) as peer:
        for _ in range(ASKED):
            began = time.monotonic()
            peer.ask()
            took.append(time.monotonic() - began)
    return sorted(took)


def p99(took):
    return took[math.ceil(len(took) * 0.99) - 1]
