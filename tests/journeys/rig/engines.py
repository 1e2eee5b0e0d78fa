"""The same journey on every database that the product runs on."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from .postgres import PASSWORD, find_binaries
from .site import fresh


class Sqlite:
    name = "sqlite"

    def __init__(self, folder):
        self.folder = Path(folder)
        self.options = {}

    def snapshot(self, server):
        """Takes the files as they lie there: what is queried is this copy, read by another program."""
        self.copy = self.folder / "copy"
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(server.data_dir, self.copy)

    def query(self, text):
        database = sqlite3.connect(self.copy / "allauth.db")
        try:
            return [list(map(str, row)) for row in database.execute(text)]
        finally:
            database.close()

    def check_file(self):
        assert self.query("PRAGMA integrity_check") == [["ok"]]
        assert self.query("PRAGMA foreign_key_check") == []


class Postgres:
    name = "postgresql"

    def __init__(self, cluster):
        self.cluster = cluster
        cluster.revive()
        self.database = cluster.create_database(fresh("journey"))
        self.options = {"store.url": cluster.url(self.database)}

    def snapshot(self, server):
        pass

    def query(self, text):
        return self.cluster.sql(text, self.database)

    def check_file(self):
        pass


def check_database(engine, server):
    """The database as a fault left it; its revision."""
    engine.snapshot(server)
    engine.check_file()
    [[head]] = engine.query("SELECT revision FROM log_head")
    assert engine.query("SELECT count(*), min(revision), max(revision) FROM log_entries") == [[head, "1", head]], "a gap"
    assert engine.query("SELECT count(*) FROM log_entries WHERE slug = '' OR time = 0") == [["0"]]
    assert engine.query("SELECT count(*) FROM connections k LEFT JOIN clients c ON c.id = k.client_id "
                        "LEFT JOIN channels h ON h.id = k.channel_id "
                        "WHERE c.id IS NULL OR h.id IS NULL") == [["0"]]
    return int(head)


def check_no_secret(text, *secrets):
    for secret in (PASSWORD, *secrets):
        assert secret not in text, "a secret is in the log"


def needs_postgres():
    if find_binaries() is None:
        pytest.skip("there is no PostgreSQL here; script/deps test installs it")
