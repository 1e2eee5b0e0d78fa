"""The log as it goes over the network: who gets it, what is in it, and who is cut off."""

import pytest

from rig.nodes import enroll
from rig.poll import eventually
from rig.site import fresh
from rig.stream import ENTRY_END, FAREWELL, HEARTBEAT, HELLO, IMAGE, STATE_BEGIN, STATE_END, LogStream

USER, DOMAIN, CLIENT = 1, 3, 4
MOST = 16


@pytest.fixture(scope="module")
def site_options():
    return {"with_broker": False, "stream.max_followers": MOST}


@pytest.fixture
def token(site):
    return enroll(site)[1]


def metric(site, name):
    for line in site.metrics().splitlines():
        if line.startswith(name + " "):
            return float(line.split(" ")[1])
    return None


def follow(site, token, query=""):
    stream = LogStream(site.server.api, token, query)
    assert stream.status == 200
    return stream


def images(frames):
    return [(part[1][0], part[2][0].decode(), part.get(3, [b""])[0]) for kind, part in frames if kind == IMAGE]


def cursor(part):
    return f"{part[1][0]}.{part[2][0]:016x}"


def test_it_begins_with_the_state_and_goes_on_with_entries(site, token):
    before = site.domain(name="Before")["id"]
    with follow(site, token) as stream:
        assert stream.frame()[0] == HELLO
        state = stream.until(STATE_END)
        assert (DOMAIN, before) in [(kind, key) for kind, key, _ in images(state)]
        after = site.domain(name="After")["id"]
        entry = stream.until(ENTRY_END)
        assert (DOMAIN, after) in [(kind, key) for kind, key, _ in images(entry)]
        assert stream.until(HEARTBEAT)


def test_it_goes_on_where_a_follower_was(site, token):
    with follow(site, token) as stream:
        at = cursor(stream.until(STATE_END)[-1][1])
    missed = site.domain(name="Missed")["id"]
    with follow(site, token, f"?from={at}&view=node") as stream:
        frames = stream.until(ENTRY_END)
        assert STATE_BEGIN not in [kind for kind, _ in frames]
        assert (DOMAIN, missed) in [(kind, key) for kind, key, _ in images(frames)]


def test_a_cursor_of_another_history_gets_the_state(site, token):
    with follow(site, token) as stream:
        end = stream.until(STATE_END)[-1][1]
    for at in (f"{end[1][0]}.{end[2][0] ^ 1:016x}", f"{end[1][0] + 1000}.{end[2][0]:016x}"):
        with follow(site, token, f"?from={at}") as stream:
            assert STATE_BEGIN in [kind for kind, _ in stream.until(STATE_END)]


def test_no_secret_is_in_it(site, token):
    user = site.user()
    client = site.client(site.domain()["id"])
    with follow(site, token) as stream:
        hello = stream.frame()[1]
        frames = stream.until(STATE_END)
        site.user()
        frames += stream.until(ENTRY_END)
    assert len(hello[5][0]) == 32 and b'"d"' not in b"".join(hello[4]), "only public keys"
    assert {kind for kind, _, _ in images(frames)} <= set(range(1, 10)), "neither keys nor settings"
    assert (USER, user["id"]) in [(kind, key) for kind, key, _ in images(frames)]
    everything = b"".join(body for _, _, body in images(frames))
    for secret in (b"argon2", b"PRIVATE", token.encode(), client.key.encode(), b"ant1"):
        assert secret not in everything, secret


def test_the_view_of_a_domain(site, token):
    ours, theirs = site.domain(name="Ours")["id"], site.domain(name="Theirs")["id"]
    known, foreign = site.client(ours), site.client(theirs)
    with follow(site, token, f"?view=tenant:{ours}") as stream:
        hello = stream.frame()[1]
        assert 5 not in hello, "what client keys are digested under is for nodes"
        frames = stream.until(STATE_END)
        names = [(kind, key) for kind, key, _ in images(frames)]
        assert (DOMAIN, ours) in names and (CLIENT, known.id) in names
        site.admin.must("DELETE", f"/api/v1/clients/{foreign.id}")
        site.admin.must("DELETE", f"/api/v1/clients/{known.id}")
        frames += stream.until(ENTRY_END) + stream.until(ENTRY_END)
    assert (CLIENT, known.id, b"") in images(frames)
    everything = b"".join(key.encode() + body for _, key, body in images(frames))
    for other in (theirs, foreign.id, site.admin_email):
        assert other.encode() not in everything, other


@pytest.mark.parametrize("shown", ["nothing", "a user's token", "no token of a node"])
def test_others_get_nothing(site, shown):
    tokens = {"nothing": None, "a user's token": site.admin.token, "no token of a node": "ant1_" + "x" * 43}
    with LogStream(site.server.api, tokens[shown]) as stream:
        assert stream.status == 401
        stream.close()


def test_a_token_that_is_taken_back_ends_the_stream(site):
    name, token = enroll(site)
    with follow(site, token) as stream:
        stream.until(STATE_END)
        site.admin.must("DELETE", f"/api/v1/nodes/{name}")
        frames = stream.drain()
        assert frames[-1][0] == FAREWELL and frames[-1][1][1] == [b"revoked"]
    with LogStream(site.server.api, token) as stream:
        assert stream.status == 401


@pytest.mark.parametrize("query", ["?from=17", "?view=everything", "?since=1", "?from=%"])
def test_what_is_asked_wrongly_is_refused(site, token, query):
    with LogStream(site.server.api, token, query) as stream:
        assert stream.status == 400


def test_there_are_only_so_many_followers(site, token):
    eventually(lambda: metric(site, "allauth_stream_followers") == 0, 5, "that nobody follows")
    streams = [follow(site, token) for _ in range(MOST)]
    with LogStream(site.server.api, token) as one_more:
        assert one_more.status == 429
    for stream in streams:
        stream.close()
    eventually(lambda: metric(site, "allauth_stream_followers") == 0, 10, "that they are gone")


def test_who_reads_nothing_is_cut_off_and_costs_little(site, token):
    """The log grows by more than any buffer holds while nobody reads."""
    domain = site.domain()["id"]
    cut = metric(site, "allauth_stream_cut_total") or 0
    slow = LogStream(site.server.api, token, receive_buffer=4096)
    # 16 KB of metadata each: 60 MB of images through the pipe.
    metadata = {"text": "m" * 15_000}
    client = site.client(domain)
    before = site.server.resident_kib()
    written = 0
    while metric(site, "allauth_stream_cut_total") == cut:
        metadata["n"] = written = written + 1
        site.admin.must("PATCH", f"/api/v1/clients/{client.id}", {"metadata": metadata})
        assert written < 4000, "it was never cut off"
    grown = site.server.resident_kib() - before
    assert grown < 64 * 1024, f"{grown} KiB more"
    slow.close()
