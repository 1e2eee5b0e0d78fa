"""Every method of the API over gRPC, abused as test_abuse.py does it over REST."""

import re

import grpc
import pytest

from rig.abuse_rpc import all_wrong
from rig.abused import (ANSWERED_OTHERWISE, MISSING, OPEN, RIGHT_FOR, Abused, Callers, leaves_of, proper, with_missing,
                        wrong_credentials)
from rig.methods import methods
from rig.rpc import Refusal, Rpc, request_of
from rig.samples import World

Code = grpc.StatusCode
SLUG = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)+")
# What a caller has done wrong. Everything else would be a fault of ours.
THEIRS = {Code.INVALID_ARGUMENT, Code.NOT_FOUND, Code.ALREADY_EXISTS, Code.PERMISSION_DENIED, Code.UNAUTHENTICATED,
          Code.RESOURCE_EXHAUSTED, Code.FAILED_PRECONDITION, Code.ABORTED, Code.OUT_OF_RANGE}
# Streams are asked for in test_watch.py.
ALL = [method for method in methods() if not method.streams]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    made = Abused(tmp_path_factory.mktemp("abuse"))
    yield made
    assert made.close() == 0


@pytest.fixture(scope="module")
def world(site):
    return World(site)


@pytest.fixture(scope="module")
def nobody(site):
    with Rpc(site.server.grpc) as made:
        yield made


@pytest.fixture(scope="module")
def credentials(site, world):
    return wrong_credentials(site, world)


@pytest.fixture(scope="module")
def callers(site):
    return Callers(site)


def ask(nobody, method, data, authorization=None):
    return nobody.send(method.grpc, data, [("authorization", authorization)] if authorization is not None else [])


def check_refusal(answer, what, codes=THEIRS):
    assert isinstance(answer, Refusal), f"{what} was answered"
    assert answer.code in codes, f"{what}: {answer}"
    assert answer.reason and SLUG.fullmatch(answer.reason) and answer.message, f"{what}: {answer}"


def authorization_of(api):
    return api.authorization()["Authorization"]


@pytest.mark.parametrize("method", ALL, ids=str)
def test_a_proper_call_is_answered(site, nobody, method):
    request, missing = proper(method, World(site))
    answer = ask(nobody, method, request_of(method.name, request.values).SerializeToString(), authorization_of(site.admin))
    if method.name in ANSWERED_OTHERWISE:
        return check_refusal(answer, f"{method}", {Code.PERMISSION_DENIED})
    assert not isinstance(answer, Refusal), f"{method} {request.values}: {answer}{missing}"


@pytest.mark.parametrize("method", ALL, ids=str)
def test_what_is_wrong_with_a_message_is_refused(site, nobody, world, method):
    request, _ = proper(method, world)
    before = site.state()
    for what, data in all_wrong(method, request.values):
        check_refusal(ask(nobody, method, data, authorization_of(site.admin)), f"{method}: {what}")
    assert site.state() == before


@pytest.mark.parametrize("method", [method for method in ALL if not method.public], ids=str)
def test_no_wrong_credential_opens_anything(site, nobody, world, credentials, method):
    request, _ = proper(method, world)
    data = request_of(method.name, request.values).SerializeToString()
    before = site.state()
    for name, values in credentials.items():
        if (method.name, name) not in RIGHT_FOR:
            check_refusal(ask(nobody, method, data, *values), f"{method}: {name}", {Code.UNAUTHENTICATED})
    assert site.state() == before


def told(refusal, values):
    text = f"{refusal.code} {refusal.reason} {refusal.message} {refusal.info.metadata.get('field')}"
    for value in sorted(filter(lambda v: isinstance(v, str) and len(v) > 8, leaves_of(values)), key=len, reverse=True):
        text = text.replace(value, MISSING)
    return text


@pytest.mark.parametrize("caller", ["outsider", "stranger", "device"])
@pytest.mark.parametrize("method", [method for method in ALL if not method.public], ids=str)
def test_who_may_not_see_a_thing_cannot_tell_that_it_is_there(site, nobody, world, callers, method, caller):
    request, _ = proper(method, world)
    shown = authorization_of(callers.by_name[caller])
    before = site.state()
    there = ask(nobody, method, request_of(method.name, request.values).SerializeToString(), shown)
    if not isinstance(there, Refusal):
        assert method.name in OPEN, f"{method} answers {caller}; if that is meant, name it in OPEN"
        return
    check_refusal(there, f"{method} as {caller}", {Code.NOT_FOUND, Code.PERMISSION_DENIED})
    missing = request_of(method.name, with_missing(method, request.values)).SerializeToString()
    assert told(ask(nobody, method, missing, shown), request.values) == told(there, request.values), f"{method} as {caller}"
    assert site.state() == before
