"""Waiting for a condition, never for a time."""

import threading
import time

_pause = threading.Event()


def eventually(condition, within=5.0, what="the condition"):
    """The first true answer of `condition()`; an AssertionError once `within` seconds are over."""
    deadline = time.monotonic() + within
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {within} s")
        _pause.wait(0.005)


def holds(condition, during, what="the condition"):
    """Asserts that `condition()` is true all the time, for claims that something does not happen."""
    deadline = time.monotonic() + during
    while time.monotonic() < deadline:
        assert condition(), f"{what} did not hold"
        _pause.wait(0.01)
