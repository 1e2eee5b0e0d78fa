import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from rig.api import Api  # noqa: E402
from rig.contract import Contract, document_of  # noqa: E402
from rig.engines import Postgres, Sqlite, needs_postgres  # noqa: E402
from rig.postgres import Cluster  # noqa: E402
from rig.site import Site  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def contract(tmp_path_factory):
    """Holds every answer of the API against the document that the server gives of it."""
    Api.contract = Contract(document_of(tmp_path_factory.mktemp("contract") / "data"))
    yield Api.contract
    Api.contract = None


@pytest.fixture(scope="module")
def site_options():
    """A module that needs other options defines a fixture of this name."""
    return {}


@pytest.fixture(scope="module")
def site(tmp_path_factory, site_options):
    made = Site(tmp_path_factory.mktemp("site"), **site_options)
    yield made
    assert made.close() == 0, made.server.log()[-2000:]


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL for all tests, each in a database of its own."""
    needs_postgres()
    with Cluster() as cluster:
        yield cluster


ENGINES = ["sqlite", "postgresql"]


def empty_database(request, tmp_path):
    return Sqlite(tmp_path) if request.param == "sqlite" else Postgres(request.getfixturevalue("postgres"))


@pytest.fixture(params=ENGINES)
def engine(request, tmp_path):
    """An empty database of each engine: `options` for the server, `query` for what it holds."""
    return empty_database(request, tmp_path)


@pytest.fixture(params=ENGINES)
def target(request, tmp_path):
    """Another one, for what goes from one to the other."""
    return empty_database(request, tmp_path)
