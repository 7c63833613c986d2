"""Queries whose SQL is made once: they give what the queryset gives, each time with the values of that time."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import F

from annotation.models import ApiToken, Clip, Event, Project, User
from annotation.ready_sql import Ready, insert_row, update_row
from annotation.services.captions import lock
from annotation.services.tokens import make_token, token_behind
from annotation.workflow import database_now
from tests.factories import ClipFactory, DraftedCaptionFactory


def test_each_call_has_its_own_values_and_all_that_was_selected_beside_it(project: Project, ana: User) -> None:
    ready = Ready(lambda clip_id: Clip.objects.select_related("project").filter(clip_id=clip_id), clip_id="?")
    made = [ClipFactory.create(project=project, clip_id=name, metadata={"n": name}) for name in ("a", "b")]
    for clip in made:
        found = ready.first(clip_id=clip.clip_id)
        assert found == clip
        assert (found.metadata, found.project, found.fps) == (clip.metadata, project, clip.fps)
    assert ready.first(clip_id="c") is None


def test_what_is_null_beside_it_stays_none(project: Project) -> None:
    caption = DraftedCaptionFactory(project=project)
    with transaction.atomic():
        locked = lock(caption)
    assert (locked.head, locked.draft, locked.clip.project) == (None, caption.draft, project)


def test_an_example_that_the_query_does_not_use_is_a_mistake_that_shows(project: Project) -> None:
    with pytest.raises(TypeError):
        Ready(lambda **_: Clip.objects.filter(clip_id="a"), clip_id="?").first(clip_id="b")


def test_a_token_that_runs_out_after_its_query_was_made_is_refused(ana: User) -> None:
    token, secret = make_token(user=ana, name="mine", scope="read", days=1)
    assert token_behind(secret) == token
    ApiToken.objects.update(expires_at=F("expires_at") - timedelta(days=2))
    assert token_behind(secret) is None
    ApiToken.objects.update(expires_at=F("expires_at") + timedelta(days=2), revoked_at=database_now())
    assert token_behind(secret) is None
    ApiToken.objects.update(revoked_at=None)
    User.objects.update(is_active=False)
    assert token_behind(secret) is None


def test_rows_are_written_as_save_writes_them(project: Project) -> None:
    clip = ClipFactory.create(project=project, metadata={"a": [1]})
    copy = Clip.objects.get(pk=clip.pk)
    copy.pk, copy.uid, copy.clip_id = None, None, "copy"  # type: ignore[assignment]
    copy.uid = Clip._meta.get_field("uid").get_default()
    insert_row(copy)
    again = Clip.objects.get(pk=copy.pk)
    assert (again.metadata, again.fps, again.video.name) == (clip.metadata, clip.fps, clip.video.name)
    again.metadata, again.description = {"b": None}, "Other."
    update_row(again, "metadata")
    again.refresh_from_db()
    assert (again.metadata, again.description) == ({"b": None}, "")
    assert Event.objects.filter(object_id=clip.object_id).exists()
