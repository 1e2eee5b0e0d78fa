"""What abuse of the API begins with, whichever way it comes: a site, wrong credentials, callers who may not, and what each
method is expected to answer where that is not the same for all."""

import hashlib
import json
import re
import sqlite3
from types import SimpleNamespace

from . import jose
from .nodes import enroll
from .poll import eventually
from .samples import World, request_for
from .site import ADMIN_PASSWORD, Site

# A proper request is answered so, where it is not answered with success.
ANSWERED_OTHERWISE = {
    "SetupService.CreateFirstAdmin": 403,  # the token was used
}

# What any caller may ask, about itself or about nothing in particular. Everything else has to refuse an outsider.
OPEN = {"AuthService.Authenticate", "AuthService.BatchCheck", "AuthService.Check", "AuthService.Explain",
        "DomainService.ListDomains", "RoleService.ListActions", "SessionService.DeleteAllSessions",
        "SessionService.ListSessions"}


# What ends the caller's own session, if it is said so: for somebody of whom nothing else is asked.
ENDS_ITS_CALLER = {"SessionService.DeleteAllSessions"}


def asker(site, method):
    """Somebody who may do everything that the method does."""
    return site.login(site.user()["email"]) if method.name in ENDS_ITS_CALLER else site.admin


# What some wrong credential is right for: nodes ask for their gateways.
RIGHT_FOR = {("AuthService.Authenticate", "a node token")}


class Abused(Site):
    """A site that has an access token which is about to end."""

    def __init__(self, folder):
        super().__init__(folder, with_broker=False, **{"tokens.access_lifetime": "10s", "limits.failures.one": "off"})
        self.expiring = self.admin.token
        assert self.server.stop() == 0
        del self.server.options["tokens.access_lifetime"]
        self.server.start()
        self.admin = self.login(self.admin_email, ADMIN_PASSWORD)

    def state(self):
        """A digest of every row that there is."""
        with sqlite3.connect(f"file:{self.server.data_dir}/allauth.db?mode=ro", uri=True) as database:
            tables = [name for name, in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
            return {table: hashlib.sha256(repr(sorted(database.execute(f"SELECT * FROM {table}"), key=repr)).encode()).hexdigest()
                    for table in tables}


def proper(method, world):
    request = request_for(method, world)
    missing = f"; no sample fits {', '.join(request.unknown)}: add one to tests/journeys/rig/samples.py" if request.unknown else ""
    return request, missing


def tampered(token):
    head, claims, signature = token.split(".")
    return ".".join([head, claims, ("A" if signature[0] != "A" else "B") + signature[1:]])


def wrong_credentials(site, world):
    """What must open nothing, as values of Authorization; of "nothing" none."""
    person, device = world["person"], world["device"]
    gone, ended = site.user(), site.user()
    tokens = SimpleNamespace(gone=site.login(gone["email"]).token, ended=site.session(ended["email"]))
    site.admin.must("POST", f"/api/v1/users/{gone['id']}/disable", {})
    site.admin.as_bearer(tokens.ended["access_token"]).must("DELETE", "/api/v1/sessions/current")
    spare = site.client(world["domain"])
    site.admin.must("DELETE", f"/api/v1/clients/{spare.id}/keys/{spare.key_id}")
    eventually(lambda: site.admin.as_bearer(site.expiring).get("/api/v1/domains").status == 401, within=30,
               what="the end of a token")
    bearer = lambda token: [f"Bearer {token}"]  # noqa: E731
    basic = lambda name, key: [site.admin.as_client(name, key).authorization()["Authorization"]]  # noqa: E731
    header, claims = jose.parts(site.admin.token)[:2]
    return {
        "nothing": [],
        "an expired access token": bearer(site.expiring),
        "a refresh token": bearer(person.refresh),
        "a setup token": bearer(site.setup_token),
        "a node token": bearer(enroll(site)[1]),
        "a client key as a bearer": bearer(device.key),
        "a session id": bearer(person.session),
        "the token of a disabled user": bearer(tokens.gone),
        "the token of an ended session": bearer(tokens.ended["access_token"]),
        "a changed signature": bearer(tampered(site.admin.token)),
        "no signature": bearer(".".join([jose.encode(json.dumps({**header, "alg": "none"}).encode()),
                                         site.admin.token.split(".")[1], ""])),
        "a signature by the public key": bearer(jose.sign_hs256({**header, "alg": "HS256"}, claims, b"public")),
        "nonsense": bearer("nonsense"),
        "an empty bearer": ["Bearer "],
        "another scheme": ["Digest x"],
        "a deleted key": basic(spare.id, spare.key),
        "the key of another client": basic(device.id, spare.key),
        "a wrong password": basic(site.admin_email, "a wrong password it is"),
        "broken base64": ["Basic %%%"],
    }


class Callers:
    def __init__(self, site):
        self.foreign = World(site)
        outsider, stranger = site.user(), site.user()
        site.admin.must("POST", f"/api/v1/domains/{self.foreign['domain']}/members", {"user_id": stranger["id"], "role": "owner"})
        device = self.foreign["device"]
        self.by_name = {"outsider": site.login(outsider["email"]), "stranger": site.login(stranger["email"]),
                        "device": site.nobody().as_client(device.id, device.key)}


MISSING = "no-such-thing"
REFERENCES = re.compile(r"(^|_)ids?$")
OWN_CHOICE = {"CreateClientRequest.client_id", "clients.client_id"}  # an id to give, not one to find


def is_reference(message, name, value):
    return isinstance(value, str) and f"{message}.{name}" not in OWN_CHOICE and bool(
        REFERENCES.search(name) or f"{message}.{name}" == "RemoveNodeRequest.name")


def with_missing(method, values):
    """The request with ids that nothing has."""
    def replaced(message, name, value):
        if isinstance(value, dict):
            return {key: replaced(name, key, item) for key, item in value.items()}
        if isinstance(value, list):
            return [replaced(message, name, item) for item in value]
        return MISSING if is_reference(message, name, value) else value

    return {name: replaced(method.request.name, name, value) for name, value in values.items()}


def leaves_of(value):
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves_of(item)]
    return [leaf for item in value for leaf in leaves_of(item)] if isinstance(value, list) else [value]


DOMAIN_THINGS = {"domain_id", "client_id", "channel_id", "group_id", "parent_id", "role_id", "key_id", "scope_id", "client_ids", "channel_ids"}
