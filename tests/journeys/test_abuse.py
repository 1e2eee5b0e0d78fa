"""Every method of the API, abused. The methods come from the descriptors, and what is wrong with a request from the types
of its fields (`rig/abuse.py`), so a new method is covered as soon as it can be asked properly (`rig/samples.py`)."""

import json
import re

import pytest

from rig.abuse import all_wrong
from rig.abused import (ANSWERED_OTHERWISE, DOMAIN_THINGS, MISSING, OPEN, OWN_CHOICE, RIGHT_FOR, Abused, Callers, asker,
                        leaves_of, proper, with_missing, wrong_credentials)
from rig.http import RawHttp
from rig.methods import methods
from rig.samples import World, request_for

SLUG = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)+")
ALL = methods()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    made = Abused(tmp_path_factory.mktemp("abuse"))
    yield made
    assert made.close() == 0


@pytest.fixture(scope="module")
def world(site):
    return World(site)


@pytest.fixture(scope="module")
def credentials(site, world):
    return wrong_credentials(site, world)


@pytest.fixture(scope="module")
def callers(site):
    return Callers(site)


class Peer:
    """One connection for many requests, made anew when the server ends it."""

    def __init__(self, port):
        self.port, self.raw = port, None

    def ask(self, verb, target, body=None, headers=None):
        data = body.encode() if isinstance(body, str) else body
        lines = [f"{verb} {target} HTTP/1.1", "Host: x"] + [f"{name}: {value}" for name, value in (headers or {}).items()]
        if data is not None:
            lines.append(f"Content-Length: {len(data)}")
        message = ("\r\n".join(lines) + "\r\n\r\n").encode() + (data or b"")
        for _ in range(2):  # what waited too long, or was refused before, is closed
            self.raw = self.raw or RawHttp(self.port, timeout=30)
            try:
                self.raw.send(message)
                answer = self.raw.answer()
            except (BrokenPipeError, ConnectionResetError):
                answer = None
            if answer is None or answer.headers.get("connection") == "close":
                self.close()
            if answer is not None:
                return answer
        raise AssertionError(f"no answer to {verb} {target[:200]}")

    def close(self):
        if self.raw is not None:
            self.raw.close()
        self.raw = None


def check_refusal(answer, what, statuses=range(400, 500)):
    assert answer.status in statuses, f"{what}: {answer.status} {answer.body[:300]}"
    assert answer.headers.get("content-type") == "application/problem+json", f"{what}: {answer.headers}"
    problem = json.loads(answer.body)
    assert problem["status"] == answer.status and SLUG.fullmatch(problem["reason"]) and problem["detail"], f"{what}: {problem}"
    return problem


@pytest.mark.parametrize("method", ALL, ids=str)
def test_a_proper_request_is_answered(site, method):
    """Else what follows would be refused for other reasons than it is meant to."""
    request, missing = proper(method, World(site))
    body = None if request.body() is None else json.dumps(request.body())
    headers = {**site.admin.authorization(), **({"Content-Type": "application/json"} if body is not None else {})}
    if method.streams:
        with RawHttp(site.server.api) as peer:
            lines = [f"{method.verb} {request.target()} HTTP/1.1", "Host: x"] + [f"{k}: {v}" for k, v in headers.items()]
            lines += [f"Content-Length: {len(body)}"] if body is not None else []
            peer.send("\r\n".join(lines) + "\r\n\r\n" + (body or ""))
            answer = peer.answer(head_only=True)
    else:
        answer = Peer(site.server.api).ask(method.verb, request.target(), body, headers)
    expected = [ANSWERED_OTHERWISE[method.name]] if method.name in ANSWERED_OTHERWISE else range(200, 300)
    assert answer.status in expected, f"{method.verb} {request.target()} {body}: {answer.status} {answer.body}{missing}"


@pytest.mark.parametrize("method", ALL, ids=str)
def test_what_is_wrong_with_a_request_is_refused(site, world, method):
    """By somebody who may do everything: so nothing but the request can be the reason."""
    request, _ = proper(method, world)
    before = site.state()
    peer = Peer(site.server.api)
    count = 0
    for case in all_wrong(method, request):
        answer = peer.ask(case.verb, case.target, case.body, {**site.admin.authorization(), **case.headers})
        check_refusal(answer, case)
        count += 1
    peer.close()
    assert count > 3
    assert site.state() == before


def ask_as(api, request):
    body = None if request.body() is None else json.dumps(request.body())
    headers = {**api.authorization(), **({"Content-Type": "application/json"} if body is not None else {})}
    peer = Peer(api.port)
    try:
        return peer.ask(request.method.verb, request.target(), body, headers)
    finally:
        peer.close()


def refused_or_answered(site, api, request, what):
    """Whatever it is: with a reason and without a trace, or with success."""
    before = site.state()
    answer = ask_as(api, request)
    assert answer.status < 500 or answer.status == 501, f"{what}: {answer.status} {answer.body[:300]}"
    if answer.status >= 400:
        check_refusal(answer, what)
        assert site.state() == before, what
    return answer.status


@pytest.mark.parametrize("method", ALL, ids=str)
def test_what_is_left_out_has_a_meaning_or_is_refused(site, method):
    world = World(site)
    request, _ = proper(method, world)
    for name in [field.name for field in [*method.in_body(), *method.in_query()] if field.name in request.values]:
        values = dict(request.values)
        del request.values[name]
        refused_or_answered(site, asker(site, method), request, f"{method} without {name}")
        request.values = values


@pytest.mark.parametrize("role", ["member", "admin", "owner"])
@pytest.mark.parametrize("method", [method for method in ALL if not method.public], ids=str)
def test_a_lesser_role_is_answered_or_refused_without_a_trace(site, method, role):
    world = World(site)
    user = site.user()
    site.admin.must("POST", f"/api/v1/domains/{world['domain']}/members", {"user_id": user["id"], "role": role})
    refused_or_answered(site, site.login(user["email"]), proper(method, world)[0], f"{method} as {role}")


@pytest.mark.parametrize("method", [method for method in ALL if not method.public], ids=str)
def test_no_wrong_credential_opens_anything(site, world, credentials, method):
    request, _ = proper(method, world)
    body = None if request.body() is None else json.dumps(request.body())
    before = site.state()
    peer = Peer(site.server.api)
    for name, values in credentials.items():
        if (method.name, name) in RIGHT_FOR:
            continue
        headers = {"Content-Type": "application/json"} if body is not None else {}
        headers |= {"Authorization": value for value in values}
        check_refusal(peer.ask(method.verb, request.target(), body, headers), f"{method}: {name}", [401])
    peer.close()
    assert site.state() == before


def told(answer, values):
    """What an answer says, whatever the ids were and whenever it was asked."""
    text = answer.body.decode()
    for value in sorted(filter(lambda v: isinstance(v, str) and len(v) > 8, leaves_of(values)), key=len, reverse=True):
        text = text.replace(value, MISSING)
    said = json.loads(text) if text else None
    if isinstance(said, dict):
        said.pop("request_id", None)
    return answer.status, said


@pytest.mark.parametrize("caller", ["outsider", "stranger", "device"])
@pytest.mark.parametrize("method", [method for method in ALL if not method.public], ids=str)
def test_who_may_not_see_a_thing_cannot_tell_that_it_is_there(site, world, callers, method, caller):
    request, missing = proper(method, world)
    api = callers.by_name[caller]
    before = site.state()
    there = ask_as(api, request)
    if there.status < 300:
        assert method.name in OPEN, f"{method} answers {caller}: {there.body[:300]}; if that is meant, name it in OPEN"
        return
    check_refusal(there, f"{method} as {caller}{missing}", [403, 404])
    request.values, values = with_missing(method, request.values), request.values
    assert told(ask_as(api, request), values) == told(there, values), f"{method} as {caller}"
    assert site.state() == before


@pytest.mark.parametrize("method", [method for method in ALL if not method.public], ids=str)
def test_things_of_another_domain_are_not_there_for_its_owner(site, world, callers, method):
    """The owner of a domain, with their own ids but for one, which is that of a thing in another domain."""
    own, _ = proper(method, callers.foreign)
    before = None
    for name in set(own.values) & DOMAIN_THINGS:
        if f"{method.request.name}.{name}" in OWN_CHOICE:
            continue
        theirs = request_for(method, world).values[name]
        values = dict(own.values)
        before = before or site.state()
        own.values = {**values, name: theirs}
        there = ask_as(callers.by_name["stranger"], own)
        own.values = {**values, name: [MISSING] if isinstance(theirs, list) else MISSING}
        absent = ask_as(callers.by_name["stranger"], own)
        own.values = values
        assert told(there, {name: theirs}) == told(absent, {name: theirs}), f"{method} with {name} of another domain"
        if method.name not in OPEN:
            check_refusal(there, f"{method} with {name} of another domain", [400, 403, 404])
    if before is not None:
        assert site.state() == before
