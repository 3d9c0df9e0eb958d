import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--long",
        action="store_true",
        help="run the fault tests at their full length, which takes hours; a short form runs otherwise",
    )
    parser.addoption(
        "--pictures",
        action="store_true",
        help="save the dashboard's pages as deploy/pictures/dashboard-*.png",
    )


@pytest.fixture
def is_long(request: pytest.FixtureRequest) -> bool:
    """Whether fault tests run at their full length."""
    return bool(request.config.getoption("--long"))
