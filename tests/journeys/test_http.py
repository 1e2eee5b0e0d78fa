"""The API's transport: what is malformed, slow, too large or not acceptable."""

import json
import resource
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor

import pytest

from rig.api import Api, refused
from rig.http import RawHttp, exchange
from rig.poll import eventually
from rig.server import Server, flags, run
from rig.site import USER_PASSWORD, fresh
from rig.tls import make_certificate


@pytest.fixture(scope="module")
def site_options():
    return {"with_broker": False, "http.head_timeout": "300ms", "http.body_timeout": "300ms",
            "http.idle_timeout": "60s"}


@pytest.fixture(scope="module")
def port(site):
    return site.server.api


@pytest.fixture(scope="module")
def auth(site):
    return f"Authorization: Bearer {site.admin.token}\r\n"


def post(auth, body, more="", path="/api/v1/domains", kind="application/json"):
    body = body if isinstance(body, bytes) else body.encode()
    return (f"POST {path} HTTP/1.1\r\nHost: x\r\n{auth}{more}Content-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def problem(answer, status, reason=None):
    assert answer is not None and answer.status == status, answer
    assert answer.headers["content-type"].startswith("application/problem+json"), answer
    told = json.loads(answer.body)
    assert told["status"] == status and told["reason"] and told["detail"], told
    if reason:
        assert told["reason"] == reason, told
    return told


# Bodies

BAD_JSON = {
    "empty": "", "open": "{", "text": "nonsense", "array": "[]", "string": '"x"', "number": "1", "null": "null",
    "trailing comma": '{"name":"x",}', "comment": '{"name":"x"/**/}', "single quotes": "{'name':'x'}",
    "two values": '{"name":"x"}{}', "trailing text": '{"name":"x"} x', "twice": '{"name":"x","name":"y"}',
    "twice escaped": '{"name":"x","n\\u0061me":"y"}', "unknown": '{"name":"x","role":"admin"}',
    "id": '{"name":"x","id":"y"}', "status": '{"name":"x","status":"disabled"}', "null member": '{"name":null}',
    "number for text": '{"name":1}', "object for text": '{"name":{}}', "text for list": '{"name":"x","tags":"a"}',
    "number in list": '{"name":"x","tags":[1]}', "null in list": '{"name":"x","tags":[null]}',
    "list for object": '{"name":"x","metadata":[]}', "text for object": '{"name":"x","metadata":"{}"}',
    "lone surrogate": '{"name":"\\ud800"}', "bad escape": '{"name":"\\x41"}', "control": '{"name":"a\nb"}',
    "NaN": '{"name":"x","metadata":{"a":NaN}}', "infinite": '{"name":"x","metadata":{"a":1e999}}',
    "leading zero": '{"name":"x","metadata":{"a":01}}', "deep": '{"name":"x","metadata":{"a":' + "[" * 40 + "]" * 40 + "}}",
    "very deep": "[" * 100_000, "metadata 9 deep": '{"name":"x","metadata":' + '{"a":' * 8 + "{}" + "}" * 8 + "}",
    "metadata large": '{"name":"x","metadata":{"a":"' + "x" * 16384 + '"}}', "bom": "\ufeff{\"name\":\"x\"}",
}


@pytest.mark.parametrize("what", BAD_JSON)
def test_malformed_json_is_refused(site, port, auth, what):
    before = len(site.admin.must("GET", "/api/v1/domains?page_size=1000")["domains"])
    problem(exchange(port, post(auth, BAD_JSON[what])), 400)
    assert len(site.admin.must("GET", "/api/v1/domains?page_size=1000")["domains"]) == before


@pytest.mark.parametrize("body", [b'{"name":"\xff"}', b'{"name":"\xc0\xaf"}', b'{"name":"\xed\xa0\x80"}', b"\x00",
                                  b'{"name":"x"}\x00', '{"name":"x"}'.encode("utf-16")])
def test_a_body_that_is_no_utf8_is_refused(port, auth, body):
    problem(exchange(port, post(auth, body)), 400)


def test_what_is_in_metadata_comes_back(site):
    metadata = {"text": "ä\u2028\U0001F600\"\\", "number": -1.5, "large": 9007199254740991, "list": [1, [2, {"x": None}]],
                "true": True, "nothing": None, "empty": {}, "": "empty key"}
    domain = site.domain(metadata=metadata)
    assert domain["metadata"] == metadata
    assert site.admin.must("GET", f"/api/v1/domains/{domain['id']}")["metadata"] == metadata


def test_a_body_above_the_limit_is_refused_and_one_just_below_not(site, port, auth):
    limit = 256 * 1024
    too_large = json.dumps({"name": "x", "route": "y" * limit})
    answer = exchange(port, post(auth, too_large))
    problem(answer, 413)
    padded = '{"name":"x"' + " " * (limit - 13) + "}"
    assert len(padded) <= limit
    assert exchange(port, post(auth, padded)).status == 201
    announced = f"POST /api/v1/domains HTTP/1.1\r\nHost: x\r\n{auth}Content-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n"
    problem(exchange(port, announced), 413)
    chunks = (f"POST /api/v1/domains HTTP/1.1\r\nHost: x\r\n{auth}Content-Type: application/json\r\n"
              "Transfer-Encoding: chunked\r\n\r\n").encode() + (b"8000\r\n" + b" " * 0x8000 + b"\r\n") * 9 + b"0\r\n\r\n"
    problem(exchange(port, chunks), 413)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml",
                                  "application/jsonx", "application/json; charset=latin1", "json", ""])
def test_other_content_types_are_refused(port, auth, kind):
    problem(exchange(port, post(auth, '{"name":"x"}', kind=kind)), 415)


def test_a_body_without_content_type_is_refused(port, auth):
    body = '{"name":"x"}'
    problem(exchange(port, f"POST /api/v1/domains HTTP/1.1\r\nHost: x\r\n{auth}Content-Length: {len(body)}\r\n\r\n{body}"), 415)


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "Application/JSON",
                                  'application/json;charset="UTF-8"'])
def test_spellings_of_json_are_accepted(port, auth, kind):
    assert exchange(port, post(auth, '{"name":"x"}', kind=kind)).status == 201


@pytest.mark.parametrize("accept, status", [("text/html", 406), ("application/xml, text/*", 406), ("application/json;q=0", 406),
                                            ("*/*", 200), ("application/*", 200), ("text/html, */*;q=0.1", 200),
                                            ("application/json", 200), ("application/problem+json, application/json", 200)])
def test_accept_is_heard(site, accept, status):
    assert site.admin.get("/api/v1/users/me", headers={"Accept": accept}).status == status


def test_a_body_where_none_belongs_is_refused(site):
    assert site.admin.call("GET", "/api/v1/users/me", body="{}").status == 400
    assert site.admin.call("DELETE", "/api/v1/domains/x", body="{}").status == 400


# Methods and paths


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "FETCH", "get", "BREW"])
def test_a_method_that_is_not_there_is_refused(port, auth, method):
    answer = exchange(port, f"{method} /api/v1/domains HTTP/1.1\r\nHost: x\r\n{auth}\r\n")
    assert answer.status in (400, 405, 501)
    if answer.status == 405:
        problem(answer, 405)
        assert {"GET", "POST", "HEAD", "OPTIONS"} <= {m.strip() for m in answer.headers["allow"].split(",")}


def test_head_answers_like_get_without_a_body(site, port, auth):
    with RawHttp(port) as peer:
        peer.send(f"HEAD /api/v1/users/me HTTP/1.1\r\nHost: x\r\n{auth}\r\n")
        head = peer.answer(head_only=True)
        peer.send(f"GET /api/v1/users/me HTTP/1.1\r\nHost: x\r\n{auth}\r\n")
        got = peer.answer()
    assert head.status == got.status == 200
    assert head.headers["content-length"] == got.headers["content-length"] == str(len(got.body))
    assert head.headers["etag"] == got.headers["etag"]


def test_options_names_the_methods(site):
    answer = site.nobody().call("OPTIONS", "/api/v1/domains")
    assert answer.status == 204
    assert {"GET", "POST"} <= {method.strip() for method in answer.headers["Allow"].split(",")}
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("path", [
    "/", "/api", "/api/v1", "/api/v1/", "/api/v1/domains/", "//api/v1/domains", "/api/v1//domains", "/api/v1/domains/x/y/z",
    "/api/v1/Domains", "/API/v1/domains", "/api/v1/domains%2F", "/api/v1/users/me%2e%2e", "/api/v1/users/me/health",
    "/metrics", "/livez", "/.well-known/jwks", "/api/v1/../v1/domains", "/api/v1/users/./me", "/api/v2/domains",
])
def test_a_path_that_leads_nowhere_is_refused(site, port, auth, path):
    answer = exchange(port, f"GET {path} HTTP/1.1\r\nHost: x\r\n{auth}\r\n")
    assert answer.status in (400, 404), answer
    problem(answer, answer.status)


@pytest.mark.parametrize("query, reason", [("page_size=x", None), ("page_size=1&page_size=2", "query.duplicate"),
                                           ("nothing=1", "query.unknown"), ("page_size=-1", None), ("page_size=1001", "page.size"),
                                           ("page_size=99999999999", None), ("page_size=%zz", None), ("page_token=!!!", "page.token"),
                                           ("page_token=AAAA", "page.token"), ("page_token=" + "A" * 600, "page.token")])
def test_a_wrong_query_is_refused(port, auth, query, reason):
    problem(exchange(port, f"GET /api/v1/domains?{query} HTTP/1.1\r\nHost: x\r\n{auth}\r\n"), 400, reason)


# Framing

FRAMES = {
    "two lengths": ("POST", "Content-Length: 2\r\nContent-Length: 3\r\n", "{}"),
    "length and chunks": ("POST", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
    "two encodings": ("POST", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"),
    "chunked, identity": ("POST", "Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
    "gzip": ("POST", "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
    "vertical tab": ("POST", "Transfer-Encoding: \x0bchunked\r\n", "0\r\n\r\n"),
    "negative length": ("POST", "Content-Length: -1\r\n", ""),
    "length with a plus": ("POST", "Content-Length: +2\r\n", "{}"),
    "length with text": ("POST", "Content-Length: 2x\r\n", "{}"),
    "length too large": ("POST", "Content-Length: 18446744073709551618\r\n", "{}"),
    "chunk size overflow": ("POST", "Transfer-Encoding: chunked\r\n", "10000000000000002\r\n{}\r\n0\r\n\r\n"),
    "chunk size no hex": ("POST", "Transfer-Encoding: chunked\r\n", "x\r\n{}\r\n0\r\n\r\n"),
    "chunk without its end": ("POST", "Transfer-Encoding: chunked\r\n", "2\r\n{}0\r\n\r\n"),
    "space before the colon": ("GET", "X-A : b\r\n", ""),
    "folded line": ("GET", "X-A: b\r\n c\r\n", ""),
    "bare line feed": ("GET", "X-A: b\n", ""),
    "no colon": ("GET", "nonsense\r\n", ""),
    "zero in a value": ("GET", "X-A: a\0b\r\n", ""),
    "return in a value": ("GET", "X-A: a\rb\r\n", ""),
    "empty name": ("GET", ": b\r\n", ""),
    "two hosts": ("GET", "Host: y\r\n", ""),
}


@pytest.mark.parametrize("what", FRAMES)
def test_malformed_framing_is_refused_and_the_connection_closed(port, auth, what):
    method, headers, body = FRAMES[what]
    with RawHttp(port) as peer:
        peer.send(f"{method} /api/v1/users/me HTTP/1.1\r\nHost: x\r\n{auth}{headers}\r\n{body}"
                  f"GET /api/v1/users/me HTTP/1.1\r\nHost: x\r\n{auth}\r\n")
        answer = peer.answer()
        assert answer is not None and answer.status in (400, 413, 501), answer
        peer.expect_closed()


@pytest.mark.parametrize("request_line, statuses", [
    ("GET", (400,)), ("GET /", (400, 505)), ("GET  /api/v1/users/me HTTP/1.1", (400,)), ("GET /api/v1/users/me HTTP/2.0", (400, 505)),
    ("GET /api/v1/users/me HTTP/1.9", (400, 505)), ("GET /api/v1/users/me http/1.1", (400, 505)), ("GET /a b HTTP/1.1", (400,)),
    ("GET /\x7f HTTP/1.1", (400,)), ("G@T / HTTP/1.1", (400,)), (" GET / HTTP/1.1", (400,)), ("GET nonsense HTTP/1.1", (400,)),
    ("GET /" + "x" * 9000 + " HTTP/1.1", (414,)), ("\x16\x03\x01\x02\x00\x01\x00", (400,)), ("PRI * HTTP/2.0", (400, 405, 505)),
])
def test_a_malformed_request_line_is_refused(port, request_line, statuses):
    with RawHttp(port) as peer:
        peer.send(f"{request_line}\r\nHost: x\r\n\r\n".encode("latin-1"))
        answer = peer.answer()
        assert answer is None or answer.status in statuses, answer
        peer.expect_closed()


def test_a_request_without_host_is_refused(port):
    problem(exchange(port, "GET /api/v1/users/me HTTP/1.1\r\n\r\n"), 400)


@pytest.mark.parametrize("headers", ["X-A: " + "y" * 20000 + "\r\n", "".join(f"X-{i}: y\r\n" for i in range(150))])
def test_a_head_above_the_limits_is_refused(port, headers):
    assert exchange(port, f"GET / HTTP/1.1\r\nHost: x\r\n{headers}\r\n").status == 431


def test_chunked_bodies_work(site, port, auth):
    body = b'{"name":"chunked"}'
    data = (f"POST /api/v1/domains HTTP/1.1\r\nHost: x\r\n{auth}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n").encode()
    data += b"".join(b"1;ext=1\r\n" + bytes([byte]) + b"\r\n" for byte in body) + b"0\r\n\r\n"
    with RawHttp(port) as peer:
        peer.send(data)
        made = peer.answer()
        assert made.status == 201 and json.loads(made.body)["name"] == "chunked"
        peer.send(f"GET /api/v1/users/me HTTP/1.1\r\nHost: x\r\n{auth}\r\n")
        assert peer.answer().status == 200


def test_expect_continue_is_answered(port, auth):
    body = b'{"name":"x"}'
    with RawHttp(port) as peer:
        peer.send(f"POST /api/v1/domains HTTP/1.1\r\nHost: x\r\n{auth}Content-Type: application/json\r\n"
                  f"Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n")
        assert peer.answer().status == 100
        peer.send(body)
        assert peer.answer().status == 201


def test_pipelined_requests_are_answered_in_order(port, auth):
    paths = ["/api/v1/users/me", "/nothing", "/.well-known/jwks.json", "/api/v1/users/me"] * 5
    with RawHttp(port) as peer:
        peer.send("".join(f"GET {path} HTTP/1.1\r\nHost: x\r\n{auth}\r\n" for path in paths))
        assert [peer.answer().status for _ in paths] == [200, 404, 200, 200] * 5


def test_http_1_0_and_connection_close_are_answered_and_closed(port, auth):
    for line, extra in (("HTTP/1.0", ""), ("HTTP/1.1", "Connection: close\r\n")):
        with RawHttp(port) as peer:
            peer.send(f"GET /api/v1/users/me {line}\r\nHost: x\r\n{auth}{extra}\r\n")
            assert peer.answer().status == 200
            peer.expect_closed()


def test_one_byte_at_a_time_is_enough(site, port, auth):
    with RawHttp(port) as peer:
        peer.send_bytewise(f"GET /api/v1/users/me HTTP/1.1\r\nHost: x\r\n{auth}\r\n")
        assert peer.answer().status == 200
        peer.send_bytewise(post(auth, '{"name":"bytewise"}'))
        assert peer.answer().status == 201


def test_answers_carry_the_headers_that_protect(site):
    for answer in (site.admin.get("/api/v1/users/me"), site.nobody().get("/api/v1/users/me"), site.nobody().get("/nothing")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Request-Id"]
        if answer.is_problem:
            assert answer.json["request_id"] == answer.headers["X-Request-Id"]
    ids = {site.nobody().get("/nothing", headers={"X-Request-Id": "mine\"<x>"}).headers["X-Request-Id"] for _ in range(3)}
    assert len(ids) == 3 and not any("<" in text for text in ids)


# Slow peers


@pytest.mark.parametrize("sent", ["G", "GET /api/v1/users/me HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: x\r\nX-A: b"])
def test_a_slow_head_is_cut_off(port, sent):
    with RawHttp(port) as peer:
        peer.send(sent)
        answer = peer.answer(timeout=3)
        assert answer is None or answer.status == 408
        peer.expect_closed()


def test_a_head_that_trickles_is_cut_off_all_the_same(port):
    with RawHttp(port) as peer:
        def trickle():
            try:
                peer.send("x")
            except OSError:
                return True
            peer.socket.settimeout(0.02)
            try:
                return peer.socket.recv(1000) == b"" or True
            except socket.timeout:
                return False
        eventually(trickle, 3, "the end of the trickle")


def test_a_slow_body_is_cut_off(port, auth):
    with RawHttp(port) as peer:
        peer.send(f"POST /api/v1/domains HTTP/1.1\r\nHost: x\r\n{auth}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{")
        answer = peer.answer(timeout=3)
        assert answer.status == 408
        peer.expect_closed()


def test_others_are_served_while_many_are_slow(site, port):
    slow = [RawHttp(port) for _ in range(300)]
    try:
        for peer in slow:
            peer.send("GET / HTTP/1.1\r\n")
        for _ in range(20):
            assert site.admin.get("/api/v1/users/me").status == 200
        for peer in slow:
            peer.answer(timeout=5)
            peer.expect_closed()
    finally:
        for peer in slow:
            peer.close()


def test_many_idle_connections_take_little_memory(site, port, auth):
    count = 2000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count + 200:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 500), hard))
    request = f"GET /api/v1/users/me HTTP/1.1\r\nHost: x\r\n{auth}\r\n"

    def cycle():
        peers = []
        for _ in range(count):  # one after the other: as many at once would be more than the server queues
            peers.append(RawHttp(port))
            peers[-1].send(request)
            assert peers[-1].answer().status == 200
        return peers

    def leave(peers):
        for peer in peers:
            peer.close()

    leave(cycle())  # what the allocator keeps for good
    before = site.server.resident_kib()
    peers = cycle()
    held = site.server.resident_kib() - before
    assert site.admin.get("/api/v1/users/me").status == 200
    leave(peers)
    for _ in range(2):
        leave(cycle())
    after = site.server.resident_kib() - before
    assert held < count * 40, f"{held} KiB for {count} connections"
    assert after < 8 * 1024, f"{after} KiB more after three rounds"


def test_the_memory_stays_flat_under_malformed_requests(site, port, auth):
    def round_of_garbage():
        for frame in list(FRAMES.values()) * 5:
            method, headers, body = frame
            exchange(port, f"{method} /api/v1/users/me HTTP/1.1\r\nHost: x\r\n{auth}{headers}\r\n{body}")
        for body in BAD_JSON.values():
            exchange(port, post(auth, body))
    round_of_garbage()
    before = site.server.resident_kib()
    for _ in range(5):
        round_of_garbage()
    assert site.server.resident_kib() - before < 8 * 1024


def test_more_logins_than_may_wait_are_told_to_come_back(tmp_path):
    server = Server(tmp_path / "data", **{"password.threads": 1, "password.queue": 1}).start()
    try:
        api = Api(server.api)
        with ThreadPoolExecutor(24) as pool:
            answers = list(pool.map(lambda i: api.post("/api/v1/sessions", {"login": f"u{i}", "password": "x" * 20}), range(48)))
        busy = [answer for answer in answers if answer.status == 429]
        assert busy and {answer.status for answer in answers} == {401, 429}
        for answer in busy:
            refused(answer, 429, "server.busy")
            assert int(answer.headers["Retry-After"]) >= 1
    finally:
        server.stop()


def test_more_connections_than_allowed_are_closed_at_once(tmp_path):
    server = Server(tmp_path / "data", **{"listener.0.max_connections": 3}).start()
    request = "GET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\n\r\n"
    try:
        held = [RawHttp(server.api) for _ in range(3)]
        for peer in held:
            peer.send(request)
            assert peer.answer().status == 200
        with RawHttp(server.api) as fourth:
            fourth.expect_closed()
        held[0].close()

        def served():
            with RawHttp(server.api) as next_one:
                try:
                    next_one.send(request)
                    answer = next_one.answer()
                except OSError:
                    return False
                return answer is not None and answer.status == 200
        eventually(served, 3, "a free place")
        for peer in held:
            peer.close()
    finally:
        server.stop()


# TLS


def test_the_api_speaks_tls(tmp_path):
    certificate, key = make_certificate(tmp_path / "tls")
    server = Server(tmp_path / "data", **{"listener.0.tls.certificate": certificate, "listener.0.tls.key": key}).start()
    try:
        assert "https://" in server.banner
        trusted = ssl.create_default_context(cafile=str(certificate))
        api = Api(server.api, tls=trusted)
        api.must("POST", "/api/v1/setup", {"setup_token": server.setup_token, "email": "root@example.org",
                                           "password": USER_PASSWORD, "name": "Root"})
        assert api.post("/api/v1/sessions", {"login": "root@example.org", "password": USER_PASSWORD}).status == 201
        with pytest.raises(ssl.SSLError):
            Api(server.api, tls=ssl.create_default_context()).get("/")
        with RawHttp(server.api) as plain:
            plain.send("GET /api/v1/users/me HTTP/1.1\r\nHost: x\r\n\r\n")
            plain.socket.settimeout(5)
            try:
                assert not plain.socket.recv(100).startswith(b"HTTP/")  # nothing, or an alert
            except ConnectionResetError:
                pass
        with RawHttp(server.api, tls=trusted) as bytewise:
            bytewise.send_bytewise("GET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\n\r\n")
            assert bytewise.answer().status == 200
    finally:
        server.stop()


def test_a_private_key_that_others_can_read_is_refused(tmp_path):
    certificate, key = make_certificate(tmp_path / "tls")
    key.chmod(0o644)
    ended = run("serve", *flags({"data_dir": tmp_path / "data", "listener.0.address": "127.0.0.1:0", "grpc.0.address": "off",
                                 "operations_address": "127.0.0.1:0", "listener.0.tls.certificate": certificate,
                                 "listener.0.tls.key": key}), timeout=20)
    assert ended.returncode == 1 and "key" in ended.stderr


def test_the_health_port_answers_only_what_it_is_for(site):
    operations = Api(site.server.operations)
    assert operations.get("/livez").status == operations.get("/readyz").status == 200
    assert operations.get("/metrics").headers["Content-Type"].startswith("text/plain")
    assert operations.get("/api/v1/users/me").status == 404
    assert operations.post("/metrics").status == 405
    assert site.nobody().get(f"/api/v1/users/{fresh('x')}").status == 401
