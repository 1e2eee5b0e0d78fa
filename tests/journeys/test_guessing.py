"""Whoever guesses passwords or keys is soon not listened to, and keeps nobody else out by it."""

import pytest

from rig.api import Api, refused
from rig.mqtt import RawClient
from rig.rpc import Rpc
from rig.site import USER_PASSWORD, Site

# MQTT 5, §3.2.2.2.
BAD_CREDENTIALS = 0x86
RATE_EXCEEDED = 0x9F

WRONG = "a wrong long password"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    site = Site(tmp_path_factory.mktemp("guessing"), **{"listener.0.trusted_proxies": "loopback", "limits.source.logins": "off"})
    yield site
    assert site.close() == 0


def log_in(site, email, password, address):
    return site.nobody().post("/api/v1/sessions", {"login": email, "password": password},
                              headers={"X-Forwarded-For": address})


def guess(attempt, most=30):
    """How many of the tries were looked at."""
    answers = [attempt() for _ in range(most)]
    looked_at = [answer for answer in answers if answer.status != 429]
    for answer in looked_at:
        refused(answer, 401, "login.failed")
    return len(looked_at)


def test_after_ten_wrong_passwords_not_even_the_right_one_is_looked_at(place):
    email = place.user()["email"]
    assert guess(lambda: log_in(place, email, WRONG, "192.0.2.1")) == 10
    answer = log_in(place, email, USER_PASSWORD, "192.0.2.1")
    refused(answer, 429, "login.throttled")
    assert 1 <= int(answer.headers["Retry-After"]) <= 30
    assert log_in(place, email, USER_PASSWORD, "192.0.2.2").status == 201
    assert place.server.metric('allauth_credentials_refused_total{kind="password",outcome="throttled"}') >= 1


def test_an_unknown_account_is_throttled_as_a_known_one(place):
    assert guess(lambda: log_in(place, "nobody@example.org", WRONG, "192.0.2.3")) == 10


def test_many_addresses_that_guess_do_not_lock_out_who_is_known(place):
    email = place.user()["email"]
    assert log_in(place, email, USER_PASSWORD, "198.51.100.1").status == 201
    tried = [log_in(place, email, WRONG, f"203.0.113.{i}").status for i in range(60)]
    assert tried[:50] == [401] * 50 and set(tried[55:]) == {429}
    refused(log_in(place, email, USER_PASSWORD, "198.51.100.2"), 429, "login.throttled")
    assert log_in(place, email, USER_PASSWORD, "198.51.100.1").status == 201


def test_one_password_is_not_tried_on_everybody(place):
    known = place.user()["email"]
    assert log_in(place, known, USER_PASSWORD, "2001:db8::1").status == 201
    tried = [log_in(place, f"user{i}@example.org", WRONG, f"2001:db8::{i:x}").status for i in range(1, 130)]
    assert tried[:100] == [401] * 100 and 429 in tried[100:]
    assert log_in(place, known, USER_PASSWORD, "2001:db8::9").status == 201


def test_a_services_door_is_counted_by_the_address_that_it_names(place):
    email = place.user()["email"]
    client = place.client(place.domain()["id"])
    service = Api(place.server.api, basic=(client.id, client.key))

    def ask(password, address):
        return service.post("/api/v1/auth/authenticate", {"password": {"login": email, "password": password},
                                                          "source_address": address})

    assert guess(lambda: ask(WRONG, "192.0.2.77")) == 10
    assert ask(USER_PASSWORD, "192.0.2.78").status == 200
    refused(ask(USER_PASSWORD, "here"), 400, "source.invalid", "source_address")
    with Rpc(place.server.grpc) as rpc:
        error = rpc.refused("AuthService.Authenticate", {
            "password": {"login": email, "password": USER_PASSWORD}, "source_address": "192.0.2.77"},
            metadata=[("authorization", service.authorization()["Authorization"])])
        assert error.reason == "login.throttled" and error.retry.retry_delay.seconds >= 1


def test_keys_are_not_guessed_over_http_or_mqtt(place):
    domain = place.domain()["id"]
    victim, neighbour = place.client(domain), place.client(domain)
    codes = []
    for _ in range(15):
        with RawClient(place.server.mqtt, version=5) as peer:
            codes.append(peer.connect("m", username=victim.id, password="wrong-" * 4))
    print(codes)
    with RawClient(place.server.mqtt, version=5) as peer:
        assert peer.login(neighbour)


def test_who_changes_their_password_cannot_guess_the_old_one_either(place):
    email = place.user()["email"]
    api = place.nobody().as_bearer(place.session(email)["access_token"])
    change = {"current_password": WRONG, "new_password": "another long password"}
    answers = [api.post("/api/v1/users/me/password", change) for _ in range(12)]
    for answer in answers[:10]:
        refused(answer, 403, "password.wrong")
    for answer in answers[10:]:
        refused(answer, 429, "login.throttled")
    assert place.session(email)["user_id"], "a stolen session does not keep its user from logging in"
