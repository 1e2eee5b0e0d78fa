"""kill -9 of the server in the middle of mixed writes: what was acknowledged is there, and nothing is half there.

ALLAUTH_KILLS says how often (10).
"""

import os
import random
import subprocess

from rig.api import Api
from rig.engines import check_database, check_no_secret
from rig.ledger import Ledger, Writers
from rig.ledger_checks import check_gateway, check_ledgers, check_things
from rig.server import Server, find_binary, flags
from rig.site import Site

KILLS = int(os.environ.get("ALLAUTH_KILLS", "10"))
WRITERS = 6


def test_nothing_acknowledged_is_lost(tmp_path, engine):
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    chance = random.Random(seed)
    site = Site(tmp_path, **engine.options)
    try:
        domain = site.domain(route="crash")["id"]
        ledgers = [Ledger() for _ in range(WRITERS)]
        session = site.session(site.admin_email, "correct horse battery staple")
        head = 0
        for kill in range(KILLS):
            writers = Writers(domain, ledgers, chance).start(Api(site.server.api, token=site.admin.token))
            writers.wait_for(chance.randrange(20, 150))
            site.server.kill()
            writers.join()

            grown = check_database(engine, site.server)
            assert grown > head
            head = grown

            site.server.start()
            api = Api(site.server.api, token=site.admin.token)
            assert api.get("/api/v1/users/me").status == 200, "the token did not survive"
            check_ledgers(api, ledgers)
            check_gateway(site, api, ledgers[kill % WRITERS], domain)
        session = api.must("POST", "/api/v1/sessions/refresh", {"refresh_token": session["refresh_token"]})
        assert site.server.stop() == 0
        assert check_database(engine, site.server) > head
        site.server.start()
        api = Api(site.server.api, token=session["access_token"])
        for ledger in ledgers:
            check_things(api, ledger)
        check_no_secret(site.server.log(), session["refresh_token"], session["access_token"])
    finally:
        site.close()


def test_a_start_that_was_killed_leaves_nothing_that_hinders_the_next(tmp_path, engine):
    """The first start writes schema, keys and the setup token; each may be the last that was done."""
    chance = random.Random(7)
    server = Server(tmp_path / "data", **engine.options)
    for _ in range(KILLS):
        child = subprocess.Popen([find_binary(), "serve", *flags(server.options)], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        try:
            child.wait(chance.random() * 0.08)
        except subprocess.TimeoutExpired:
            pass
        child.kill()
        child.wait()
    server.start()
    assert server.setup_token or "admin reset" in server.banner
    assert server.stop() == 0
