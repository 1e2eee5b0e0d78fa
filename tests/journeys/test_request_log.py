"""What the log says of requests, and what it never does."""

import json
import re

import pytest

from rig.http import exchange
from rig.poll import eventually
from rig.rpc import Rpc
from rig.site import Site

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture(scope="module")
def site_options():
    return {"with_broker": False, "log.format": "json", "log.level": "debug"}


def lines(site):
    return [json.loads(line) for line in site.server.log().splitlines()]


def line_of(site, request_id):
    return eventually(lambda: next((line for line in lines(site) if line.get("request_id") == request_id), None),
                      what=f"the line of {request_id}")


def test_each_request_has_one_line_that_says_who_asked_for_what(site):
    me = site.admin.must("GET", "/api/v1/users/me")
    answer = site.admin.get(f"/api/v1/users/{me['id']}", headers={
        "X-Request-Id": "journey-1", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "tracestate": "congo=t61"})
    line = line_of(site, "journey-1")
    assert {k: line[k] for k in ("message", "level", "method", "route", "status", "reason", "source", "principal",
                                 "trace_id", "bytes_in", "bytes_out")} == {
        "message": "request", "level": "info", "method": "GET", "route": "/api/v1/users/{user_id}",
        "status": 200, "reason": "ok", "source": "127.0.0.1", "principal": f"user:{me['id']}", "trace_id": TRACE,
        "bytes_in": 0, "bytes_out": len(answer.body)}
    assert line["duration_us"] > 0
    assert len([line for line in lines(site) if line.get("request_id") == "journey-1"]) == 1


def test_a_call_over_grpc_has_the_same_line(site):
    me = site.admin.must("GET", "/api/v1/users/me")
    with Rpc(site.server.grpc, site.admin.token) as rpc:
        rpc.must("UserService.GetUser", {"user_id": "me"},
                 metadata=[("x-request-id", "journey-4"), ("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01")])
    line = line_of(site, "journey-4")
    assert {k: line[k] for k in ("method", "route", "status", "reason", "source", "principal", "trace_id")} == {
        "method": "GRPC", "route": "/allauth.v1.UserService/GetUser", "status": 0, "reason": "ok", "source": "127.0.0.1",
        "principal": f"user:{me['id']}", "trace_id": TRACE}
    assert line["bytes_in"] == 4 and line["bytes_out"] > 0


def test_a_request_without_a_trace_begins_one(site):
    for number, parent in enumerate([None, "garbage", f"00-{'0' * 32}-00f067aa0ba902b7-01"]):
        request_id = f"journey-2-{number}"
        site.admin.get("/api/v1/users/me", headers={"X-Request-Id": request_id, **({"traceparent": parent} if parent else {})})
        trace = line_of(site, request_id)["trace_id"]
        assert re.fullmatch("[0-9a-f]{32}", trace) and set(trace) != {"0"} and trace != TRACE


def test_what_a_caller_puts_anywhere_is_not_in_the_log_or_the_metrics(site):
    canary = "canary81f3"
    auth = f"Authorization: Bearer {site.admin.token}\r\n"
    body = f'{{"name":"x","{canary}":"{canary}"}}'
    requests = [
        f"GET /api/v1/users/{canary} HTTP/1.1\r\nHost: x\r\n{auth}\r\n",
        f"GET /{canary} HTTP/1.1\r\nHost: {canary}\r\n\r\n",
        f"GET /api/v1/domains?{canary}={canary} HTTP/1.1\r\nHost: x\r\n{auth}\r\n",
        f"GET /api/v1/domains?page_token={canary} HTTP/1.1\r\nHost: x\r\n{auth}\r\n",
        f"GET /api/v1/domains?access_token={canary} HTTP/1.1\r\nHost: x\r\n{auth}\r\n",
        f"{canary.upper()} /api/v1/domains HTTP/1.1\r\nHost: x\r\n\r\n",
        f"GET /api/v1/domains HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {canary}\r\n\r\n",
        f"GET /api/v1/domains HTTP/1.1\r\nHost: x\r\nAuthorization: {canary} {canary}\r\n\r\n",
        f"GET /api/v1/domains HTTP/1.1\r\nHost: x\r\n{auth}Cookie: {canary}\r\nX-{canary}: {canary}\r\nUser-Agent: {canary}\r\n"
        f"Referer: {canary}\r\nX-Forwarded-For: {canary}\r\ntraceparent: {canary}\r\ntracestate: a={canary}\r\n"
        f"X-Request-Id: {canary} not an id\r\n\r\n",
        f"GET /api/v1/domains HTTP/1.1\r\nHost: x\r\n{auth}If-Match: \"{canary}\"\r\nAllauth-At-Least: {canary}\r\n\r\n",
        f"POST /api/v1/domains HTTP/1.1\r\nHost: x\r\n{auth}Content-Type: {canary}/json\r\nContent-Length: 2\r\n\r\n{{}}",
        f"POST /api/v1/domains HTTP/1.1\r\nHost: x\r\n{auth}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}",
    ]
    for request in requests:
        exchange(site.server.api, request)
    site.admin.get("/api/v1/users/me", headers={"X-Request-Id": "journey-3"})
    line_of(site, "journey-3")
    for kept in (site.server.log(), site.metrics()):
        assert canary not in kept.lower(), [line for line in kept.splitlines() if canary in line.lower()]


def test_requests_can_be_left_out_of_the_log_but_slow_ones_are_there(tmp_path):
    site = Site(tmp_path, with_broker=False,
                **{"log.format": "json", "log.requests": "errors", "log.slow_request": "1ms"})
    try:
        site.nobody().get("/api/v1/users/me", headers={"X-Request-Id": "refused"})
        assert line_of(site, "refused")["reason"] == "auth.missing"
        # The hash of a password takes longer than a millisecond.
        eventually(lambda: any(line["message"] == "slow request" and line["level"] == "warn"
                               and line["route"] == "/api/v1/sessions" for line in lines(site)), what="the slow login")
        assert not any(line["message"] == "request" and line["reason"] == "ok" for line in lines(site))
    finally:
        assert site.close() == 0

