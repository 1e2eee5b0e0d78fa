"""Tools that no Debian package has: fetched by the clients of their registries as these are set up, once, into
build/tools. A test that needs one is skipped, with the reason, where that fails."""

import fcntl
import os
import subprocess
import time
from contextlib import contextmanager

import pytest

from .server import SOURCE, environment

TOOLS = SOURCE / "build/tools"
PATIENCE = 240  # seconds for what comes from registries, and for building it


@contextmanager
def _alone(name):
    TOOLS.mkdir(parents=True, exist_ok=True)
    with open(TOOLS / f"{name}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fetched(name, *commands, env=None):
    """The folder build/tools/NAME, filled by the commands, which run in it."""
    folder = TOOLS / name
    with _alone(name):
        if (folder / "complete").exists():
            return folder
        folder.mkdir(exist_ok=True)
        until = time.monotonic() + PATIENCE
        for command in commands:
            try:
                done = subprocess.run(command, cwd=folder, env={**environment(), **(env or {})}, capture_output=True,
                                      text=True, timeout=max(1, until - time.monotonic()), check=False)
            except subprocess.TimeoutExpired:
                pytest.skip(f"{command[0]} did not fetch {name} within {PATIENCE} s")
            if done.returncode != 0:
                pytest.skip(f"{name} could not be fetched: {(done.stderr or done.stdout).strip()[-300:]}")
        (folder / "complete").touch()
    return folder


def build(*command, cwd):
    """A slow machine is no error of ours."""
    try:
        run(*command, cwd=cwd, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        pytest.skip(f"{' '.join(map(str, command))} took more than {PATIENCE} s")


def run(*command, cwd=None, env=None, timeout=120):
    """What it printed; anything but success is an error of the test."""
    done = subprocess.run([str(word) for word in command], cwd=cwd, env={**os.environ, **(env or {})}, capture_output=True,
                          text=True, timeout=timeout, check=False)
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-3000:]}"
    return done.stdout
