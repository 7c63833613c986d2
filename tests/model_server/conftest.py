from collections.abc import Iterator

import anthropic
import pytest

from tests.model_server import ModelServer
from tests.model_server.asking import client_of


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


@pytest.fixture
def client(server: ModelServer) -> anthropic.Anthropic:
    return client_of(server.base_url)
