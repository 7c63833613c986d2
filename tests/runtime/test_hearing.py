"""A worker that is alive but deaf leaves; one that is busy, or whose broker is away, stays (F-05)."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from celery import Celery
from celery.utils.nodenames import worker_direct

from annotation.models import Heartbeat
from haic_annotate.embedded import Valkey
from haic_annotate.hearing import DEAF, Hearing
from haic_annotate.processes import die_with_parent
from tests.stack import HOME, committed_database

NAME = "hearing@here"
DEAF_AFTER_S = 20
"""Longer than Celery's own pause before it connects again."""


def test_an_idle_worker_asks_and_stays_when_it_hears() -> None:
    hearing = Hearing(deaf_after=120, now=0)
    assert hearing.next(29, is_busy=False) == "wait"
    assert hearing.next(30, is_busy=False) == "ask"
    hearing.asked(30)
    assert hearing.next(59, is_busy=False) == "wait"
    assert hearing.next(60, is_busy=False) == "ask"
    hearing.heard(149)
    assert hearing.next(150, is_busy=False) == "wait"
    assert hearing.next(179, is_busy=False) == "ask"


def test_canaries_of_which_none_is_heard_in_time_are_deafness_f05() -> None:
    hearing = Hearing(deaf_after=120, now=0)
    for now in (30, 60, 90, 120):
        hearing.asked(now)
    assert hearing.next(149, is_busy=False) == "wait"
    assert hearing.next(150, is_busy=False) == "leave"


def test_a_busy_worker_is_no_suspect_however_long_it_works() -> None:
    hearing = Hearing(deaf_after=120, now=0)
    hearing.asked(30)
    for now in range(40, 2000, 5):
        assert hearing.next(now, is_busy=True) == "wait"
    assert hearing.next(2020, is_busy=False) == "wait"
    assert hearing.next(2030, is_busy=False) == "ask"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Valkey]:
    valkey = Valkey(tmp_path / "valkey", log=tmp_path / "valkey.log")
    valkey.start()
    yield valkey
    valkey.stop()


@pytest.fixture
def worker(broker: Valkey, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    env = {**committed_database(), "REDIS_URL": broker.url, "WORKER_DEAF_SECONDS": str(DEAF_AFTER_S)}
    command = [sys.executable, "-m", "celery", "-A", "haic_annotate", "worker", "-c", "1", "-n", NAME, "-Q", "video"]
    with (tmp_path / "worker.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=HOME, env=env, stdout=log, stderr=log, preexec_fn=die_with_parent)
    yield process
    process.kill()
    process.wait()


def _until(seconds: float, is_so: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not (found := is_so()) and time.monotonic() < end:
        time.sleep(0.1)
    return found


def _hears() -> bool:
    """It did a canary since it was asked last."""
    return bool(Heartbeat.objects.filter(name="worker").delete()[0])


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_a_worker_whose_queue_is_gone_from_its_ears_leaves_and_its_children_with_it_f05(
    broker: Valkey, worker: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    assert _until(30, _hears)
    children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
    assert children
    time.sleep(DEAF_AFTER_S + 5)
    assert worker.poll() is None  # it hears itself: longer than it would be borne

    Celery(broker=broker.url).control.cancel_consumer(worker_direct(NAME).name, destination=[NAME])
    assert _until(2 * DEAF_AFTER_S, lambda: worker.poll() is not None)
    assert worker.returncode == DEAF
    assert "hears nothing any more" in (tmp_path / "worker.log").read_text()
    assert _until(5, lambda: not any(Path(f"/proc/{child}").exists() for child in children))


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_silence_while_the_broker_is_away_is_no_deafness(broker: Valkey, worker: subprocess.Popen[bytes]) -> None:
    assert _until(30, _hears)
    broker.stop()
    time.sleep(DEAF_AFTER_S + 5)
    assert worker.poll() is None
    broker.sockets.mkdir()
    broker.start()
    assert _until(30, _hears)
    assert worker.poll() is None
