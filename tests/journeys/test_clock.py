"""The clock of the machine is set an hour forward, and back: nothing ends early by that, nothing that ended comes back."""

from pathlib import Path

import pytest

from rig.api import Api
from rig.engines import check_database, check_no_secret
from rig.mqtt import RawClient
from rig.poll import eventually
from rig.site import ADMIN_PASSWORD, Site
from rig.trial import Trial

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


class Clock:
    """What the server takes for the time of day; how fast time passes is left alone, as when a real clock is set."""

    def __init__(self, folder):
        if LIBRARY is None:
            pytest.skip("there is no libfaketime here; script/deps test installs it")
        self.file = folder / "clock"
        self.set("+0")
        self.variables = {"LD_PRELOAD": str(LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_NO_CACHE": "1",
                          "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}

    def set(self, offset):
        fresh_file = self.file.with_suffix(".new")
        fresh_file.write_text(f"{offset}\n")
        fresh_file.replace(self.file)


@pytest.fixture
def clock(tmp_path):
    return Clock(tmp_path)


@pytest.fixture
def clocked(tmp_path, engine, clock):
    site = Site(tmp_path, variables=clock.variables, **{**engine.options, "tokens.access_lifetime": "3h"})
    site.clock, site.engine = clock, engine
    try:
        yield site
        assert site.server.stop() == 0
        check_database(engine, site.server)
        check_no_secret(site.server.log(), site.admin.token)
    finally:
        site.close()


def server_time(site):
    """As the newest user was stamped."""
    return site.user()["created_at"]


def test_the_server_believes_the_clock(clocked):
    before = server_time(clocked)
    clocked.clock.set("+1h")
    eventually(lambda: server_time(clocked)[:13] > before[:13], 5, "the next hour")
    clocked.clock.set("-1h")
    eventually(lambda: server_time(clocked)[:13] < before[:13], 5, "the hour before")


def test_load_goes_on_while_the_clock_is_set(clocked):
    """Connections, keys, sessions and writes outlive each step; the log stays dense and in order."""
    refresh = clocked.session(clocked.admin_email, ADMIN_PASSWORD)["refresh_token"]
    with Trial(clocked) as load:
        for offset in ("+1h", "+0", "-1h", "+1h", "-1h", "+0"):
            clocked.clock.set(offset)
            load.writers.wait_for(30)
            load.wait_for_reads(5)
            assert not load.writers.refused()
            assert clocked.admin.get("/api/v1/users/me").status == 200
            refresh = clocked.nobody().must("POST", "/api/v1/sessions/refresh", {"refresh_token": refresh})["refresh_token"]


def test_what_has_ended_stays_ended(clocked):
    ended = clocked.login(clocked.admin_email, ADMIN_PASSWORD)
    ended.must("DELETE", "/api/v1/sessions/current")
    domain = clocked.domain()["id"]
    client = clocked.client(domain)
    clocked.admin.must("DELETE", f"/api/v1/clients/{client.id}/keys/{client.key_id}")
    asked = {"client_key": {"client_id": client.id, "key": client.key}}
    # A day and more forward is when sessions that ended are forgotten, as their tokens have expired.
    for offset in ("+1h", "-1h", "+26h", "+0", "-1h"):
        clocked.clock.set(offset)
        admin = clocked.login(clocked.admin_email, ADMIN_PASSWORD)  # at this time, and a write
        assert ended.get("/api/v1/users/me").status == 401, f"a session came back at {offset}"
        assert admin.post("/api/v1/auth/authenticate", asked).reason == "key.unknown"
        with RawClient(clocked.server.mqtt, 5) as device:
            assert device.connect(client.id, client.id, client.key) != 0
    clocked.server.stop()
    clocked.server.start()
    assert Api(clocked.server.api, token=ended.token).get("/api/v1/users/me").status == 401
