"""Word between nodes through Redis: it saves a wait, and whatever becomes of Redis, nobody else notices."""

import shutil

import pytest

from rig.api import Api
from rig.engines import Postgres, check_database, check_no_secret
from rig.poll import eventually
from rig.proxy import Proxy
from rig.redis import PASSWORD, FalseRedis, Redis, find_redis
from rig.server import Server
from rig.site import Site
from rig.trial import Trial, snapshot_revision, wait_for_one_mind

SELDOM = "10s"  # between two looks at the log: what is always seen much earlier was told
AT_ONCE = 3.0
CONNECTED = 'allauth_hints_connected{by="redis"}'
TROUBLE = "changes are not told through it"


@pytest.fixture
def redis(tmp_path):
    if find_redis() is None:
        pytest.skip("there is no redis-server here; script/deps test installs it")
    made = Redis(tmp_path / "redis")
    yield made
    made.kill()


def pair(tmp_path, postgres, **options):
    """Two nodes on a PostgreSQL whose queue of notifications is full, as far as they can see: it tells nothing."""
    engine = Postgres(postgres)
    engine.query("CREATE FUNCTION public.pg_notification_queue_usage() RETURNS float8 LANGUAGE sql AS 'SELECT 1.0::float8'")
    engine.query(f'ALTER ROLE allauth IN DATABASE "{engine.database}" SET search_path = public, pg_catalog')
    site = Site(tmp_path, **{**engine.options, "redis.timeout": "1s", **options})
    site.engine = engine
    site.node()
    return site


def close(site):
    assert site.server.stop() == 0
    check_database(site.engine, site.server)
    for node in site.nodes:
        check_no_secret(node.log(), site.admin.token, PASSWORD)
    site.close()


def is_ready(node):
    return Api(node.operations).get("/readyz").status == 200


def wait_connected(site, wanted=1, within=20):
    for node in site.nodes:
        eventually(lambda: node.metric(CONNECTED) == wanted, within, f"{CONNECTED} {wanted}")


def test_redis_tells_other_nodes(tmp_path, postgres, redis):
    password = tmp_path / "redis.password"
    password.write_text(PASSWORD + "\n")
    site = pair(tmp_path, postgres, **{"redis.url": f"redis://127.0.0.1:{redis.port}", "redis.password_file": password,
                                       "store.poll_interval": SELDOM})
    wait_connected(site)
    for _ in range(20):
        site.domain()
        wait_for_one_mind(site.nodes, AT_ONCE)
    far = site.nodes[1]
    assert far.metric('allauth_hints_received_total{by="redis"}') >= 10
    assert far.metric('allauth_hints_received_total{by="database"}') == 0
    assert site.server.metric('allauth_hints_sent_total{by="redis"}') >= 10
    assert site.server.metric('allauth_hints_received_total{by="redis"}') <= 1  # one's own are no news
    close(site)


def kill(redis, proxy):
    redis.kill()


def stall(redis, proxy):
    proxy.stall()


def slow(redis, proxy):
    proxy.delay = 0.2


def wipe(redis, proxy):
    assert redis.ask("FLUSHALL") == "+OK"
    redis.kill()
    redis.start()
    assert redis.ask("FLUSHALL") == "+OK"


def cut(redis, proxy):
    proxy.cut()


def mend(redis, proxy):
    proxy.flow()
    proxy.delay = 0
    if redis.process is None:
        redis.start()
    proxy.cut()
    proxy.join()


@pytest.mark.parametrize("break_it", [kill, stall, slow, wipe, cut])
def test_whatever_becomes_of_redis_nobody_notices(tmp_path, postgres, redis, break_it):
    with Proxy(redis.port) as proxy:
        site = pair(tmp_path, postgres, **{"redis.url": redis.url(proxy.port)})
        wait_connected(site)
        with Trial(site) as load:
            load.writers.wait_for(50)
            break_it(redis, proxy)
            load.writers.wait_for(100)
            load.wait_for_reads(5)
            if break_it not in (slow, wipe):
                wait_connected(site, 0)
                load.writers.wait_for(50)
                assert [node.log().count(TROUBLE) for node in site.nodes] == [1, 1]
            assert all(is_ready(node) for node in site.nodes)
            mend(redis, proxy)
            wait_connected(site)
            load.writers.wait_for(50)
            assert load.writers.refused() == []
        close(site)


def test_nodes_find_changes_without_the_redis_they_count_on(tmp_path, postgres, redis):
    site = pair(tmp_path, postgres, **{"redis.url": redis.url()})
    wait_connected(site)
    redis.kill()
    wait_connected(site, 0)
    for _ in range(20):
        before = snapshot_revision(site.nodes[1])
        site.domain()
        eventually(lambda: snapshot_revision(site.nodes[1]) > before, 1.5, "what is polled for five times a second")
    close(site)


JUNK = {
    "another protocol": (b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", b""),
    "noise": (b"", bytes(range(255, 0, -1)) * 64),
    "a line without an end": (b"+", b"a" * 65536),
    "a list of two thousand million": (b"*2147483647\r\n", b"$1\r\nx\r\n" * 4096),
    "a text of a gigabyte": (b"$1073741824\r\n", b"x" * 65536),
    "a size below none": (b"*-7\r\n$-9\r\n", b""),
    "lists in lists": (b"", b"*1\r\n" * 4096),
    "answers that nobody asked for": (b"+OK\r\n", b":1\r\n" * 4096),
    "errors that repeat a password": (f"-ERR unknown command 'AUTH', with args: '{PASSWORD}'\r\n".encode() * 3, b""),
    "silence": (b"", b""),
}


@pytest.mark.parametrize("kind", JUNK)
def test_junk_in_place_of_a_redis(tmp_path, postgres, redis, kind):
    with Proxy(redis.port) as proxy, FalseRedis(*JUNK[kind]) as false:
        site = pair(tmp_path, postgres, **{"redis.url": redis.url(proxy.port)})
        wait_connected(site)
        with Trial(site, writers=2) as load:
            load.writers.wait_for(20)
            proxy.target = false.port
            proxy.cut()
            proxy.join()
            wait_connected(site, 0)
            before = [node.resident_kib() for node in site.nodes]
            goal = false.served + 4
            eventually(lambda: false.served >= goal, 30, "attempts")
            load.writers.wait_for(20)
            assert load.writers.refused() == []
            assert all(is_ready(node) for node in site.nodes)
            for node, kib in zip(site.nodes, before):
                assert node.log().count(TROUBLE) == 1
                assert node.resident_kib() < kib + 60_000
            proxy.target = redis.port
            proxy.cut()
            proxy.join()
            wait_connected(site)
        close(site)


def test_a_start_needs_no_redis_but_a_url_that_is_one(tmp_path, postgres):
    with FalseRedis() as nobody:
        port = nobody.port
    site = pair(tmp_path, postgres, **{"redis.url": f"redis://127.0.0.1:{port}"})
    assert all(is_ready(node) for node in site.nodes)
    folder = tmp_path / "wrong"
    folder.mkdir(mode=0o700)
    shutil.copy(site.server.data_dir / "master.key", folder)
    for url, words in [("rediss://h", "TLS"), ("http://hunter2", "redis://"), ("redis://me:hun/ter2@h", "%2F")]:
        options = {name: value for name, value in site.server.options.items() if name != "data_dir"}
        wrong = Server(folder, **{**options, "redis.url": url})
        with pytest.raises(AssertionError, match=words) as refused:
            wrong.start()
        assert "ter2" not in str(refused.value)
    close(site)


def test_redis_is_of_no_use_to_a_single_node(tmp_path):
    site = Site(tmp_path, with_broker=False, **{"redis.url": "redis://127.0.0.1:1"})
    assert "redis.url is of no use" in site.server.log()
    assert site.server.metric(CONNECTED) is None
    assert site.close() == 0
