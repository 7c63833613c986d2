"""The stack of compose, once for all tests of this folder that need it."""

import json
from collections.abc import Iterator

import pytest

from tests.production.server import ProductionServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProductionServer]:
    server = ProductionServer(tmp_path_factory.mktemp("production"))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def passwords(server: ProductionServer) -> dict[str, str]:
    accounts = json.loads(server.manage("load_demo", "--json").splitlines()[-1])["accounts"]
    return {account["username"]: account["password"] for account in accounts}
