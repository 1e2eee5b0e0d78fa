"""Forward to the version after this one and back again, on one database: nothing gets lost."""

import random
import subprocess

from rig.api import Api
from rig.engines import Postgres, check_database
from rig.ledger import Ledger, Writers
from rig.ledger_checks import check_ledgers
from rig.server import Server, environment, find_binary, find_next, flags, run
from rig.site import ADMIN_PASSWORD

ADMIN = {"email": "root@example.org", "password": ADMIN_PASSWORD, "name": "Root"}


def admin_of(server):
    session = Api(server.api).must("POST", "/api/v1/sessions", {"login": ADMIN["email"], "password": ADMIN_PASSWORD})
    return Api(server.api, token=session["access_token"])


def nickname(user, *name, **where):
    done = run("nickname", user, *name, *[f"--{key}={value}" for key, value in where.items()], binary=find_next())
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_one_node_goes_forward_and_back(tmp_path):
    data = tmp_path / "data"
    server = Server(data).start()
    user = Api(server.api).must("POST", "/api/v1/setup", {"setup_token": server.setup_token, **ADMIN})["id"]
    domain = admin_of(server).must("POST", "/api/v1/domains", {"name": "Made by the old one"})["id"]
    assert server.stop() == 0

    newer = Server(data, binary=find_next()).start()
    admin = admin_of(newer)
    assert admin.must("GET", f"/api/v1/domains/{domain}")["name"] == "Made by the old one"
    client = admin.must("POST", f"/api/v1/domains/{domain}/clients", {"name": "Made by the new one"})
    assert newer.stop() == 0
    nickname(user, "Ruth", data_dir=data)

    server = Server(data).start()
    admin = admin_of(server)
    path = f"/api/v1/clients/{client['client']['id']}"
    assert admin.must("GET", path)["name"] == "Made by the new one"
    admin.must("PATCH", f"/api/v1/users/{user}", {"name": "Changed by the old one"})
    assert server.stop() == 0

    assert nickname(user, data_dir=data) == "Ruth"
    newer = Server(data, binary=find_next()).start()
    assert admin_of(newer).must("GET", f"/api/v1/users/{user}")["name"] == "Changed by the old one"
    assert newer.stop() == 0


def test_nodes_of_both_versions_run_side_by_side(tmp_path, postgres):
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    engine = Postgres(postgres)
    where = {"store.url": engine.options["store.url"]}
    options = {**where, "store.migrate": "default", "master_key_file": tmp_path / "the.key"}

    def up(binary):
        return subprocess.Popen([binary, "migrate", "up", *flags({"data_dir": tmp_path / "cli", **where})],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment())

    def start_refused(binary):
        ended = run("serve", *flags({"data_dir": tmp_path / "none", "listener.0.address": "127.0.0.1:0", "grpc.0.address": "off",
                                     "operations_address": "127.0.0.1:0", **options}), binary=binary)
        assert ended.returncode == 1 and "run allauth migrate up" in ended.stderr, ended

    def must_all(processes):
        for process in processes:
            said, _ = process.communicate(timeout=60)
            assert process.returncode == 0, said

    start_refused(find_binary())
    must_all([up(find_binary()) for _ in range(3)])
    old = Server(tmp_path / "old", **options).start()
    newer = Server(tmp_path / "newer", binary=find_next(), **options)
    try:
        user = Api(old.api).must("POST", "/api/v1/setup", {"setup_token": old.setup_token, **ADMIN})["id"]
        admin = admin_of(old)
        domain = admin.must("POST", "/api/v1/domains", {"name": "Domain"})["id"]
        ledgers = [Ledger() for _ in range(4)]
        chance = random.Random(seed)
        writers = Writers(domain, ledgers, chance).start(admin)
        writers.wait_for(20)

        start_refused(find_next())
        must_all([up(find_next()) for _ in range(3)])  # the old node goes on
        writers.wait_for(20)
        writers.finish()
        newer.start()
        nodes = [admin, Api(newer.api, token=admin.token)]
        writers = Writers(domain, ledgers, chance).start(nodes)
        nickname(user, "Ruth", data_dir=tmp_path / "cli", **options)
        admin.must("PATCH", f"/api/v1/users/{user}", {"name": "Changed by the old one"})
        writers.wait_for(100)
        writers.finish()

        assert newer.stop() == 0 and old.stop() == 0
        old.start()  # rolled back
        check_ledgers(Api(old.api, token=admin.token), ledgers)
        writers = Writers(domain, ledgers, chance).start(Api(old.api, token=admin.token))
        writers.wait_for(50)
        writers.finish()
        assert nickname(user, data_dir=tmp_path / "cli", **options) == "Ruth"
        newer.start()
        check_ledgers(Api(newer.api, token=admin.token), ledgers)
        check_database(engine, old)
        assert old.stop() == 0 and newer.stop() == 0
    finally:
        old.kill()
        newer.kill()
