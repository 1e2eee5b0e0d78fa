"""The description of the API: that it is true, whole, and shown to people."""

import copy
import json
import random
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import jsonschema
import pytest

from rig.api import Answer, refused
from rig.contract import Contract, Undocumented
from rig.generate import Generator
from rig.server import SOURCE, find_binary


@pytest.fixture(scope="module")
def site_options():
    return {"with_broker": False}


@pytest.fixture(scope="module")
def document(site):
    return site.nobody().must("GET", "/api/v1/openapi.json")


def operations(document):
    return [(path, method, operation) for path, item in document["paths"].items() for method, operation in item.items()]


def fill(path):
    return re.sub(r"\{[a-z_]+\}", "none", path)


def test_each_schema_is_one(document):
    for name, schema in document["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema.get("properties") or schema.get("enum") or schema["type"] == "object", name


def test_each_operation_is_served_and_each_route_described(site, document):
    rpcs = set()
    for file in (SOURCE / "proto/allauth/v1").glob("*.proto"):
        text = file.read_text()
        for service, body in re.findall(r"^service (\w+) \{(.*?)^\}", text, re.M | re.S):
            rpcs |= {f"{service}_{name}" for name in re.findall(r"^  rpc (\w+)\(", body, re.M)}
    described = {operation["operationId"] for _, _, operation in operations(document)}
    assert rpcs == {name for name in described if not name.startswith("Discovery_")}
    for path, method, _ in operations(document):
        answer = site.admin.call("OPTIONS", fill(path))
        assert method.upper() in answer.headers["Allow"], f"{method} {path}: {answer}"


def test_each_query_parameter_is_taken(site, document, contract):
    generator = Generator(contract, random.Random(1))
    tried = 0
    for path, method, operation in operations(document):
        for parameter in map(contract.resolve, operation.get("parameters", [])):
            if parameter["in"] != "query":
                continue
            schema = parameter.get("schema") or parameter["content"]["application/json"]["schema"]
            value = generator.value(schema, full=True)
            value = value[0] if isinstance(value, list) else value
            value = True if isinstance(value, bool) else value  # keep_current: the session is needed afterwards
            text = json.dumps(value) if not isinstance(value, str) else value.encode().hex()
            if "enum" in str(contract.resolve(schema)) or "date-time" in str(schema):
                text = value
            answer = site.admin.call(method.upper(), f"{fill(path)}?{parameter['name']}={quote(text)}")
            assert answer.reason not in ("query.unknown", "query.duplicate", "json.type"), f"{path}: {answer}"
            tried += 1
        refused(site.admin.call(method.upper(), fill(path) + "?no_such=1"), 400, "query.unknown") \
            if operation.get("x-grpc-method") else None
    assert tried > 20


def test_each_member_of_a_body_is_taken_and_no_other(site, document, contract):
    generator = Generator(contract, random.Random(2))
    for path, method, operation in operations(document):
        body = operation.get("requestBody")
        if not body:
            continue
        schema = body["content"]["application/json"]["schema"]
        for name in contract.resolve(schema)["properties"]:
            value = generator.value(contract.resolve(schema)["properties"][name], full=True)
            answer = site.admin.call(method.upper(), fill(path), json={name: value})
            assert not (answer.reason or "").startswith("json."), f"{path} {name}={value!r}: {answer}"
        refused(site.admin.call(method.upper(), fill(path), json={"no_such": 1}), 400, "json.unknown_member", "no_such")


def test_the_document_and_the_page_need_no_credential_and_are_cacheable(site):
    nobody = site.nobody()
    for path in ("/api/v1/openapi.json", "/api/v1/docs", "/api/v1/docs/page.css", "/api/v1/docs/page.js"):
        answer = nobody.get(path)
        assert answer.status == 200 and answer.headers["Cache-Control"] == "public, max-age=300"
        again = nobody.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status == 304 and not again.body
        assert nobody.call("HEAD", path).headers["Content-Length"] == str(len(answer.body))
        refused(nobody.post(path), 405, "http.method_not_allowed")


def planted(document, path, method, change):
    document = copy.deepcopy(document)
    change(document["paths"][path][method], document["components"])
    return Contract(document)


def drop_status(operation, _):
    del operation["responses"]["200"]


def drop_member(_, components):
    del components["schemas"]["User"]["properties"]["email"]


def need_member(_, components):
    components["schemas"]["User"]["required"].append("nickname")


def other_type(_, components):
    components["schemas"]["User"]["properties"]["revision"]["type"] = "integer"


def drop_header(operation, _):
    del operation["responses"]["200"]["headers"]["ETag"]


@pytest.mark.parametrize("change", [drop_status, drop_member, need_member, other_type, drop_header])
def test_what_is_not_described_would_be_seen(site, document, change):
    """Guards the guard: each journey's answers are held against the document (rig/contract.py)."""
    answer = site.admin.get("/api/v1/users/me")
    Contract(document).check("GET", "/api/v1/users/me", answer)
    with pytest.raises(Undocumented):
        planted(document, "/api/v1/users/{user_id}", "get", change).check("GET", "/api/v1/users/me", answer)


def test_a_time_of_another_form_would_be_seen(site, document):
    answer = site.admin.get("/api/v1/users/me")
    changed = Answer(answer.status, answer.headers, json.dumps({**answer.json, "created_at": "2030-01-31"}).encode())
    with pytest.raises(Undocumented):
        Contract(document).check("GET", "/api/v1/users/me", changed)


def test_released_files(document, tmp_path):
    """script/artefacts: the same document, and .proto files that protoc takes as they are."""
    build = Path(find_binary()).resolve().parents[2]
    if build.parent != SOURCE / "build":
        pytest.skip(f"{find_binary()} is not of a build of this tree")
    made = subprocess.run([SOURCE / "script/artefacts", build.name, tmp_path], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    assert json.loads((tmp_path / "openapi.json").read_text()) == document
    version = (tmp_path / "VERSION").read_text().strip()
    assert version == document["info"]["version"]
    with tarfile.open(tmp_path / f"allauth-protos-{version}.tar.gz") as archive:
        archive.extractall(tmp_path / "protos")
    files = sorted(str(file) for file in (tmp_path / "protos").rglob("*.proto"))
    again = tmp_path / "again.desc"
    subprocess.run(["protoc", f"-I{tmp_path}/protos", "--include_source_info", "--include_imports",
                    f"--descriptor_set_out={again}", *files], check=True)
    names = subprocess.run(["protoc", "--decode=google.protobuf.FileDescriptorSet", "google/protobuf/descriptor.proto"],
                           stdin=open(tmp_path / "allauth.desc", "rb"), capture_output=True, text=True, check=True).stdout
    for file in files:
        assert f'name: "{Path(file).relative_to(tmp_path / "protos")}"' in names


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """page(url): the page as it is once its script has run, and what the browser complained of."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("there is no chromium")
    profile = tmp_path_factory.mktemp("chromium")

    def page(url):
        done = subprocess.run(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr",
             f"--user-data-dir={profile}", "--virtual-time-budget=10000", "--dump-dom", url],
            capture_output=True, text=True, timeout=120, check=False)
        return SimpleNamespace(dom=done.stdout, complaints=[line for line in done.stderr.splitlines() if "CONSOLE" in line])

    return page


def test_the_page_shows_each_operation(site, document, browser):
    page = browser(f"http://127.0.0.1:{site.server.api}/api/v1/docs#DomainService_CreateDomain")
    assert not page.complaints, page.complaints
    for path, method, operation in operations(document):
        assert f'id="{operation["operationId"]}"' in page.dom
        assert path in page.dom
    # The one that the address names is open.
    opened = re.search(r'<details id="DomainService_CreateDomain".*?</details>', page.dom, re.S).group()
    assert " open" in opened[:200]
    assert 'curl -X POST "$SERVER/api/v1/domains"' in opened
    assert "The caller becomes its owner." in opened
