"""A client of the REST API."""

import base64
import http.client
import json as json_codec
import ssl


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json_codec.loads(self.body)

    @property
    def reason(self):
        return self.json["reason"] if self.is_problem else None

    @property
    def field(self):
        return self.json.get("field") if self.is_problem else None

    @property
    def is_problem(self):
        return (self.headers.get("Content-Type") or "").startswith("application/problem+json")

    def __repr__(self):
        return f"{self.status} {self.body[:400]!r}"


class Api:
    """Speaks for one caller: a bearer token, a client's (id, key), or nobody."""

    contract = None  # what every answer is held against (conftest.py)
    others = set()  # ports that serve something else

    def __init__(self, port, token=None, basic=None, tls=None, timeout=20):
        self.port = port
        self.token = token
        self.basic = basic
        self.tls = tls
        self.timeout = timeout

    def as_bearer(self, token):
        return Api(self.port, token=token, tls=self.tls, timeout=self.timeout)

    def as_client(self, client_id, key):
        return Api(self.port, basic=(client_id, key), tls=self.tls, timeout=self.timeout)

    def anonymous(self):
        return Api(self.port, tls=self.tls, timeout=self.timeout)

    def authorization(self):
        if self.token is not None:
            return {"Authorization": f"Bearer {self.token}"}
        if self.basic is not None:
            pair = base64.b64encode(":".join(self.basic).encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        return {}

    def call(self, method, path, json=None, body=None, headers=None):
        """Of a stream, the first line."""
        sent = self.authorization()
        if json is not None:
            body = json_codec.dumps(json)
        if body is not None:
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        if self.tls is not None:
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=self.timeout, context=self.tls)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
        try:
            connection.request(method, path, body=body, headers=sent)
            response = connection.getresponse()
            streamed = response.headers.get("Content-Type") in ("application/x-ndjson", "text/event-stream")
            answer = Answer(response.status, response.headers, response.readline() if streamed else response.read())
            response.close()
        finally:
            connection.close()
        if Api.contract is not None and self.port not in Api.others:
            Api.contract.check(method, path, answer)
        return answer

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def post(self, path, json=None, **more):
        return self.call("POST", path, json=json, **more)

    def patch(self, path, json=None, **more):
        return self.call("PATCH", path, json=json, **more)

    def delete(self, path, **more):
        return self.call("DELETE", path, **more)

    def must(self, method, path, json=None, **more):
        """The answer's JSON; anything but success is an error of the test."""
        answer = self.call(method, path, json=json, **more)
        assert answer.status < 300, f"{method} {path}: {answer}"
        return answer.json if answer.body else None


def refused(answer, status, reason, field=None):
    """Asserts that this is a problem document with that status, reason and field."""
    assert answer.status == status, answer
    assert answer.is_problem, answer
    assert answer.json["status"] == status
    assert answer.json["reason"] == reason, answer
    assert answer.json["detail"], answer
    if field is not None:
        assert answer.json.get("field") == field, answer


def unverified_tls():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
