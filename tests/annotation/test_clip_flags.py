"""Flags of clips: who raises one, what it holds up, and what an administrator's decision does."""

import pytest

from annotation.errors import BadInput, MoveNotAllowed, RightMissing
from annotation.models import Caption, CaptionLease, ClipFlag, Event, Project, User
from annotation.services.clip_flags import decide, flag_clip, restore
from annotation.services.queue import Offer, next_unit
from annotation.states import ClipStatus
from tests.factories import ClipFactory, DraftedCaptionFactory


@pytest.fixture
def caption(project: Project) -> Caption:
    return DraftedCaptionFactory(project=project, clip=ClipFactory.create(project=project, clip_id="a"))


def is_offered(project: Project, user: User) -> bool:
    return isinstance(next_unit(project=project, user=user), Offer)


def test_a_flag_takes_the_clip_off_the_desk_and_out_of_the_queue(
    project: Project, caption: Caption, ana: User, rui: User
) -> None:
    next_unit(project=project, user=ana)
    first = flag_clip(clip=caption.clip, user=ana, reason="static", note="A still.")
    assert flag_clip(clip=caption.clip, user=ana, reason="technical") == first
    assert ClipFlag.objects.count() == 1
    assert CaptionLease.objects.get().ended_how == "flagged"
    assert not is_offered(project, ana)
    assert not is_offered(project, rui)
    caption.clip.refresh_from_db()
    assert caption.clip.state == ClipStatus.ACTIVE


def test_keeping_it_hands_it_out_again_and_settles_all_that_was_said(
    project: Project, caption: Caption, ana: User, rui: User, adam: User
) -> None:
    for user in (ana, rui):
        flag_clip(clip=caption.clip, user=user, reason="static")
    assert decide(clip=caption.clip, user=adam, decision="keep", note="She blinks.") == 2
    assert set(ClipFlag.objects.values_list("decision", "decided_by", "decision_note")) == {
        ("keep", adam.pk, "She blinks.")
    }
    assert is_offered(project, ana)
    with pytest.raises(MoveNotAllowed):
        decide(clip=caption.clip, user=adam, decision="exclude")


def test_excluding_moves_the_clip_with_an_event_and_restoring_brings_it_back(
    project: Project, caption: Caption, ana: User, adam: User
) -> None:
    flag_clip(clip=caption.clip, user=ana, reason="duplicate")
    decide(clip=caption.clip, user=adam, decision="exclude")
    event = Event.objects.latest("id")
    assert (event.object_type, event.verb, event.to_state) == ("clip", "exclude", "excluded")
    assert (event.actor, event.reason) == (adam, "The same as another clip")
    assert not is_offered(project, ana)
    with pytest.raises(MoveNotAllowed):
        flag_clip(clip=caption.clip, user=ana, reason="static")
    with pytest.raises(RightMissing):
        restore(clip=caption.clip, user=ana)
    restore(clip=caption.clip, user=adam)
    assert Event.objects.latest("id").verb == "restore"
    assert is_offered(project, ana)
    with pytest.raises(MoveNotAllowed):
        restore(clip=caption.clip, user=adam)


def test_who_may_not_and_what_makes_no_sense(caption: Caption, ana: User, rui: User, adam: User, otto: User) -> None:
    with pytest.raises(RightMissing):
        flag_clip(clip=caption.clip, user=otto, reason="static")
    with pytest.raises(BadInput):
        flag_clip(clip=caption.clip, user=ana, reason="boring")
    with pytest.raises(MoveNotAllowed):
        decide(clip=caption.clip, user=adam, decision="keep")
    flag_clip(clip=caption.clip, user=ana, reason="static")
    with pytest.raises(RightMissing):
        decide(clip=caption.clip, user=rui, decision="exclude")
    with pytest.raises(BadInput):
        decide(clip=caption.clip, user=adam, decision="later")
    caption.clip.refresh_from_db()
    assert (caption.clip.state, ClipFlag.objects.get().decision) == (ClipStatus.ACTIVE, "")
