"""Telling people of their work: once, to who is still there; read by nobody but them."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.errors import NotVisible
from annotation.models import Clip, Membership, Notification, Project, User
from annotation.services.assignments import assign
from annotation.services.notifications import mark_all_read, mark_read, tell, unread_count
from tests.factories import ClipFactory

RETURNED = Notification.Kind.RETURNED


@pytest.fixture
def clip(project: Project) -> Clip:
    return ClipFactory.create(project=project, clip_id="c")


def told_to(user: User) -> list[tuple[str, str, str]]:
    found = Notification.objects.filter(recipient=user).order_by("id")
    return [(one.kind, one.clip.clip_id, one.text) for one in found]


def test_who_is_assigned_work_is_told_once_with_the_number(project: Project, adam: User, ana: User) -> None:
    for name in ("b", "a", "c"):
        ClipFactory.create(project=project, clip_id=name)
    assign(project=project, user=adam, clip_ids=["b", "a", "c"], username="ana")
    assert told_to(ana) == [("waiting", "a", "3 captions")]
    assert Notification.objects.get().actor == adam


def test_only_what_is_new_to_them_is_told(project: Project, clip: Clip, adam: User, ana: User, rui: User) -> None:
    ClipFactory.create(project=project, clip_id="d")
    assign(project=project, user=adam, clip_ids=["c"], username="ana")
    assert told_to(ana) == [("waiting", "c", "")]
    assert assign(project=project, user=adam, clip_ids=["c"], username="ana") == 1
    assert len(told_to(ana)) == 1
    assign(project=project, user=adam, clip_ids=["c", "d"], username="rui")
    assert told_to(rui) == [("waiting", "c", "2 captions")]
    assign(project=project, user=adam, clip_ids=["c", "d"], username="")
    assign(project=project, user=adam, clip_ids=["c"], username="adam")  # of what one does oneself nobody is told
    assert Notification.objects.count() == 2


def test_reading_is_ones_own_and_twice_is_as_once(clip: Clip, ana: User, rui: User) -> None:
    tell(recipients=[ana], kind=RETURNED, clip=clip, actor=rui)
    told = Notification.objects.get()
    for pk in (told.pk, told.pk + 1):
        with pytest.raises(NotVisible):
            mark_read(user=rui, notification_id=pk)
    first = mark_read(user=ana, notification_id=told.pk).read_at
    assert first is not None
    assert mark_read(user=ana, notification_id=told.pk).read_at == first


def test_all_is_read_but_what_came_since_and_what_is_anothers(clip: Clip, ana: User, rui: User) -> None:
    for _ in range(3):
        tell(recipients=[ana, rui], kind=RETURNED, clip=clip, actor=None)
    newest = Notification.objects.filter(recipient=ana).order_by("id")[1]
    assert mark_all_read(user=ana, up_to=newest.pk) == 2
    assert (unread_count(ana), unread_count(rui)) == (1, 3)


def test_who_left_a_project_sees_nothing_of_it(clip: Clip, ana: User, rui: User) -> None:
    tell(recipients=[ana], kind=RETURNED, clip=clip, actor=rui)
    told = Notification.objects.get()
    Membership.objects.filter(user=ana).update(is_active=False)
    assert unread_count(ana) == 0
    with pytest.raises(NotVisible):
        mark_read(user=ana, notification_id=told.pk)
    assert mark_all_read(user=ana, up_to=told.pk) == 0
    told.refresh_from_db()
    assert told.read_at is None


def test_the_badge_costs_one_query_and_counts_no_further_than_ten(
    clip: Clip, ana: User, rui: User, client_of: Callable
) -> None:
    for _ in range(12):
        tell(recipients=[ana], kind=RETURNED, clip=clip, actor=rui)
    with CaptureQueriesContext(connection) as asked:
        assert unread_count(ana) == 10
    assert (len(asked), "LIMIT 10" in asked[0]["sql"]) == (1, True)
    client = client_of(ana)
    assert "Notifications, 9+ unread" in client.get("/").content.decode()
    mark_all_read(user=ana, up_to=Notification.objects.order_by("id")[8].pk)  # 12 - 9 = 3
    assert "Notifications, 3 unread" in client.get("/").content.decode()
    mark_all_read(user=ana, up_to=Notification.objects.latest("id").pk)
    assert 'aria-label="Notifications"' in client.get("/").content.decode()
