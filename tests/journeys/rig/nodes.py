"""Gateway nodes without a database, in front of a Site."""

import re

from .api import Api
from .server import Server, run
from .site import fresh


def enroll(site, name=None):
    """(name, token) of a node, made with the command line as an operator would."""
    name = name or fresh("edge")
    done = run("node", "enroll", name, "--server", f"http://127.0.0.1:{site.server.api}",
               env={"ALLAUTH_TOKEN": site.admin.token})
    assert done.returncode == 0, done.stderr
    return name, done.stdout.strip()


class GatewayNode(Server):
    def __init__(self, folder, site, token=None, url=None, **options):
        folder.mkdir(parents=True, exist_ok=True)
        upstream = {"roles": "gateway", "upstream_api.url": url or f"http://127.0.0.1:{site.server.api}"}
        if token is not None:
            (folder / "token").write_text(token + "\n")
            upstream["upstream_api.token_file"] = folder / "token"
        super().__init__(folder / "data", upstream=site.broker.port, **{**upstream, **options})

    def start(self):
        super().start()
        self.questions = int(re.search(r"The two questions +https?://[\d.]+:(\d+)", self.banner).group(1))
        return self

    def ready(self):
        return Api(self.operations).get("/readyz").status == 200

    def connected(self):
        return self.metric("allauth_follow_connected") == 1
