"""What the journeys of the API alone begin with: a site without a broker, its administrator, and a new domain."""

import pytest


@pytest.fixture(scope="module")
def site_options():
    return {"with_broker": False}


@pytest.fixture
def admin(site):
    return site.admin


@pytest.fixture
def home(site):
    """The id of a domain that is the test's own."""
    return site.domain()["id"]
