"""The disk is full, and then it is not: changes are refused meanwhile, everything else goes on, nothing is lost."""

import resource
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from rig.engines import Postgres, Sqlite, check_database, check_no_secret, needs_postgres
from rig.postgres import Cluster
from rig.site import Site
from rig.trial import Trial


class Tmpfs:
    """The data folder is a small file system of its own, filled with ballast."""

    reason = "store.full"

    def __init__(self, data, size="24m"):
        self.data, self.size = data, size

    @contextmanager
    def place(self):
        self.data.mkdir(exist_ok=True)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.size},mode=0700", "tmpfs", str(self.data)],
                                 capture_output=True, text=True)
        if mounted.returncode != 0:
            pytest.skip(f"mounting a small file system is not allowed here: {mounted.stderr.strip()}")
        try:
            yield
        finally:
            subprocess.run(["umount", str(self.data)], check=True)

    def fill(self, server):
        with open(self.data / "ballast", "wb", buffering=0) as ballast:
            for size in (1 << 20, 1 << 12):
                try:
                    while True:
                        ballast.write(b"\0" * size)
                except OSError:
                    continue

    def free(self, server):
        (self.data / "ballast").unlink()


class FileLimit:
    """The server may make no file larger than one page, its log neither: needs no rights and no mount."""

    reason = "store.io"

    def __init__(self, data):
        pass

    @contextmanager
    def place(self):
        yield

    def fill(self, server):
        _, self.hard = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (4096, self.hard))

    def free(self, server):
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (self.hard, self.hard))


@pytest.mark.parametrize("shortage", [Tmpfs, FileLimit])
def test_a_full_disk_refuses_changes_and_nothing_else(tmp_path, shortage):
    shortage = shortage(tmp_path / "data")
    with shortage.place():
        site = Site(tmp_path)
        try:
            with Trial(site) as load:
                for _ in range(2):
                    load.writers.wait_for(60)
                    shortage.fill(site.server)
                    load.outage()
                    assert set(load.writers.refused()) == {shortage.reason}
                    assert site.admin.get("/api/v1/users/me").status == 200  # from the database
                    shortage.free(site.server)
                    load.recovered()
            site.server.kill()
            check_database(Sqlite(tmp_path), site.server)
            site.server.start()
            load.check()
            check_no_secret(site.server.log(), site.admin.token)
        finally:
            site.close()


def test_postgresql_on_a_full_disk(tmp_path):
    """It may say so, or give up when it cannot write its log; whoever watches over it starts it again."""
    needs_postgres()
    shortage = Tmpfs(Path(tempfile.mkdtemp(prefix="allauth-postgres-")), "200m")
    try:
        with shortage.place(), Cluster(shortage.data) as cluster:
            engine = Postgres(cluster)
            site = Site(tmp_path, **engine.options)
            try:
                with Trial(site) as load:
                    load.writers.wait_for(60)
                    shortage.fill(site.server)
                    load.outage()
                    assert set(load.writers.refused()) <= {"store.full", "store.unreachable", "store.in_doubt"}
                    print(f"refused: {sorted(set(load.writers.refused()))}")
                    shortage.free(site.server)
                    cluster.revive()
                    load.recovered()
                assert site.server.stop() == 0
                check_database(engine, site.server)
            finally:
                site.close()
    finally:
        shutil.rmtree(shortage.data, ignore_errors=True)


def test_a_start_on_a_full_disk_says_so(tmp_path):
    shortage = Tmpfs(tmp_path / "data")
    with shortage.place():
        site = Site(tmp_path)
        try:
            site.server.stop()
            shortage.fill(site.server)
            with pytest.raises(AssertionError, match="There is no space left for the database"):
                site.server.start()
            shortage.free(site.server)
            site.server.start()
            assert site.nobody().as_bearer(site.admin.token).get("/api/v1/users/me").status == 200
        finally:
            site.close()
