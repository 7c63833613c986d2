"""`/healthz` and `/readyz`: what makes an installation unready, and what only degrades it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from annotation.models import Heartbeat
from haic_annotate import health


@pytest.fixture(autouse=True)
def _asks_for_migrations_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_migrated", set())


def _worker_was_heard(*, ago: timedelta) -> None:
    Heartbeat.objects.update_or_create(name="worker", defaults={"at": timezone.now() - ago})


def test_healthz_touches_nothing(client: Client) -> None:
    # No database fixture: a query would fail the test.
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")
    assert not answer.cookies


@pytest.mark.django_db
def test_readyz_is_open_to_monitors_and_never_cached(client: Client) -> None:
    _worker_was_heard(ago=timedelta(seconds=1))
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "degraded": []}
    assert "no-store" in answer.headers["Cache-Control"]
    assert client.post("/readyz").status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize(("ago_s", "degraded"), [(110, []), (130, ["workers"])])
def test_workers_that_were_silent_for_two_minutes_degrade(client: Client, ago_s: int, degraded: list[str]) -> None:
    _worker_was_heard(ago=timedelta(seconds=ago_s))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["degraded"]) == (200, degraded)


@pytest.mark.django_db
def test_workers_that_were_never_heard_degrade(client: Client) -> None:
    assert client.get("/readyz").json() == {"ready": True, "degraded": ["workers"]}


@pytest.mark.django_db
def test_a_broker_that_is_away_degrades_only(client: Client, settings: Any, tmp_path: Path) -> None:
    _worker_was_heard(ago=timedelta(seconds=1))
    settings.CELERY_BROKER_URL = f"redis+socket://{tmp_path}/nobody"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["degraded"]) == (200, ["broker"])


@pytest.mark.django_db
def test_a_pending_migration_is_not_ready(client: Client) -> None:
    MigrationRecorder.Migration.objects.filter(app="qa").order_by("-id")[0].delete()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "reason": "1 migrations are pending"}


@pytest.mark.django_db
def test_a_database_that_does_not_answer_is_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> int:
        raise OperationalError("connection refused at a place nobody needs to know")

    monkeypatch.setattr(health, "_pending_migrations", away)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "reason": "the database does not answer"}
