"""A real Redis to kill and to empty, and servers that are none."""

import shutil
import socket
import subprocess
import threading

from .poll import eventually
from .postgres import quiet_port

PASSWORD = "a-password-of-redis"  # must appear in no log


def find_redis():
    return shutil.which("redis-server")


class Redis:
    """Keeps nothing on disk, so each start is one with nothing in it."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.port = quiet_port()
        self.process = None
        self.start()

    def start(self):
        with open(self.folder / "redis.log", "ab") as log:
            self.process = subprocess.Popen(
                [find_redis(), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir",
                 str(self.folder), "--requirepass", PASSWORD], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        eventually(lambda: self.ask("PING") == "+PONG", 20, "redis-server")

    def ask(self, *words):
        """The first line of the answer; nothing if there is none."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 5) as near:
                near.sendall(f"AUTH {PASSWORD}\r\n{' '.join(words)}\r\n".encode())
                answer = near.makefile("rb")
                answer.readline()
                return answer.readline().decode().strip()
        except OSError:
            return None

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait(20)
            self.process = None

    def url(self, port=None):
        return f"redis://:{PASSWORD}@127.0.0.1:{port or self.port}/0"


class FalseRedis:
    """Answers every connection with `first`, then with `again` for ever, and listens to nothing."""

    def __init__(self, first=b"", again=b""):
        self.first, self.again = first, again
        self.served = 0
        self._ending = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._ending = True
        self._listener.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near):
        near.settimeout(1)
        try:
            near.sendall(self.first)
            while not self._ending:
                near.sendall(self.again) if self.again else near.recv(4096) or near.close()
        except TimeoutError:
            pass
        except OSError:
            pass
        near.close()
        self.served += 1
