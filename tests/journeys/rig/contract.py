"""What the server says of its API (openapi.json), held against what it does: every answer that a journey gets through
`Api` is looked at."""

import copy
import re
import threading
from collections import Counter

import jsonschema

from .api import Api
from .server import Server

MILLISECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
FORMATS = jsonschema.FormatChecker(formats=())


@FORMATS.checks("date-time")
def is_time(value):
    return not isinstance(value, str) or MILLISECONDS.fullmatch(value) is not None


class Undocumented(AssertionError):
    """The server did what it does not say."""


def closed(document):
    """Answers may grow, so the document leaves them open. Held against itself, it must name every member."""
    document = copy.deepcopy(document)
    for schema in document["components"]["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return document


class Contract:
    def __init__(self, document):
        self.document = closed(document)
        self.routes = []
        for path, methods in self.document["paths"].items():
            pattern = re.compile(re.sub(r"\\\{[a-z_]+\\\}", "[^/]+", re.escape(path)))
            self.routes.append((path.count("{"), pattern, path, methods))
        self.routes.sort(key=lambda route: route[0])  # literal segments win
        self.seen = Counter()
        self.local = threading.local()

    def resolve(self, node):
        while "$ref" in node:
            target = self.document
            for part in node["$ref"][2:].split("/"):
                target = target[part]
            node = target
        return node

    def operation(self, method, path):
        """Nothing if there is none."""
        for _, pattern, template, methods in self.routes:
            if pattern.fullmatch(path) and method.lower() in methods:
                return template, methods[method.lower()]
        return None, None

    def check(self, method, target, answer):
        template, operation = self.operation(method, target.split("?")[0])
        if operation is None:
            return
        where = f"{method} {template} answered {answer.status}"
        documented = operation["responses"].get(str(answer.status))
        if documented is None:
            raise Undocumented(f"{where}, which is not documented: {answer}")
        documented = self.resolve(documented)
        self.check_headers(where, documented, answer)
        self.seen[template, method, answer.status] += 1
        # Journeys with much load would not see much more.
        if self.seen[template, method, answer.status] < 100:
            self.check_body(where, documented, answer)

    def check_headers(self, where, documented, answer):
        for name in documented.get("headers", {}):
            if answer.status < 400 and name not in answer.headers:
                raise Undocumented(f"{where} without the header {name}")
        for name in ("Location", "ETag", "Allauth-Revision"):
            if name in answer.headers and name not in documented.get("headers", {}):
                raise Undocumented(f"{where} with the header {name}, which is not documented")

    def check_body(self, where, documented, answer):
        content = documented.get("content")
        if content is None:
            if answer.body:
                raise Undocumented(f"{where} with a body: {answer}")
            return
        kind = (answer.headers.get("Content-Type") or "").split(";")[0]
        if kind not in content:
            raise Undocumented(f"{where} with {kind}, not {', '.join(content)}")
        if kind.endswith("json"):
            self.validate(where, content[kind]["schema"], answer.json)

    def validate(self, where, schema, instance):
        validators = self.local.__dict__.setdefault("validators", {})
        key = str(schema)
        if key not in validators:  # they are not for several threads
            validators[key] = jsonschema.Draft202012Validator(
                schema, resolver=jsonschema.RefResolver("", self.document), format_checker=FORMATS)
        for error in validators[key].iter_errors(instance):
            raise Undocumented(f"{where}: {'/'.join(map(str, error.absolute_path))}: {error.message}"[:2000])


def document_of(folder):
    """The document as a server of this build serves it."""
    with Server(folder) as server:
        return Api(server.api).must("GET", "/api/v1/openapi.json")
