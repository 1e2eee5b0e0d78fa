"""Who asks too much is told when to come back, and nobody else notices."""

import http.client
import json
import threading

import grpc
import pytest

from rig.api import Api, refused
from rig.poll import eventually
from rig.rpc import Rpc
from rig.site import ADMIN_PASSWORD, USER_PASSWORD, Site

GUESS = {"refresh_token": "guessed"}  # takes no time to refuse, as a password does


def until_limited(attempt):
    """What came of attempts, up to the first that was too much."""
    seen = [attempt()]
    while not is_limited(seen[-1]) and len(seen) < 1000:
        seen.append(attempt())
    return seen


def is_limited(answer):
    return getattr(answer, "status", None) == 429 or getattr(answer, "code", None) == grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.fixture
def limited(tmp_path):
    """Makes a site with the given limits, which hold for loopback, too."""
    made = []

    def make(**options):
        site = Site(tmp_path, with_broker=False,
                    **{"limits.exempt_loopback": False, **{f"limits.{k}": v for k, v in options.items()}})
        made.append(site)
        return site

    yield make
    for site in made:
        assert site.close() == 0


def test_logins_of_one_address_are_limited_and_nothing_else_is(limited):
    site = limited(**{"source.logins": "1/s burst 5"})
    answers = until_limited(lambda: site.nobody().post("/api/v1/sessions/refresh", GUESS))
    assert len(answers) > 3 and {answer.status for answer in answers[:-1]} == {401}
    last = answers[-1]
    refused(last, 429, "limit.source")
    assert int(last.headers["Retry-After"]) == 1
    assert site.admin.get("/api/v1/users/me").status == 200
    assert site.metrics().count('allauth_limited_total{scope="source",work="login"} ') == 1
    assert site.server.metric('allauth_limited_total{scope="source",work="login"}') >= 1
    # The right password helps no more than a wrong one, until the time has come.
    eventually(lambda: site.nobody().post("/api/v1/sessions", {"login": site.admin_email, "password": ADMIN_PASSWORD}).status < 300,
               within=10, what="a login after the time that was said")


def test_the_same_limit_holds_over_grpc_and_rest_together(limited):
    site = limited(**{"source.logins": "1/s burst 5"})
    with Rpc(site.server.grpc) as rpc:
        seen = until_limited(lambda: rpc.refused("SessionService.RefreshSession", GUESS))
    assert len(seen) > 3
    assert seen[-1].code == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert seen[-1].reason == "limit.source"
    assert seen[-1].retry.retry_delay.seconds >= 1
    assert len(until_limited(lambda: site.nobody().post("/api/v1/sessions/refresh", GUESS))) < 5, "one budget for both"


def test_by_default_people_log_in_as_they_like_and_guessers_do_not(tmp_path):
    site = Site(tmp_path, with_broker=False, **{"limits.exempt_loopback": False})
    try:
        for _ in range(10):
            site.login(site.admin_email, ADMIN_PASSWORD)
        statuses = set()

        def guess():
            for _ in range(40):
                statuses.add(site.nobody().post("/api/v1/sessions/refresh", {"refresh_token": "guessed"}).status)

        threads = [threading.Thread(target=guess) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert 429 in statuses
    finally:
        site.close()


def test_one_noisy_principal_does_not_slow_the_others(limited):
    site = limited(**{"principal.questions": "20/s burst 40"})
    domain = site.domain()["id"]
    channel = site.channel(domain)["id"]
    clients = [site.client(domain) for _ in range(3)]
    question = {"permission": "publish", "object": {"kind": "channel", "id": channel}}
    noisy = Api(site.server.api, basic=(clients[0].id, clients[0].key))
    seen = []
    stop = threading.Event()

    def flood():
        while not stop.is_set():
            seen.append(noisy.post("/api/v1/auth/check", question))

    floods = [threading.Thread(target=flood) for _ in range(3)]
    for flooding in floods:
        flooding.start()
    try:
        eventually(lambda: any(answer.status == 429 for answer in seen), what="a refusal for the noisy one")
        for quiet in clients[1:]:
            api = Api(site.server.api, basic=(quiet.id, quiet.key))
            for _ in range(15):
                assert api.post("/api/v1/auth/check", question).status == 200
    finally:
        stop.set()
        for flooding in floods:
            flooding.join()
    refusal = next(answer for answer in seen if answer.status == 429)
    refused(refusal, 429, "limit.principal")
    assert int(refusal.headers["Retry-After"]) >= 1
    assert {answer.status for answer in seen} == {200, 429}


def test_a_domain_has_limits_of_its_own_that_strangers_cannot_use_up(limited):
    site = limited(**{"domain.writes": "1/s burst 10"})
    busy, quiet = site.domain()["id"], site.domain()["id"]
    stranger = site.user()
    outsider = site.login(stranger["email"], USER_PASSWORD)
    for _ in range(30):
        assert outsider.post(f"/api/v1/domains/{busy}/clients", {"name": "x"}).status in (403, 404)
    answers = until_limited(lambda: site.admin.post(f"/api/v1/domains/{busy}/clients", {"name": "x"}))
    assert len(answers) > 10 and {answer.status for answer in answers[:-1]} == {201}, "strangers have used up nothing"
    refused(answers[-1], 429, "limit.domain")
    site.client(quiet)


def test_an_address_that_floods_the_hashing_pool_leaves_room_for_others(tmp_path):
    site = Site(tmp_path, with_broker=False, **{"password.threads": 1, "password.queue": 4})
    login = json.dumps({"login": site.admin_email, "password": ADMIN_PASSWORD})
    stop = threading.Event()
    seen = []

    def log_in(source):
        connection = http.client.HTTPConnection("127.0.0.1", site.server.api, timeout=20, source_address=(source, 0))
        try:
            connection.request("POST", "/api/v1/sessions", body=login, headers={"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def flood():
        while not stop.is_set():
            seen.append(log_in("127.0.0.1"))

    floods = [threading.Thread(target=flood) for _ in range(8)]
    for flooding in floods:
        flooding.start()
    try:
        eventually(lambda: any(status == 429 for status, _, _ in seen), within=20, what="a full share of the queue")
        for _ in range(5):
            assert log_in("127.0.0.2")[0] == 201
    finally:
        stop.set()
        for flooding in floods:
            flooding.join()
    refusal = next((headers, body) for status, headers, body in seen if status == 429)
    assert json.loads(refusal[1])["reason"] == "server.busy" and int(refusal[0]["Retry-After"]) >= 1
    assert site.server.metric('allauth_pool_refused_total{pool="hasher"}') >= 1
    assert site.close() == 0
