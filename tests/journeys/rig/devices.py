"""A domain with devices to try the gateway with: imported by the tests of the gateway."""

from types import SimpleNamespace

import pytest

from rig.mqtt import RawClient
from rig.site import fresh
from rig.tls import make_certificate

VERSIONS = pytest.mark.parametrize("version", [4, 5])


@pytest.fixture(scope="module")
def site_options(tmp_path_factory):
    certificate, key = make_certificate(tmp_path_factory.mktemp("tls"))
    # Clients with wrong keys come again and again, all from one address.
    return {"limits.failures.one": "off", "gateway.0.connect_timeout": "300ms",
            "gateway.1.address": "127.0.0.1:0", "gateway.1.upstream.address": "127.0.0.1:1", "gateway.2.address": "127.0.0.1:0",
            "gateway.2.tls.certificate": certificate, "gateway.2.tls.key": key,
            "gateway.2.upstream.address": "127.0.0.1:1"}


@pytest.fixture(scope="module")
def place(site):
    """A domain with routes: `talker` may publish, `listener` subscribe on `open`; nobody on `closed`."""
    route = fresh("plant")
    domain = site.domain(route=route)["id"]
    made = SimpleNamespace(domain=domain, route=route, port=site.server.mqtt)
    made.open = site.channel(domain, route="open")["id"]
    made.closed = site.channel(domain, route="closed")["id"]
    made.talker = site.client(domain)
    made.listener = site.client(domain)
    made.both = site.client(domain)
    site.connect(made.talker.id, made.open, "publish")
    site.connect(made.listener.id, made.open, "subscribe")
    site.connect(made.both.id, made.open, "publish", "subscribe")
    made.by_id = f"m/{domain}/c/{made.open}"
    made.by_route = f"m/{route}/c/open"
    made.denied = f"m/{domain}/c/{made.closed}"
    return made


def raw(place, version):
    return RawClient(place.port, version)


def listening(place, version, *filters):
    client = raw(place, version).login(place.listener, mqtt_id=fresh("listener"))
    codes = client.subscribe(*filters)
    assert all(code < 0x80 for code in codes), codes
    return client
