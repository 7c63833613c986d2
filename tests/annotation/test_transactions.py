"""Deadlocks: two real crossed transactions, and what happens when it never ends."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection
from psycopg import errors

from annotation import transactions
from annotation.errors import Conflict
from annotation.models import Project, User
from annotation.transactions import in_transaction
from tests.factories import ProjectFactory

PAUSE_SECONDS = 10


@pytest.mark.django_db(transaction=True)
def test_two_transactions_that_cross_both_succeed_f12() -> None:
    first, second = ProjectFactory.create(), ProjectFactory.create()
    both_hold_one = threading.Barrier(2, timeout=PAUSE_SECONDS)
    attempts: list[str] = []
    failures: list[Exception] = []

    def work(name: str, order: list[Project]) -> None:
        @in_transaction
        def rename() -> None:
            attempts.append(name)
            for place, project in enumerate(order):
                row = Project.objects.select_for_update().get(pk=project.pk)
                row.description += name
                row.save(update_fields=["description"])
                if place == 0 and attempts.count(name) == 1:
                    both_hold_one.wait()

        try:
            rename()
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=work, args=["a", [first, second]]),
        threading.Thread(target=work, args=["b", [second, first]]),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    # Whoever lost may meet the other once more: it takes its first row again before the other wakes up.
    assert len(attempts) > 2, "nobody met anybody: nothing was proved"
    for project in (first, second):
        project.refresh_from_db()
        assert sorted(project.description) == ["a", "b"]


def deadlock() -> OperationalError:
    error = OperationalError("deadlock detected")
    error.__cause__ = errors.DeadlockDetected("deadlock detected")
    return error


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "LONGEST_PAUSE_SECONDS", 0)


@pytest.mark.django_db(transaction=True)
def test_after_three_more_tries_it_is_a_conflict_f12() -> None:
    tries: list[int] = []

    @in_transaction
    def never() -> None:
        tries.append(len(tries))
        ProjectFactory.create(slug="half-done")
        raise deadlock()

    with pytest.raises(Conflict):
        never()
    assert len(tries) == 4
    assert not Project.objects.filter(slug="half-done").exists()


@pytest.mark.django_db
def test_inside_another_transaction_the_outer_one_is_tried_again_not_the_inner() -> None:
    tries: list[int] = []

    @in_transaction
    def inner() -> None:
        tries.append(len(tries))
        raise deadlock()

    with pytest.raises(OperationalError):
        inner()  # the test's own transaction is around it
    assert len(tries) == 1


@pytest.mark.django_db(transaction=True)
def test_other_trouble_is_not_tried_again() -> None:
    tries: list[int] = []

    @in_transaction
    def broken() -> None:
        tries.append(len(tries))
        raise OperationalError("the connection is lost")

    with pytest.raises(OperationalError):
        broken()
    assert len(tries) == 1


@pytest.mark.django_db(transaction=True)
def test_a_page_says_409_for_a_conflict(
    ana: User, project: Project, client_of: Callable[[User], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def conflict(**_: Any) -> None:
        raise Conflict("Others changed the same at the same time.")

    monkeypatch.setattr("annotation.views.people.change_member", conflict)
    client = client_of(User.objects.get(username="ana"))
    project.memberships.update(role="admin")
    answer = client.post("/projects/demo/people/change", {"username": "ana", "role": "admin"})
    assert answer.status_code == 409
    assert "Others changed" in answer.content.decode()
