"""What the server says of itself in numbers, held to docs/metrics.md."""

import re
from pathlib import Path

import pytest

from rig.mqtt import RawClient
from rig.server import SOURCE
from rig.site import ADMIN_PASSWORD, Site
from rig.tls import make_certificate

MOST_VALUES = 400  # of a label: methods of the API are the longest list


def catalogue():
    """name -> (type, label names)."""
    rows = {}
    for line in (SOURCE / "docs/metrics.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 4 or not cells[0].startswith("`"):
            continue
        for name in re.findall(r"`([a-z_0-9]+)`", cells[0]):
            assert name not in rows, f"{name} is listed twice"
            assert cells[3] or name.endswith("_total"), f"{name} has no meaning"
            rows[name] = (cells[1], set(re.findall(r"`([a-z_]+)`", cells[2])))
    return rows


def shown(text):
    """(name -> type, name -> set of label sets); series of a histogram count for its family."""
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
    series = {name: set() for name in types}
    for name, labels, value in re.findall(r"^([a-z_0-9]+)(?:\{(.*)\})? (\S+)$", text, re.M):
        float(value)
        family = next((f for f in (name, re.sub(r"_(bucket|sum|count)$", "", name)) if f in types), None)
        assert family, f"{name} has no type"
        pairs = tuple(p for p in re.findall(r'([a-z_]+)="([^"]*)"', labels) if p[0] != "le")
        series[family].add(pairs)
    return types, series


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    folder = tmp_path_factory.mktemp("metrics")
    certificate, key = make_certificate(folder / "tls")
    site = Site(folder, **{"listener.1.address": "127.0.0.1:0", "listener.1.tls.certificate": certificate,
                                    "listener.1.tls.key": key})
    try:
        domain = site.domain()["id"]
        channel, client = site.channel(domain)["id"], site.client(domain)
        site.connect(client.id, channel)
        site.nobody().post("/api/v1/sessions", {"login": "x@example.org", "password": "canary81f3 wrong"})
        site.login(site.admin_email, ADMIN_PASSWORD)
        site.nobody().get("/api/v1/canary81f3?canary81f3=1", headers={"X-Canary81f3": "canary81f3"})
        site.admin.get("/api/v1/users/canary81f3")
        with RawClient(site.server.mqtt) as device:
            device.connect("canary81f3", client.id, client.key)
            device.publish(f"m/{domain}/c/{channel}/canary81f3", b"canary81f3", qos=1)
        yield site.metrics()
    finally:
        assert site.close() == 0


def test_every_series_is_in_the_catalogue(text):
    known = catalogue()
    types, series = shown(text)
    for name, kind in types.items():
        assert name in known, f"{name} is not in docs/metrics.md"
        assert known[name][0] == kind, f"{name} is a {kind}"
        for labels in series[name]:
            assert {label for label, _ in labels} == known[name][1], f"{name}: {labels}"


def test_everything_in_the_catalogue_is_in_the_program():
    code = "".join(path.read_text() for path in (SOURCE / "src").rglob("*.cc") if not path.name.endswith("_test.cc"))
    for name in catalogue():
        assert f'"{name}"' in code, f"{name} is nowhere made"


def test_names_follow_the_conventions(text):
    types, _ = shown(text)
    for name, kind in types.items():
        assert re.fullmatch(r"(allauth|process)_[a-z0-9_]+", name)
        assert (kind == "counter") == name.endswith("_total"), name
        assert kind != "histogram" or name.endswith("_seconds"), name
        assert f"# HELP {name} " in text


def test_labels_are_bounded_and_hold_nothing_of_callers(text):
    _, series = shown(text)
    for name, sets in series.items():
        values = {}
        for labels in sets:
            for label, value in labels:
                values.setdefault(label, set()).add(value)
        for label, found in values.items():
            assert len(found) <= MOST_VALUES, f"{name} {label}"
    assert "canary81f3" not in text.lower()
    outcomes = {dict(labels)["outcome"] for labels in series["allauth_logins_total"]}
    assert {"ok", "login.failed"} <= outcomes


def test_the_process_tells_of_itself(text):
    value = {name: float(v) for name, v in re.findall(r"^(process_\w+) (\S+)$", text, re.M)}
    assert value["process_resident_memory_bytes"] > 1 << 20
    assert 3 < value["process_open_fds"] < value["process_max_fds"]
    assert value["process_cpu_seconds"] > 0
    assert 0 < value["process_start_time_seconds"] < 1 << 33
    expiry = float(re.search(r'^allauth_tls_certificate_expiry_seconds\{listener="listener.1"\} (\S+)$', text, re.M).group(1))
    assert 0 < expiry - value["process_start_time_seconds"] < 3 * 86400
