"""The real binary as a process: started on free ports, stopped by its id."""

import os
import re
import select
import signal
import subprocess
import time
from pathlib import Path

from .api import Api

SOURCE = Path(__file__).resolve().parents[3]

# The least cost that the server accepts for password hashes.
CHEAP_HASHES = {"password.memory_kib": 7168, "password.passes": 5}
START_WITHIN = 30.0
STOP_WITHIN = 30.0


def find_binary():
    given = os.environ.get("ALLAUTH_BINARY")
    candidates = [given] if given else [SOURCE / f"build/{kind}/src/server/allauth" for kind in ("release", "dev")]
    for path in candidates:
        if Path(path).is_file():
            return str(path)
    raise RuntimeError(f"there is no allauth binary; tried {', '.join(str(c) for c in candidates)}")


def find_next(name="allauth_next"):
    """A version after this one (tests/next)."""
    path = Path(find_binary()).with_name(name)
    assert path.is_file(), f"{path} was not built"
    return str(path)


def environment(extra=None):
    """Ours without any ALLAUTH_ variable: those are configuration to the server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ALLAUTH_")}
    kept.update(extra or {})
    return kept


def run(*args, input=None, env=None, timeout=60, binary=None, **more):
    """A command of the binary to its end."""
    return subprocess.run([binary or find_binary(), *map(str, args)], input=input, capture_output=True, text=True,
                          env=environment(env), timeout=timeout, **more)


def flags(options):
    def text(value):
        return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)

    return [f"--{name}={text(value)}" for name, value in options.items()]


class Server:
    """`allauth serve`, with what its banner says as attributes."""

    def __init__(self, data_dir, upstream=None, binary=None, **options):
        self.binary = binary or find_binary()
        self.data_dir = Path(data_dir)
        self.options = {
            "data_dir": data_dir,
            "listener.0.address": "127.0.0.1:0",
            "grpc.0.address": "127.0.0.1:0",
            "operations_address": "127.0.0.1:0",
            "limits.exempt_loopback": True,  # many tests log in more often than people do
            **CHEAP_HASHES,
        }
        if upstream is not None:
            self.options["gateway.0.address"] = "127.0.0.1:0"
            self.options["gateway.0.upstream.address"] = f"127.0.0.1:{upstream}"
        self.options.update({name.replace("__", "."): value for name, value in options.items()})
        if "store.url" in self.options:  # else a start would wait for `allauth migrate up`
            self.options.setdefault("store.migrate", "auto")
        self.log_path = self.data_dir.with_suffix(".log")
        self.environment = {}  # variables for the process
        self.process = None
        self.exit_code = None
        self.banner = ""
        self.setup_token = None

    def start(self):
        assert self.process is None
        log = open(self.log_path, "ab")
        self.process = subprocess.Popen([self.binary, "serve", *flags(self.options)], stdout=subprocess.PIPE,
                                        stderr=log, env=environment(self.environment))
        log.close()
        try:
            self.banner = self._read_banner()
        except BaseException:
            self.kill()
            raise
        self.api = self._port(r"API +https?://[\d.]+:(\d+)")
        self.grpc = self._port(r"gRPC +https?://[\d.]+:(\d+)")
        self.operations = self._port(r"Health and metrics +http://127\.0\.0\.1:(\d+)")
        Api.others = Api.others - {self.api} | {self.operations}
        self.mqtt = self._port(r"mqtts?://127\.0\.0\.1:(\d+)")
        token = re.search(r"--token (ast_\w+)", self.banner)
        self.setup_token = token.group(1) if token else None
        return self

    def _read_banner(self):
        deadline = time.monotonic() + START_WITHIN
        text = b""
        poll = select.poll()  # select() knows no descriptors above 1023
        poll.register(self.process.stdout, select.POLLIN)
        while b"Ctrl-C stops it." not in text:
            ready = poll.poll(1000 * max(0, deadline - time.monotonic()))
            more = os.read(self.process.stdout.fileno(), 4096) if ready else b""
            if not more:
                if ready:
                    self.process.wait(STOP_WITHIN)
                raise AssertionError(f"the server did not start; its log ends: {self.log()[-2000:]}")
            text += more
        return text.decode()

    def _port(self, pattern):
        found = re.search(pattern, self.banner)
        return int(found.group(1)) if found else None

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    @property
    def pid(self):
        return self.process.pid

    def resident_kib(self, which="VmRSS"):
        return int(re.search(rf"{which}:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text()).group(1))

    def peak_kib(self):
        """The most since forget_peak()."""
        return self.resident_kib("VmHWM")

    def forget_peak(self):
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def metric(self, series):
        """The value of a series, written as in /metrics; nothing if there is none."""
        for line in Api(self.operations).get("/metrics").body.decode().splitlines():
            if line.startswith(series + " "):
                return float(line.rsplit(" ", 1)[1])
        return None

    def terminate(self):
        """SIGTERM, without waiting."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self, timeout=STOP_WITHIN):
        """The exit code, once the process has ended."""
        self.exit_code = self.process.wait(timeout)
        self.process.stdout.close()
        self.process = None
        return self.exit_code

    def stop(self):
        if self.process is None:
            return 0
        self.terminate()
        try:
            return self.wait()
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.wait()
