"""The product on PostgreSQL: the main job, a restart of either side, and starts that must be refused."""

import re
from types import SimpleNamespace

import pytest

from rig.api import Api
from rig.engines import check_no_secret
from rig.mqtt import RawClient
from rig.poll import eventually
from rig.postgres import PASSWORD, ROLE
from rig.server import Server, run
from rig.site import ADMIN_PASSWORD, Site, fresh

RECOVERS_WITHIN = 10


@pytest.fixture
def database(postgres):
    return postgres.create_database(fresh("db"))


def furnish(site):
    """A domain in which `talker` may publish, and `mute` may not."""
    domain = site.domain(route="mill")["id"]
    channel = site.channel(domain, route="press")["id"]
    talker, mute = site.client(domain), site.client(domain)
    site.connect(talker.id, channel, "publish")
    site.connect(mute.id, channel, "subscribe")
    return SimpleNamespace(domain=domain, talker=talker, mute=mute, topic=f"m/{domain}/c/{channel}")


def check_gateway(site, made):
    for client, code in ((made.talker, (0, 0x10)), (made.mute, (0x87,))):
        with RawClient(site.server.mqtt, 5).login(client) as device:
            assert device.publish(made.topic, b"x", qos=1) in code
    with RawClient(site.server.mqtt, 5) as stranger:
        assert stranger.connect(made.talker.id, made.talker.id, "ak1_wrong") == 0x86


def test_the_main_job_and_restarts_of_both_sides(tmp_path, postgres, database):
    site = Site(tmp_path, **{"store.url": postgres.url(database)})
    try:
        made = furnish(site)
        check_gateway(site, made)
        assert not list(site.server.data_dir.glob("*.db")), "nothing of it is in a file"

        assert site.server.stop() == 0
        site.server.start()
        assert site.server.setup_token is None
        site.admin = site.login(site.admin_email, ADMIN_PASSWORD)
        assert site.admin.get(f"/api/v1/clients/{made.talker.id}").status == 200
        check_gateway(site, made)

        postgres.restart()
        renamed = eventually(lambda: site.admin.patch(f"/api/v1/clients/{made.talker.id}", {"name": "renamed"}).status == 200,
                             RECOVERS_WITHIN, "a write after the restart of PostgreSQL")
        assert renamed
        eventually(lambda: site.admin.get(f"/api/v1/clients/{made.talker.id}").status == 200, RECOVERS_WITHIN, "a read")
        check_gateway(site, made)
    finally:
        site.close()
    check_no_secret(site.server.log())


def test_while_it_is_away_devices_go_on_and_writes_are_refused(tmp_path, postgres, database):
    site = Site(tmp_path, **{"store.url": postgres.url(database)})
    try:
        made = furnish(site)
        postgres.stop()
        try:
            refused = site.admin.post("/api/v1/domains", {"name": "not now"})
            assert refused.status == 503 and "retry-after" in refused.headers, refused
            check_gateway(site, made)
        finally:
            postgres.start()
        eventually(lambda: site.admin.post("/api/v1/domains", {"name": "now"}).status in (200, 201), RECOVERS_WITHIN,
                   "a write once PostgreSQL is back")
    finally:
        site.close()


def refused_start(tmp_path, url, *more):
    done = run("serve", "--data_dir", tmp_path / "data", "--listener.0.address=127.0.0.1:0", "--grpc.0.address=off",
               "--operations_address=127.0.0.1:0", f"--store.url={url}", *more)
    assert done.returncode == 1, done
    for secret in (PASSWORD, "s3cret"):
        assert secret not in done.stdout + done.stderr
    return done.stderr


def test_a_start_that_is_refused_says_what_to_look_at(tmp_path, postgres, database):
    good = postgres.url(database)
    assert "pg_hba.conf" in refused_start(tmp_path, good.replace(PASSWORD, "s3cret"))
    assert "create it first" in refused_start(tmp_path, postgres.url("nowhere"))
    assert "cannot be reached" in refused_start(tmp_path, f"postgresql://{ROLE}:s3cret@127.0.0.1:1/x")
    assert "ambiguous" in refused_start(tmp_path, f"postgresql://{ROLE}:s3c@s3cret@127.0.0.1/x")
    assert "safe connection" in refused_start(tmp_path, postgres.url(database, sslmode="require"))
    assert "must begin with postgresql://" in refused_start(tmp_path, "mysql://me:s3cret@host/x")


def test_the_password_may_come_from_a_file_and_is_never_printed(tmp_path, postgres, database):
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n")
    url = postgres.url(database).replace(f":{PASSWORD}@", "@")
    server = Server(tmp_path / "data", **{"store.url": url, "store.password_file": file})
    server.start()
    assert Api(server.operations).get("/readyz").status == 200
    assert server.stop() == 0
    printed = run("config", "print", f"--store.url={postgres.url(database)}")
    assert printed.returncode == 0 and PASSWORD not in printed.stdout
    assert re.search(r"store\.url = \"postgresql://allauth:\*\*\*@127", printed.stdout), printed.stdout
