"""A real PostgreSQL in a temporary folder: started, killed, restarted, copied to a standby, promoted."""

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from .poll import eventually

PASSWORD = "a-password-of-postgres"  # of the role `allauth`; must appear in no log
ROLE = "allauth"
SUPERUSER = "postgres"
SETTINGS = {
    "listen_addresses": "127.0.0.1", "shared_buffers": "16MB", "max_connections": 60, "min_wal_size": "32MB",
    "max_wal_size": "128MB", "wal_keep_size": "64MB", "jit": "off",
}


def find_binaries():
    """The folder of initdb and postgres, or nothing."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def quiet_port():
    """A free port that the system gives to nobody else: clients that dial a port of theirs while its server is down
    would connect to themselves if it were among those that outgoing connections get."""
    while True:
        port = random.randrange(15000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def children_of(pid):
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1]) == pid:
                    found.append(int(folder.name))
            except (OSError, IndexError):
                continue
    return found


def is_gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
    except OSError:
        return True


class Cluster:
    """One PostgreSQL. Everything of it lies in a folder of its own, which `close` removes. initdb and postgres refuse to
    run as root, so they run as the user `postgres` then; that user must be able to reach the folder, which pytest's are
    not made for."""

    def __init__(self, folder=None, **settings):
        """`settings`: as in postgresql.conf, kept over restarts. `folder`: an empty one, by default a new one."""
        self.binaries = find_binaries()
        assert self.binaries, "there is no PostgreSQL; script/deps test installs it"
        self.folder = Path(folder or tempfile.mkdtemp(prefix="allauth-postgres-"))
        self.data = self.folder / "data"
        self.log_path = self.folder / "postgres.log"
        self.as_user = {"user": SUPERUSER, "group": SUPERUSER, "extra_groups": []} if os.getuid() == 0 else {}
        if self.as_user:
            shutil.chown(self.folder, SUPERUSER, SUPERUSER)
        self.settings = {**SETTINGS, **settings}
        self.port = quiet_port()
        self.process = None

    # Life

    def start(self, within=180.0):
        """Makes the cluster at the first call; returns when it takes connections."""
        assert self.process is None
        new = not self.data.exists()
        if new:
            self._run("initdb", "-D", self.data, "-U", SUPERUSER, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
                      "--auth-local=trust", "--auth-host=scram-sha-256", timeout=120)
        self.launch()
        eventually(self.is_ready, within, f"PostgreSQL in {self.folder}")
        if new:
            self.sql(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")
        return self

    def launch(self):
        """Starts without waiting."""
        options = {**self.settings, "port": self.port, "unix_socket_directories": self.folder}
        given = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([self.binaries / "postgres", "-D", self.data, *given], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, cwd=self.folder, env=self._environment(),
                                            **self.as_user)

    def is_ready(self):
        assert self.process.poll() is None, f"PostgreSQL did not start; its log ends: {self.log()[-2000:]}"
        return self._run("pg_isready", "-q", *self._address(), check=False).returncode == 0

    def stop(self, how=signal.SIGINT):
        """SIGINT ends sessions and stops; SIGTERM waits for them; SIGQUIT stops without a shutdown."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(60)
            self.process = None

    def kill(self):
        """kill -9 of the postmaster and all that it forked."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGSTOP)  # forks no more
        victims = [*children_of(self.process.pid), self.process.pid]
        for pid in victims:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait(30)
        eventually(lambda: all(is_gone(pid) for pid in victims), 30, "the end of all PostgreSQL processes")
        self.process = None

    def restart(self):
        self.stop()
        return self.start()

    def revive(self):
        """Starts it if it does not run: it has given up, or a test that failed left it so."""
        if self.process is not None and self.process.poll() is not None:
            self.process = None
        if self.process is None:
            self.start()

    def close(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    # Use

    def create_database(self, name):
        """An empty database that belongs to the role of `url`."""
        self.sql(f'CREATE DATABASE "{name}" OWNER {ROLE}')
        return name

    def url(self, database, *others, port=None, **parameters):
        """For `store.url`, with the password. `others`: clusters (a standby) to try after this one; `port`: of a proxy."""
        hosts = ",".join(["127.0.0.1:%d" % (port or self.port), *(f"127.0.0.1:{other.port}" for other in others)])
        more = "&".join(f"{name}={value}" for name, value in parameters.items())
        return f"postgresql://{ROLE}:{PASSWORD}@{hosts}/{database}" + (f"?{more}" if more else "")

    def sql(self, text, database="postgres", timeout=60):
        """Runs as superuser; the rows, each a list of texts."""
        done = self._run("psql", *self._address(), "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", database,
                         "-c", text, timeout=timeout)
        return [line.split("\t") for line in done.stdout.splitlines()]

    def session(self, database):
        """A session of the role of `url` that stays until it is closed; nothing if there is no connection to spare."""
        psql = subprocess.Popen([str(word) for word in [self.binaries / "psql", *self._address(ROLE), "-X", "-q", "-A", "-t",
                                                        "-d", database]], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, text=True, bufsize=1, env=self._environment(), cwd=self.folder,
                                **self.as_user)
        made = Session(psql)
        if made.run("SELECT 1"):
            return made
        made.close()
        return None

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    # A standby

    def standby(self, synchronous=False, **settings):
        """A running copy that follows. Synchronous: from now on no commit here is answered before it has it."""
        made = Cluster(**{**self.settings, **settings})
        self._run("pg_basebackup", *self._address(), "-D", made.data, "-R", "-X", "stream", "-c", "fast", "--no-sync")
        made.start()
        eventually(lambda: self.sql("SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'"), 30, "the standby")
        if synchronous:
            self.sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
            self.sql("SELECT pg_reload_conf()")
            eventually(lambda: self.sql("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"), 30, "sync")
        return made

    def detach(self):
        """A standby hears no more of its primary: what is committed there from now on is not here."""
        self.sql("ALTER SYSTEM SET primary_conninfo = ''")
        self.sql("SELECT pg_reload_conf()")
        eventually(lambda: not self.sql("SELECT 1 FROM pg_stat_wal_receiver"), 30, "the end of the replication")

    def promote(self):
        assert self.sql("SELECT pg_promote(true, 60)") == [["t"]], self.log()[-2000:]

    # Inside

    def _run(self, program, *arguments, check=True, timeout=60):
        done = subprocess.run([str(word) for word in [self.binaries / program, *arguments]], capture_output=True, text=True,
                              cwd=self.folder, env=self._environment(), timeout=timeout, **self.as_user)
        assert not check or done.returncode == 0, f"{program}: {done.stderr or done.stdout}"
        return done

    def _address(self, role=SUPERUSER):
        return ["-h", self.folder, "-p", self.port, "-U", role]

    def _environment(self):
        return {"PATH": f"{self.binaries}:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


class Session:
    """What `Cluster.session` gives: a psql that waits for words."""

    def __init__(self, psql):
        self.psql = psql

    def run(self, text):
        """True once it was done."""
        try:
            self.psql.stdin.write(f"{text};\n\\echo done\n")
            return any(line.strip() == "done" for line in iter(self.psql.stdout.readline, ""))
        except BrokenPipeError:
            return False

    def close(self):
        self.psql.kill()
        self.psql.wait(10)
        self.psql.stdout.close()
        try:
            self.psql.stdin.close()
        except BrokenPipeError:
            pass
