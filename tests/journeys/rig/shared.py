"""Several nodes on one PostgreSQL: imported by the tests of nodes and of gateways that know several."""

from types import SimpleNamespace

import pytest

from .engines import Postgres, check_database, check_no_secret
from .proxy import Proxy
from .site import Site


@pytest.fixture
def shared(tmp_path, postgres):
    """A site of one node on PostgreSQL; `proxied()` adds one that a proxy can cut off."""
    engine = Postgres(postgres)
    site = Site(tmp_path, **{**engine.options, "store.connect_timeout": "1s", "store.statement_timeout": "2s"})
    site.engine, site.proxies = engine, []

    def proxied(**options):
        proxy = Proxy(postgres.port)
        site.proxies.append(proxy)
        return site.node(**{"store.url": postgres.url(engine.database, port=proxy.port), **options}), proxy

    site.proxied = proxied
    try:
        yield site
        assert site.server.stop() == 0
        check_database(engine, site.server)
        for node in site.nodes:
            check_no_secret(node.log(), site.admin.token)
    finally:
        for proxy in site.proxies:
            proxy.close()
        site.close()


def publishing(site, domain, by=None):
    """A client that may publish on a channel, and what it is asked with."""
    channel, client = site.channel(domain, by=by)["id"], site.client(domain, by=by)
    site.connect(client.id, channel, "publish", by=by)
    return SimpleNamespace(client=client, channel=channel, domain=domain, topic=f"m/{domain}/c/{channel}",
                           connection=f"/api/v1/channels/{channel}/connections/{client.id}",
                           key={"client_key": {"client_id": client.id, "key": client.key}})


def allowed(api, who):
    """What the node says of the right to publish: True, False, or why it does not say."""
    answer = api.post("/api/v1/auth/check", {"subject": {"kind": "client", "id": who.client.id}, "permission": "publish",
                                             "object": {"kind": "channel", "id": who.channel}})
    return answer.json["allowed"] if answer.status == 200 else answer.reason
