"""Look-ups that take long end when whoever asked has gone."""

import json
import socket

import pytest

from rig.poll import eventually
from rig.rpc import Rpc, request_of
from rig.site import Site

GATES = 20
SCHEMA = "definition crowd/thing {\n  relation viewer: user\n  relation cleared: user\n  permission gate00 = viewer & cleared\n" + "".join(
    f"  permission gate{i + 1:02} = gate{i:02} & cleared\n" for i in range(GATES)) + "}\n"
QUESTION = {"subject": {"kind": "user", "id": "u1"}, "permission": f"gate{GATES}", "object_kind": "crowd/thing", "count": True}
PATH, ROUTE = "/api/v1/policy/lookup/resources", "/allauth.v1.PolicyService/LookupResources"
THINGS = 8000
CALLERS = 12


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """One user may see many things, each behind many gates. Nobody else has anything to do here."""
    made = Site(tmp_path_factory.mktemp("site"), with_broker=False, **{"log.format": "json"})
    made.admin.must("PUT", "/api/v1/policy/schema", {"text": SCHEMA})
    for first in range(0, THINGS, 500):
        updates = [{"relationship": {"resource": {"kind": "crowd/thing", "id": f"t{i}"}, "relation": relation,
                                     "subject": {"kind": "user", "id": "u1"}}}
                   for i in range(first, first + 500) for relation in ("viewer", "cleared")]
        made.admin.must("POST", "/api/v1/policy/relationships/write", {"updates": updates})
    yield made
    assert made.close() == 0, made.server.log()[-2000:]


def ends(site, route):
    """Why the look-ups over that route have ended."""
    lines = [json.loads(line) for line in site.server.log().splitlines()]
    return [line["reason"] for line in lines if line.get("route") == route]


def await_ends(site, route):
    eventually(lambda: len(ends(site, route)) == CALLERS, within=60, what="the end of all look-ups")
    assert "policy.stopped" in ends(site, route), ends(site, route)


def test_over_rest_when_the_connection_is_closed(site):
    body = json.dumps(QUESTION)
    request = (f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {site.admin.token}\r\n"
               f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()
    for _ in range(CALLERS):
        with socket.create_connection(("127.0.0.1", site.server.api)) as caller:
            caller.sendall(request)
    await_ends(site, PATH)


def test_over_grpc_when_the_call_is_cancelled(site):
    with Rpc(site.server.grpc, site.admin.token) as rpc:
        look_up = rpc.stub("PolicyService").LookupResources
        request = request_of("PolicyService.LookupResources", QUESTION)
        calls = [look_up.future(request, metadata=rpc.metadata()) for _ in range(CALLERS)]
        eventually(lambda: ends(site, ROUTE), within=60, what="the first look-up")
        for call in calls:
            call.cancel()
    await_ends(site, ROUTE)
