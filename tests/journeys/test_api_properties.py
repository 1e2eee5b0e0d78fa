"""Requests made at random from the description of the API, good ones and ones with a mistake. Whatever is asked, the
answer is one that is described, never a failure of the server."""

import json
import os
import random
import subprocess
import sys
from urllib.parse import quote, urlencode

import pytest

from rig.generate import Generator
from rig.toolbox import fetched

# `script/test --all` says more.
ROUNDS = int(os.environ.get("ALLAUTH_REQUESTS", "12"))
SECONDS = int(os.environ.get("ALLAUTH_SCHEMATHESIS", "40"))
CHECKS = ("not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
          "unsupported_method,ignored_auth")

# Why a server may refuse what is asked well: the revision asked for is not there yet.
SERVERS_OWN = ("state.behind",)


@pytest.fixture(scope="module")
def site_options():
    # Wrong credentials are tried by the hundred, and each has to be told so.
    return {"with_broker": False, "limits.failures.one": "off", "limits.failures.account": "off", "limits.failures.source": "off"}


class Caller:
    """Asks as the administrator; picks up ids from the answers, so that later requests hit something."""

    def __init__(self, site, contract, seed):
        self.site, self.contract = site, contract
        self.random = random.Random(seed)
        self.known = {}
        self.generator = Generator(contract, self.random, self.known)
        self.api = site.admin
        self.seed()

    def seed(self):
        domain = self.site.domain()["id"]
        client = self.site.client(domain)
        user = self.site.user()
        for name, value in [("domain_id", domain), ("client_id", client.id), ("user_id", user["id"]), ("key_id", client.key_id),
                            ("channel_id", self.site.channel(domain)["id"]), ("group_id", self.site.group(domain)["id"]),
                            ("role_id", self.site.role("domain", domain, ["read"])["id"]), ("permission", "read"),
                            ("kind", "client"), ("kind", "user"), ("scope_kind", "domain"), ("scope_id", domain),
                            ("id", client.id), ("id", user["id"]), ("action", "read")]:
            self.known.setdefault(name, []).append(value)

    def learn(self, answer):
        if answer.status != 201 or not answer.body:
            return
        made = answer.json
        kind = (answer.headers.get("Location") or "").split("/")[-2].removesuffix("s")
        if isinstance(made.get("id"), str):
            self.known.setdefault(f"{kind}_id", []).append(made["id"])

    def target(self, path, parameters):
        query = []
        for parameter in parameters:
            schema = parameter.get("schema") or parameter["content"]["application/json"]["schema"]
            if parameter["in"] == "path":
                value = self.generator.text(parameter["name"]) or "x"
                path = path.replace("{%s}" % parameter["name"], quote(value, safe=""))
            elif parameter["in"] == "query" and self.random.random() < 0.6:
                value = self.generator.value(schema, parameter["name"])
                for each in value if isinstance(value, list) else [value]:
                    query.append((parameter["name"], each if isinstance(each, str) else json.dumps(each)))
        return path + ("?" + urlencode(query) if query else "")

    def ask(self, path, method, operation, wrong):
        target = self.target(path, [self.contract.resolve(each) for each in operation.get("parameters", [])])
        body = operation.get("requestBody")
        sent = None
        if body:
            schema = body["content"]["application/json"]["schema"]
            sent = self.generator.mistake(schema) if wrong else self.generator.value(schema)
        answer = self.api.call(method.upper(), target, json=sent)
        self.learn(answer)
        return answer


def destroys_us(operation):
    """What would end the administrator's own session or account."""
    return operation["operationId"].startswith(("SessionService_Delete", "SetupService"))


def test_no_request_made_from_the_description_is_answered_otherwise(site, contract):
    caller = Caller(site, contract, seed=os.environ.get("ALLAUTH_SEED", "1"))
    done = 0
    for number in range(ROUNDS):
        for path, item in contract.document["paths"].items():
            for method, operation in item.items():
                if destroys_us(operation) or streams(operation):
                    continue
                wrong = bool(operation.get("requestBody")) and number % 3 == 2
                answer = caller.ask(path, method, operation, wrong)  # Api looks at it (rig/contract.py)
                assert answer.status < 500 or answer.json["reason"] in SERVERS_OWN, f"{method} {path}: {answer}"
                if wrong:
                    assert 400 <= answer.status < 500, f"{method} {path} took a mistake: {answer}"
                done += 1
        caller.seed()
    assert site.admin.get("/api/v1/users/me").status == 200
    assert done > 400 and "code=bug" not in site.server.log()


def streams(operation):
    content = operation["responses"].get("200", {}).get("content", {})
    return "application/x-ndjson" in content


def test_the_document_is_openapi(site, tmp_path):
    """By a validator that others use."""
    tools = python_tools()
    (tmp_path / "openapi.json").write_bytes(site.nobody().get("/api/v1/openapi.json").body)
    done = subprocess.run([tools / "bin/python", "-m", "openapi_spec_validator", tmp_path / "openapi.json"],
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def python_tools():
    return fetched("python", [sys.executable, "-m", "venv", "."],
                   ["bin/pip", "install", "-q", "--disable-pip-version-check", "schemathesis", "openapi-spec-validator"])


def test_schemathesis_finds_nothing(site, tmp_path):
    tools = python_tools()
    url = f"http://127.0.0.1:{site.server.api}"
    # 501 is what the server does not offer, and says so; 503 is for a revision that is not there yet. What is watched has no end to wait for.
    (tmp_path / "schemathesis.toml").write_text(
        '[checks.not_a_server_error]\nexpected-statuses = ["2xx", "3xx", "4xx", 501, 503]\n')
    done = subprocess.run(
        [tools / "bin/python", "-m", "schemathesis.cli", "run", f"{url}/api/v1/openapi.json", "--url", url, "-c", CHECKS, "--phases", "examples,coverage,fuzzing",
         "--max-time", str(SECONDS), "-H", f"Authorization: Bearer {site.admin.token}", "--exclude-tag", "Session",
         "--exclude-tag", "Setup", "--exclude-tag", "Watch", "--continue-on-failure", "--max-failures", "20", "--warnings", "off", "--no-color",
         "--suppress-health-check", "all", "--request-timeout", "20", "--seed", "1"],
        capture_output=True, text=True, cwd=tmp_path, timeout=SECONDS * 6 + 300, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
