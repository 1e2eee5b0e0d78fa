"""The command line as somebody types it: a home of its own, at a server, with or without a terminal."""

import json
import os
import pty
import re
import select
import subprocess
import time

from .server import environment, find_binary, run


class Cli:
    """Commands of one person: profiles and tokens are kept below `home`."""

    def __init__(self, home, url):
        self.home = home
        self.url = url
        self.env = {"HOME": str(home), "XDG_CONFIG_HOME": "", "ALLAUTH_SERVER": url}

    def __call__(self, *args, input="", env=None):
        return run(*args, input=input, env={**self.env, **(env or {})})

    def must(self, *args, **more):
        done = self(*args, **more)
        assert done.returncode == 0, f"{args}: {done}"
        return done.stdout

    def json(self, *args, **more):
        return json.loads(self.must(*args, "--json", **more))

    def fails(self, code, *args, **more):
        """What it says on standard error."""
        done = self(*args, **more)
        assert done.returncode == code, f"{args}: {done}"
        assert done.stderr.count("allauth: ") == 1, done.stderr
        return done.stderr

    def login(self, email, password, *args):
        return self.must("login", "--email", email, *args, input=password + "\n")

    @property
    def tokens(self):
        return self.home / ".config/allauth/tokens/default.json"

    def spoil_access_token(self):
        """As if it had expired an hour ago."""
        kept = json.loads(self.tokens.read_text())
        self.tokens.write_text(json.dumps({**kept, "expires_at": 1, "access_token": "expired"}))

    def start(self, *args, **more):
        return subprocess.Popen([find_binary(), *map(str, args)], env=environment(self.env), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, cli, *args, env=None):
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            os.execve(find_binary(), ["allauth", *map(str, args)],
                      environment({**cli.env, "TERM": "xterm", **(env or {})}))
        self.text = ""

    def _read(self, deadline):
        ready, _, _ = select.select([self.file], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            raise AssertionError(f"it waits for something else; it has shown {self.text!r}")
        try:
            more = os.read(self.file, 4096)
        except OSError:
            more = b""
        self.text += more.decode(errors="replace")
        return bool(more)

    def expect(self, words, within=20):
        deadline = time.monotonic() + within
        while words not in self.text:
            assert self._read(deadline), f"it ended without {words!r}: {self.text!r}"

    def type(self, line):
        os.write(self.file, (line + "\n").encode())

    def end(self, within=20):
        """Its exit status, and all that was shown, without colours."""
        deadline = time.monotonic() + within
        while self._read(deadline):
            pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self.file)
        return os.waitstatus_to_exitcode(status), re.sub(r"\x1b\[[0-9;]*m", "", self.text)
