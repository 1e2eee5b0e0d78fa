"""A talker and a listener that are connected, and how one sees that a right of theirs has ended."""

import time

from .mqtt import RawClient
from .poll import eventually

WITHIN = 1.0  # seconds from an answer of the API to its effect


def open_pair(pair, version, filter="/#"):
    talker = RawClient(pair.site.server.mqtt, version).login(pair.talker)
    listener = RawClient(pair.site.server.mqtt, version).login(pair.listener)
    assert listener.subscribe(pair.by_route + filter) == [1]
    talker.publish(pair.topic, b"before", qos=1)
    assert listener.message().payload == b"before"
    return talker, listener


def within_a_second(condition, what):
    """The time from now until the condition came true, which must be less than a second."""
    begin = time.monotonic()
    eventually(condition, WITHIN, what)
    return time.monotonic() - begin


def refused_publish(pair, talker, version, probe):
    """Publishes until refused. In 3.1.1 that is seen only by who listens: nothing arrives any more."""
    if version == 5:
        within_a_second(lambda: talker.publish(pair.topic, b"after", qos=1) == 0x87, "the refusal")
    else:
        def silent():
            talker.publish(pair.topic, b"after", qos=1)
            try:
                probe.message(0.1)
                return False
            except TimeoutError:
                return True
        within_a_second(silent, "the silence")


def no_more_deliveries(pair, listener, sender):
    """Sends until nothing arrives any more."""
    def silent():
        sender.publish(pair.topic, b"after", qos=1)
        try:
            listener.message(0.1)
            return False
        except TimeoutError:
            return True
    within_a_second(silent, "the end of deliveries")
