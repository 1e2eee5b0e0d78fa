"""A real mosquitto on a free loopback port."""

import socket
import subprocess
from pathlib import Path

from .poll import eventually

MOSQUITTO = next((p for p in ("/usr/sbin/mosquitto", "/usr/bin/mosquitto") if Path(p).exists()), "mosquitto")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class Broker:
    def __init__(self, folder, login=None, tls=None):
        """`login`: (user, password) that it asks of everybody; `tls`: (certificate, key)."""
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.process = None
        self.more = "allow_anonymous true\n"
        if login:
            subprocess.run(["mosquitto_passwd", "-b", "-c", str(self.folder / "passwords"), *login], check=True,
                           capture_output=True)
            self.more = f"allow_anonymous false\npassword_file {self.folder}/passwords\n"
        if tls:
            self.more += f"certfile {tls[0]}\nkeyfile {tls[1]}\n"

    def start(self):
        config = self.folder / "mosquitto.conf"
        config.write_text(f"listener {self.port} 127.0.0.1\n{self.more}log_type all\n"
                          f"log_dest file {self.folder}/mosquitto.log\nmax_queued_messages 10000\n"
                          f"persistence false\nuser root\n")
        self.process = subprocess.Popen([MOSQUITTO, "-c", str(config)], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        eventually(lambda: accepts(self.port), 10, "mosquitto")
        return self

    def log(self):
        path = self.folder / "mosquitto.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None
