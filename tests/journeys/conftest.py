import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from rig.site import Site  # noqa: E402


@pytest.fixture(scope="module")
def site_options():
    """A module that needs other options defines a fixture of this name."""
    return {}


@pytest.fixture(scope="module")
def site(tmp_path_factory, site_options):
    made = Site(tmp_path_factory.mktemp("site"), **site_options)
    yield made
    assert made.close() == 0, made.server.log()[-2000:]
