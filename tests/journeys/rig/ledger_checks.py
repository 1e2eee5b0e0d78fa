"""Compares an installation with the ledgers of its writers, which must not be writing."""

from types import SimpleNamespace

from .ledger import GONE
from .mqtt import RawClient


def check_ledgers(api, ledgers):
    for ledger in ledgers:
        check_things(api, ledger)
        check_connections(api, ledger)
        check_keys(api, ledger)
        ledger.unsure.clear()


def check_things(api, ledger):
    for what in ledger.unsure:  # perhaps it was created
        if isinstance(what, str) and what.startswith("/api/"):
            ledger.things.setdefault(what, GONE)
    for path, told in ledger.things.items():
        answer = api.get(path)
        if ledger.is_unsure(path):  # done or not, but one of the two
            assert answer.status in (200, 404), answer
            ledger.things[path] = answer.json if answer.status == 200 else GONE
        elif told is GONE:
            assert answer.status == 404, f"{path} is back: {answer}"
        else:
            assert answer.status == 200, f"{path} is lost: {answer}"
            assert answer.json == told


def listed_connections(api, channel):
    answer = api.get(f"/api/v1/channels/{channel}/connections?page_size=1000")
    assert answer.status in (200, 404), answer
    return {row["client_id"]: row for row in answer.json["connections"]} if answer.status == 200 else {}


def check_connections(api, ledger):
    for what in ledger.unsure:
        if isinstance(what, tuple) and len(what) == 2:
            ledger.connections.setdefault(what, GONE)
    channels = {pair[0] for pair in ledger.connections}
    there = {channel: listed_connections(api, channel) for channel in channels}
    for pair, told in ledger.connections.items():
        row = there[pair[0]].get(pair[1])
        if ledger.is_unsure_pair(pair):
            ledger.connections[pair] = row or GONE
        elif told is GONE:
            assert row is None, f"the connection {pair} is back"
        else:
            assert row == told, f"the connection {pair} is {row}, not {told}"


def check_keys(api, ledger):
    for key, there in ledger.keys.items():
        client = ledger.things.get(f"/api/v1/clients/{key[0]}", GONE)
        answer = api.post("/api/v1/auth/authenticate", {"client_key": {"client_id": key[0], "key": key[1]}})
        if ledger.is_unsure_key(key):
            listed = api.get(f"/api/v1/clients/{key[0]}/keys")
            assert listed.status in (200, 404), listed
            ledger.keys[key] = listed.status == 200 and key[2] in [row["key_id"] for row in listed.json["keys"]]
        elif not there or client is GONE:
            assert answer.status == 401, f"the key {key[2]} of {key[0]} works again: {answer}"
        elif client["status"] == "enabled":
            assert answer.status == 200, f"the key {key[2]} of {key[0]} is lost: {answer}"
        else:
            assert answer.reason == "client.disabled", answer


def check_gateway(site, api, ledger, domain, mqtt_port=None):
    """Some clients try all channels: through the gateway, and by asking the API."""
    usable = {}
    for key, there in ledger.keys.items():
        client = ledger.things.get(f"/api/v1/clients/{key[0]}", GONE)
        if there and client is not GONE and client["status"] == "enabled":
            usable[key[0]] = SimpleNamespace(id=key[0], key=key[1])
    channels = [p.rsplit("/", 1)[1] for p, t in ledger.things.items() if p.startswith("/api/v1/channels/")][-30:]
    rows = {channel: listed_connections(api, channel) for channel in channels}
    for client in list(usable.values())[-3:]:
        with RawClient(mqtt_port or site.server.mqtt, 5).login(client) as device:
            for i, channel in enumerate(channels):
                entity = ledger.things[f"/api/v1/channels/{channel}"]
                enabled = entity is not GONE and entity["status"] == "enabled"
                actions = rows[channel].get(client.id, {"actions": []})["actions"]
                code = device.publish(f"m/{domain}/c/{channel}", b"x", qos=1, packet_id=i + 1)
                assert code in ((0, 0x10) if enabled and "publish" in actions else (0x87,)), (channel, code, actions, entity)
                codes = device.subscribe(f"m/{domain}/c/{channel}/own", packet_id=1000 + i)
                assert codes == ([1] if enabled and "subscribe" in actions else [0x87])
                for action in ("publish", "subscribe") if entity is not GONE else ():
                    asked = api.must("POST", "/api/v1/auth/check", {
                        "subject": {"kind": "client", "id": client.id}, "permission": action,
                        "object": {"kind": "channel", "id": channel}})
                    assert asked["allowed"] == (action in actions)
