"""A bucket on a server of our own (moto), behind a way that counts and can be cut."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from moto.server import ThreadedMotoServer

from haic_annotate.settings import s3_store
from tests.proxy import Proxy
from tests.stack import committed_database

KEYS = {"S3_ACCESS_KEY_ID": "a-test-key", "S3_SECRET_ACCESS_KEY": "a-test-secret", "S3_REGION": "us-east-1"}


@dataclass
class Bucket:
    name: str
    way: Proxy
    client: Any

    def names(self) -> list[str]:
        return [entry["Key"] for entry in self.client.list_objects_v2(Bucket=self.name).get("Contents", [])]

    def read(self, name: str) -> bytes:
        value: bytes = self.client.get_object(Bucket=self.name, Key=name)["Body"].read()
        return value

    def environment(self, data: Path) -> dict[str, str]:
        """For a process with an empty disk of its own: it shares the database and the bucket, and nothing else."""
        (data / "tmp").mkdir(parents=True)
        return {
            **committed_database(),
            **KEYS,
            "HAIC_DATA": str(data),
            "TMPDIR": str(data / "tmp"),
            "MEDIA_STORAGE": "s3",
            "S3_BUCKET": self.name,
            "S3_ENDPOINT_URL": self.way.url,
        }


@pytest.fixture(scope="session")
def moto_port() -> Iterator[int]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield server.get_host_and_port()[1]
    server.stop()


@pytest.fixture
def bucket(moto_port: int, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """The store of this test is a fresh bucket."""
    way = Proxy(moto_port)
    way.start()
    name = f"haic-{uuid4().hex}"
    for key, value in {**KEYS, "S3_BUCKET": name}.items():
        monkeypatch.setenv(key, value)
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{moto_port}",
        region_name=KEYS["S3_REGION"],
        aws_access_key_id=KEYS["S3_ACCESS_KEY_ID"],
        aws_secret_access_key=KEYS["S3_SECRET_ACCESS_KEY"],
    )
    client.create_bucket(Bucket=name)
    settings.MEDIA_STORAGE = "s3"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": s3_store(way.url),
        "links": s3_store("https://videos.example.org"),
    }
    yield Bucket(name, way, client)
    way.stop()
