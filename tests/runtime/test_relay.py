"""From the outbox to the broker and to a worker, on a real Valkey: what is sent, what stays, what is dropped."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from celery.signals import task_prerun
from django.db import connection, connections, transaction
from django.utils import timezone

from annotation.models import Heartbeat, IdempotencyKey, Outbox
from annotation.outbox import enqueue
from annotation.services import outbox
from haic_annotate.broker import sending
from haic_annotate.celery import app
from haic_annotate.embedded import Valkey
from haic_annotate.management.commands.relay import BROKER_AWAY, Command
from haic_annotate.processes import die_with_parent
from tests.factories import UserFactory
from tests.stack import HOME


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Valkey]:
    """A broker of the test's own, that the app and every process of the test speak to."""
    valkey = Valkey(tmp_path / "valkey", log=tmp_path / "valkey.log")
    valkey.start()
    usual = app.conf.broker_url
    app.conf.update(broker_url=valkey.url)
    yield valkey
    app.conf.update(broker_url=usual)
    assert valkey.child is not None
    valkey.child.process.send_signal(signal.SIGCONT)
    valkey.stop()


def publish_pending() -> int:
    with sending() as send:
        return outbox.publish_pending(send)


def _messages(broker: Valkey, queue: str) -> list[tuple[str, list[object]]]:
    """Task name and arguments of what waits in a queue, oldest first."""
    client = redis.Redis(unix_socket_path=str(broker.socket), decode_responses=True)
    found = []
    for raw in reversed(client.lrange(queue, 0, -1)):
        message = json.loads(raw)
        arguments = json.loads(base64.b64decode(message["body"]))[0]
        found.append((message["headers"]["task"], arguments))
    return found


@pytest.mark.django_db
def test_what_waits_is_sent_once_in_order_to_its_queue(broker: Valkey) -> None:
    enqueue("annotation.first", args=[1, "a"])
    enqueue("annotation.second", args=[2], queue="video")
    enqueue("annotation.third", args=[])
    assert publish_pending() == 3
    assert _messages(broker, "default") == [("annotation.first", [1, "a"]), ("annotation.third", [])]
    assert _messages(broker, "video") == [("annotation.second", [2])]
    assert not Outbox.objects.filter(published_at=None).exists()

    assert publish_pending() == 0
    assert len(_messages(broker, "default")) == 2


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_fails_leaves_nothing_to_send() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        enqueue("annotation.never", args=[])
        raise ZeroDivisionError
    assert not Outbox.objects.exists()


@pytest.mark.django_db
def test_what_cannot_be_sent_stays_and_is_sent_when_the_broker_is_back(broker: Valkey) -> None:
    enqueue("annotation.patient", args=[1])
    broker.stop()
    with pytest.raises(BROKER_AWAY):
        publish_pending()
    assert Outbox.objects.get().published_at is None

    broker.sockets.mkdir()
    broker.start()
    assert publish_pending() == 1
    assert _messages(broker, "default") == [("annotation.patient", [1])]


@pytest.mark.django_db
def test_what_left_before_the_broker_went_is_not_sent_again() -> None:
    for task in ("annotation.left", "annotation.stays"):
        enqueue(task, args=[])

    def send(row: Outbox) -> None:
        if row.task == "annotation.stays":
            raise ConnectionError

    with pytest.raises(ConnectionError):
        outbox.publish_pending(send)
    assert [row.task for row in Outbox.objects.filter(published_at=None)] == ["annotation.stays"]


@pytest.mark.django_db(transaction=True)
def test_a_task_does_not_meet_a_connection_that_died_since_the_last_one() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    other.close()
    canary = app.tasks[outbox.CANARY]
    canary.push_request(is_eager=False)
    try:
        task_prerun.send(sender=canary)
        assert not Heartbeat.objects.exists()
    finally:
        canary.pop_request()


@pytest.mark.django_db
def test_a_broker_that_hangs_costs_seconds_only(broker: Valkey) -> None:
    enqueue("annotation.patient", args=[1])
    assert broker.child is not None
    broker.child.process.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    with pytest.raises(BROKER_AWAY):
        publish_pending()
    assert time.monotonic() - began < 5
    assert Outbox.objects.get().published_at is None


@pytest.mark.django_db
def test_a_canary_that_has_not_left_is_not_joined_by_another() -> None:
    outbox.send_canary()
    outbox.send_canary()
    assert Outbox.objects.count() == 1
    Outbox.objects.update(published_at=timezone.now())
    outbox.send_canary()
    assert Outbox.objects.count() == 2


@pytest.mark.django_db
def test_every_task_that_is_enqueued_by_name_exists() -> None:
    app.loader.import_default_modules()
    assert outbox.CANARY in app.tasks
    assert "annotation.take_upload" in app.tasks
    app.tasks[outbox.CANARY].apply(throw=True)
    assert Heartbeat.objects.get().name == "worker"


@pytest.mark.django_db
def test_the_sweep_drops_what_was_sent_a_day_ago_and_nothing_else() -> None:
    now = timezone.now()
    for task, published_at in [
        ("old", now - timedelta(hours=25)),
        ("fresh", now - timedelta(hours=23)),
        ("waiting", None),
    ]:
        Outbox.objects.create(task=task, published_at=published_at)
    Outbox.objects.update(created_at=now - timedelta(days=9))
    outbox.sweep()
    assert sorted(Outbox.objects.values_list("task", flat=True)) == ["fresh", "waiting"]


@pytest.mark.django_db
def test_the_sweep_forgets_answers_that_nobody_will_ask_for_again() -> None:
    user = UserFactory.create()
    for key, age in (("old", timedelta(days=7, minutes=1)), ("young", timedelta(days=6, hours=23))):
        row = IdempotencyKey.objects.create(user=user, key=key, request_sha256="0" * 64)
        IdempotencyKey.objects.filter(pk=row.pk).update(created_at=timezone.now() - age)
    outbox.sweep()
    assert [row.key for row in IdempotencyKey.objects.all()] == ["young"]


class Relay:
    """A real `manage relay` on the test's database and broker."""

    def __init__(self, broker: Valkey, log: Path) -> None:
        # The server of the run, and the database that this test (and only this xdist worker) writes to.
        server = os.environ["DATABASE_URL"].rpartition("/")[0]
        database = f"{server}/{connection.settings_dict['NAME']}"
        self.log = log
        with log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "relay"],
                cwd=HOME,
                env={**os.environ, "DATABASE_URL": database, "REDIS_URL": broker.url},
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent,
            )

    def warnings(self) -> list[str]:
        return [line for line in self.log.read_text().splitlines() if "WARNING" in line]

    def stop(self) -> int:
        """Its exit code. One that does not stop is killed, so that it writes into no other test."""
        self.process.terminate()
        try:
            return self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


def _wait_until_sent(task: str, *, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not Outbox.objects.filter(task=task, published_at__isnull=False).exists():
        assert time.monotonic() < end, f"{task} was not sent"
        time.sleep(0.05)


@pytest.mark.django_db(transaction=True)
def test_the_relay_sends_at_once_survives_a_lost_database_and_works_alone(broker: Valkey, tmp_path: Path) -> None:
    relay = Relay(broker, tmp_path / "relay.log")
    second = None
    try:
        _wait_until_sent(outbox.CANARY)
        assert Heartbeat.objects.filter(name="relay").exists()
        enqueue("annotation.hello", args=[1])
        _wait_until_sent("annotation.hello", seconds=3)
        assert relay.warnings() == []

        second = Relay(broker, tmp_path / "second.log")
        end = time.monotonic() + 60
        while not second.warnings():
            assert time.monotonic() < end
            time.sleep(0.1)
        assert "another relay is at work" in second.warnings()[0]

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks"
                " WHERE locktype = 'advisory' AND granted AND database ="
                " (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            assert cursor.rowcount == 1
        enqueue("annotation.again", args=[2])
        _wait_until_sent("annotation.again")
        assert relay.process.poll() is None
        assert second.process.poll() is None
    finally:
        codes = [one.stop() for one in (relay, second) if one is not None]
    assert codes == [0, 0]
    sent = [task for task, _ in _messages(broker, "default") if task != outbox.CANARY]
    assert sent == ["annotation.hello", "annotation.again"]


@pytest.mark.django_db
def test_the_relay_stops_when_a_finalizer_swallowed_the_signal(broker: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    relay, rounds = Command(), []

    class Finalized:
        def __del__(self) -> None:
            relay._stop(signal.SIGTERM, None)

    def publish(_: object) -> int:
        rounds.append(1)
        assert len(rounds) == 1, "went on after it was told to stop"
        Finalized()
        return 0

    monkeypatch.setattr("haic_annotate.management.commands.relay.publish_pending", publish)
    swallowed: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda of: swallowed.append(of.exc_type))
    relay._relay()
    assert (rounds, swallowed) == ([1], [SystemExit])


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_away_is_said_once(broker: Valkey, tmp_path: Path) -> None:
    broker.stop()
    relay = Relay(broker, tmp_path / "relay.log")
    try:
        end = time.monotonic() + 60
        while not relay.warnings():
            assert time.monotonic() < end
            time.sleep(0.1)
        time.sleep(3.5)  # tries again after 1 s and after 2 s
        assert len(relay.warnings()) == 1
        assert "the broker is away" in relay.warnings()[0]
        assert Outbox.objects.filter(task=outbox.CANARY).count() == 1
        broker.sockets.mkdir()
        broker.start()
        _wait_until_sent(outbox.CANARY)
    finally:
        assert relay.stop() == 0
    assert "relay is at work again" in relay.warnings()[-1]
