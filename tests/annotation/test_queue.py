"""Next and leases: who is given what, in which order, for how long, and what is never handed out."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from annotation.caption_checks import VERSION
from annotation.errors import BadInput, LeaseHeld, RightMissing
from annotation.models import Caption, CaptionLease, CaptionSkip, CaptionSubmission, LeaseWork, Project, Role, User
from annotation.services import assignments, leases
from annotation.services.caption_units import CAPTIONS
from annotation.services.captions import autosave, reopen, save, submit, withdraw
from annotation.services.queue import Nothing, Offer, next_unit, skip
from annotation.services.reviews import approve, return_to_author
from annotation.states import State
from annotation.workflow import database_now, pseudonym_of
from tests.conftest import member
from tests.factories import PEOPLE, TEXT, ClipFactory, DraftedCaptionFactory, SubmittedCaptionFactory

WORDS: dict[str, Any] = {"text": TEXT, "people": PEOPLE}


@pytest.fixture
def ben(project: Project) -> User:
    return member(project, "ben", "Ben Silva", Role.ANNOTATOR)


def drafted(project: Project, *names: str) -> list[Caption]:
    return [DraftedCaptionFactory(project=project, clip=ClipFactory.create(project=project, clip_id=n)) for n in names]


def given(project: Project, user: User, **how: Any) -> tuple[str, str]:
    """Clip and why; or nothing and why."""
    answer = next_unit(project=project, user=user, **how)
    return (answer.clip_id if isinstance(answer, Offer) else "", answer.why)


def pass_time(lease_of: Caption, *, by: timedelta) -> None:
    """As if the database's clock had gone on."""
    CaptionLease.objects.filter(caption=lease_of).update(
        leased_at=F("leased_at") - by, expires_at=F("expires_at") - by, ended_at=F("ended_at") - by
    )


def rows(caption: Caption) -> list[tuple[str, str]]:
    found = CaptionLease.objects.filter(caption=caption).order_by("id")
    return [(lease.holder.username, lease.ended_how) for lease in found.select_related("holder")]


def lives_for(caption: Caption) -> float:
    """Seconds that the caption's standing lease has left."""
    lease = CaptionLease.objects.get(caption=caption, ended_at=None)
    return (lease.expires_at - database_now()).total_seconds()


def test_two_people_get_two_captions_and_asking_again_gives_the_same(project: Project, ana: User, ben: User) -> None:
    drafted(project, "a", "b")
    assert given(project, ana) == ("a", "queue")
    assert given(project, ben) == ("b", "queue")
    assert given(project, ana) == ("a", "yours")
    assert CaptionLease.objects.count() == 2


def test_postgres_refuses_a_second_live_lease_d08(
    project: Project, ana: User, ben: User, refused_by_postgres: Callable[[str], str]
) -> None:
    (caption,) = drafted(project, "a")
    given(project, ana)
    said = refused_by_postgres(
        "INSERT INTO annotation_captionlease"
        " (caption_id, holder_id, work, is_prefetch, leased_at, expires_at, ended_how, active_ms)"
        f" VALUES ({caption.pk}, {ben.pk}, 'edit', false, now(), now(), '', 0)"
    )
    assert "caption_one_live_lease" in said


def test_an_outsider_and_an_annotator_who_asks_for_reviews_are_refused(project: Project, ana: User, otto: User) -> None:
    drafted(project, "a")
    for user, work in ((otto, "edit"), (ana, "review")):
        with pytest.raises(RightMissing):
            next_unit(project=project, user=user, work=work)
    with pytest.raises(BadInput):
        next_unit(project=project, user=ana, work="play")
    assert not CaptionLease.objects.exists()


def test_priority_comes_first_and_then_the_order_of_import(project: Project, ana: User, ben: User, adam: User) -> None:
    drafted(project, "a", "b", "c")
    assert assignments.set_priority(project=project, user=adam, clip_ids=["c"], priority=5) == 1
    assert [given(project, user)[0] for user in (ana, ben, adam)] == ["c", "a", "b"]


def test_what_is_assigned_is_given_to_nobody_else(project: Project, ana: User, ben: User, adam: User) -> None:
    drafted(project, "a", "b")
    assignments.assign(project=project, user=adam, clip_ids=["a"], username="ben")
    assert given(project, ana) == ("b", "queue")
    assert given(project, adam) == ("", "all_leased")
    assert given(project, ben) == ("a", "assigned")


def test_a_lease_whose_time_is_over_holds_nobody_up_and_is_ended_by_the_next(
    project: Project, ana: User, ben: User
) -> None:
    (caption,) = drafted(project, "a")
    given(project, ana)
    assert given(project, ben) == ("", "all_leased")
    assert 0 < lives_for(caption) <= settings.LEASE_SECONDS
    pass_time(caption, by=timedelta(seconds=settings.LEASE_SECONDS + 1))
    assert given(project, ben) == ("a", "queue")
    assert rows(caption) == [("ana", "expired"), ("ben", "")]
    first, second = CaptionLease.objects.filter(caption=caption).order_by("id")
    assert first.ended_at is not None
    assert first.ended_at <= second.leased_at


def test_words_keep_the_caption_for_as_long_as_the_project_says(project: Project, ana: User, ben: User) -> None:
    (caption,) = drafted(project, "a")
    given(project, ana)
    autosave(caption=caption, user=ana, etag='"0-0"', **WORDS)
    assert 23.9 * 3600 < lives_for(caption) <= 24 * 3600
    pass_time(caption, by=timedelta(hours=23))
    assert given(project, ben) == ("", "all_leased")
    pass_time(caption, by=timedelta(hours=2))
    assert given(project, ben) == ("a", "queue")


def test_a_saved_revision_that_was_not_handed_in_keeps_it_too(project: Project, ana: User) -> None:
    (caption,) = drafted(project, "a")
    save(caption=caption, user=ana, etag='"0-0"', **WORDS)
    assert lives_for(caption) > 23 * 3600
    leases.keep_alive(unit=caption, user=ana, active_ms=0)
    assert lives_for(caption) > 23 * 3600


def test_typing_takes_a_free_caption_and_refuses_nothing_when_somebody_else_has_it(
    project: Project, ana: User, ben: User
) -> None:
    (caption,) = drafted(project, "a")
    given(project, ana)
    words = autosave(caption=caption, user=ben, etag='"0-0"', **WORDS)
    assert words.etag == '"0-1"'
    assert rows(caption) == [("ana", "")]
    with pytest.raises(LeaseHeld) as refusal:
        submit(caption=caption, user=ben, etag='"0-1"', **WORDS)
    assert refusal.value.detail["by"] == "Ana Duarte"
    assert not CaptionSubmission.objects.exists()
    leases.release(unit=caption, user=ana)
    autosave(caption=caption, user=ben, etag='"0-1"', **WORDS)
    assert rows(caption) == [("ana", "released"), ("ben", "")]


def test_handing_in_without_a_lease_or_after_its_time_succeeds(project: Project, ana: User) -> None:
    first, second = drafted(project, "a", "b")
    submit(caption=first, user=ana, etag='"0-0"', **WORDS)
    given(project, ana)
    pass_time(second, by=timedelta(hours=1))
    submit(caption=second, user=ana, etag='"0-0"', **WORDS)
    assert rows(first) == rows(second) == [("ana", "submitted")]


def test_an_expired_lease_that_somebody_took_up_refuses_the_first_holders_submit(
    project: Project, ana: User, ben: User
) -> None:
    (caption,) = drafted(project, "a")
    given(project, ana)
    pass_time(caption, by=timedelta(hours=1))
    given(project, ben)
    with pytest.raises(LeaseHeld):
        submit(caption=caption, user=ana, etag='"0-0"', **WORDS)
    caption.refresh_from_db()
    assert caption.state == State.DRAFTED


def test_a_submission_says_what_was_handed_in_and_how(project: Project, ana: User) -> None:
    (caption,) = drafted(project, "a")
    given(project, ana)
    pass_time(caption, by=timedelta(minutes=5))
    leases.keep_alive(unit=caption, user=ana, active_ms=90_000)
    said = {"text": "There is one person in the video, a man. He probably jumps.", "people": []}
    flags = [{"rule": "speculation", "sentence": "He probably jumps.", "reason": "as_seen"}]
    no_flag = {"rule": "vague-reference", "sentence": "He probably jumps.", "reason": "style"}
    revision = submit(
        caption=caption, user=ana, etag='"0-0"', **said, notes={"watched": [[0, 1500]]}, reasons=[*flags, no_flag]
    )
    submission = CaptionSubmission.objects.get()
    assert (submission.revision, submission.submitter, submission.flags) == (revision, ana, flags)
    assert (submission.watched_percent, submission.active_ms, submission.checks_version) == (75, 90_000, VERSION)
    pseudonym = pseudonym_of(ana, project=project)
    assert submission.digest == submission.computed_digest(
        object_id=caption.object_id, pseudonym=pseudonym, revision=revision.digest
    )


def test_below_the_watch_floor_nothing_is_handed_in(project: Project, ana: User) -> None:
    Project.objects.update(watch_floor_percent=80)
    (caption,) = drafted(project, "a")
    with pytest.raises(BadInput) as refusal:  # 1500 of 2000 ms are 75 %
        submit(caption=caption, user=ana, etag='"0-0"', **WORDS, notes={"watched": [[0, 1500]]})
    assert list(refusal.value.detail["fields"]) == ["watched"]
    assert not CaptionSubmission.objects.exists()
    submit(caption=caption, user=ana, etag='"0-0"', **WORDS, notes={"watched": [[0, 1600]]})  # 80 %


def test_active_time_is_never_more_than_the_lease_has_lived(project: Project, ana: User) -> None:
    (caption,) = drafted(project, "a")
    given(project, ana)
    pass_time(caption, by=timedelta(seconds=30))
    leases.keep_alive(unit=caption, user=ana, active_ms=600_000)
    lease = CaptionLease.objects.get()
    assert 30_000 <= lease.active_ms < 40_000
    for wrong in (-1, 600_001, True, "5", None, 1.5):
        with pytest.raises(BadInput):
            leases.keep_alive(unit=caption, user=ana, active_ms=wrong)


def test_the_next_unit_is_held_for_a_minute_and_then_becomes_work(project: Project, ana: User, ben: User) -> None:
    first, second, _ = drafted(project, "a", "b", "c")
    given(project, ana)
    assert given(project, ana, prefetch=True) == ("b", "queue")
    assert given(project, ana, prefetch=True) == ("b", "prefetched")
    assert 0 < lives_for(second) <= leases.PREFETCH_SECONDS
    assert given(project, ben) == ("c", "queue")
    submit(caption=first, user=ana, etag='"0-0"', **WORDS)
    assert given(project, ana) == ("b", "prefetched")
    assert lives_for(second) > leases.PREFETCH_SECONDS
    assert given(project, ana) == ("b", "yours")


def test_a_prefetched_unit_that_nobody_came_for_goes_to_the_next(project: Project, ana: User, ben: User) -> None:
    _, second = drafted(project, "a", "b")
    given(project, ana)
    given(project, ana, prefetch=True)
    pass_time(second, by=timedelta(seconds=61))
    assert given(project, ben) == ("b", "queue")


def test_returned_work_goes_to_its_author_first_and_after_three_days_to_anybody(
    project: Project, ana: User, ben: User, rui: User
) -> None:
    clip = ClipFactory.create(project=project, clip_id="z")
    returned = SubmittedCaptionFactory(project=project, author=ana, clip=clip)
    return_to_author(caption=returned, reviewer=rui, seen_number=1, reason="which leg?")
    drafted(project, "a", "b")
    assert given(project, ben) == ("a", "queue")
    assert given(project, ana) == ("z", "returned")
    leases.release(unit=returned, user=ana)
    Caption.objects.filter(pk=returned.pk).update(
        reserved_until=F("reserved_until") - timedelta(days=leases.RETURN_DAYS, seconds=1)
    )
    leases.release(unit=Caption.objects.get(clip__clip_id="a"), user=ben)
    assert given(project, ben) == ("z", "queue")


def test_work_handed_in_again_is_kept_for_who_returned_it(project: Project, ana: User, rui: User, oda: User) -> None:
    returned = SubmittedCaptionFactory(project=project, author=ana)
    return_to_author(caption=returned, reviewer=rui, seen_number=1, reason="which leg?")
    returned.refresh_from_db()
    assert returned.reserved_for == ana
    submit(caption=returned, user=ana, etag='"1-0"', text=f"{TEXT} Left.", people=PEOPLE)
    returned.refresh_from_db()
    assert returned.reserved_for == rui
    assert given(project, oda, work="review") == ("", "all_leased")
    assert given(project, rui, work="review") == (returned.clip.clip_id, "resubmitted")
    leases.release(unit=returned, user=rui)
    Caption.objects.update(reserved_until=F("reserved_until") - timedelta(days=leases.AGAIN_DAYS, seconds=1))
    assert given(project, oda, work="review") == (returned.clip.clip_id, "queue")


@pytest.mark.parametrize("how", ["left", "wrote", "annotates"])
def test_work_handed_in_again_waits_for_no_reviewer_who_cannot_judge_it(
    project: Project, ana: User, rui: User, oda: User, how: str
) -> None:
    returned = SubmittedCaptionFactory(project=project, author=ana)
    return_to_author(caption=returned, reviewer=rui, seen_number=1, reason="which leg?")
    if how == "left":
        rui.memberships.update(is_active=False)
    elif how == "annotates":
        rui.memberships.update(role=Role.ANNOTATOR)
    author = rui if how == "wrote" else ana
    submit(caption=returned, user=author, etag='"1-0"', text=f"{TEXT} Left.", people=PEOPLE)
    returned.refresh_from_db()
    assert (returned.reserved_for, returned.reserved_until) == (None, None)
    assert given(project, oda, work="review") == (returned.clip.clip_id, "queue")


def test_taking_back_what_was_handed_in_again_gives_it_to_no_reviewer_to_write(
    project: Project, ana: User, rui: User
) -> None:
    returned = SubmittedCaptionFactory(project=project, author=ana)
    return_to_author(caption=returned, reviewer=rui, seen_number=1, reason="which leg?")
    submit(caption=returned, user=ana, etag='"1-0"', text=f"{TEXT} Left.", people=PEOPLE)
    withdraw(caption=returned, user=ana, seen_number=2)
    leases.release(unit=returned, user=ana)
    assert given(project, rui) == (returned.clip.clip_id, "queue")


def test_what_was_judged_is_kept_for_its_reviewer_no_longer(project: Project, ana: User, rui: User, oda: User) -> None:
    """Else a caption that is reopened would be offered to its reviewer as work returned to them."""
    returned = SubmittedCaptionFactory(project=project, author=ana)
    return_to_author(caption=returned, reviewer=rui, seen_number=1, reason="which leg?")
    submit(caption=returned, user=ana, etag='"1-0"', text=f"{TEXT} Left.", people=PEOPLE)
    approve(caption=returned, reviewer=rui, seen_number=2)
    reopen(caption=returned, user=oda, reason="A man is missing.", seen_number=2)
    assert given(project, rui) == (returned.clip.clip_id, "queue")


def test_work_of_somebody_who_has_left_is_reserved_for_nobody(project: Project, ana: User, rui: User) -> None:
    returned = SubmittedCaptionFactory(project=project, author=ana)
    ana.memberships.update(is_active=False)
    return_to_author(caption=returned, reviewer=rui, seen_number=1, reason="which leg?")
    returned.refresh_from_db()
    assert returned.reserved_for is None


def test_a_skipped_caption_goes_to_others_and_comes_back_only_at_last(project: Project, ana: User, ben: User) -> None:
    first, _ = drafted(project, "a", "b")
    given(project, ana)
    skip(unit=first, user=ana, reason="language", note="Welsh?")
    skip(unit=first, user=ana, reason="language")
    assert CaptionSkip.objects.count() == 1
    assert rows(first) == [("ana", "skipped")]
    assert given(project, ana) == ("b", "queue")
    submit(caption=Caption.objects.get(clip__clip_id="b"), user=ana, etag='"0-0"', **WORDS)
    assert given(project, ana) == ("a", "skipped")
    leases.release(unit=first, user=ana)
    assert given(project, ben) == ("a", "queue")


def test_skipping_needs_a_reason_that_is_known_and_the_right_to_write(project: Project, ana: User, otto: User) -> None:
    (caption,) = drafted(project, "a")
    with pytest.raises(BadInput):
        skip(unit=caption, user=ana, reason="bored")
    with pytest.raises(RightMissing):
        skip(unit=caption, user=otto, reason="other")
    assert not CaptionSkip.objects.exists()


def test_why_there_is_nothing(project: Project, ana: User, ben: User, adam: User) -> None:
    assert given(project, ana) == ("", "empty")
    (caption,) = drafted(project, "a")
    given(project, ana)
    assert given(project, ben) == ("", "all_leased")
    assignments.pause(project=project, user=adam, note="Back on Monday.")
    answer = next_unit(project=project, user=ben)
    assert isinstance(answer, Nothing)
    assert (answer.why, "Back on Monday." in answer.message) == ("paused", True)
    assert given(project, ana) == ("a", "yours"), "what is on the desk stays"
    assignments.resume(project=project, user=adam)
    submit(caption=caption, user=ana, etag='"0-0"', **WORDS)
    assert given(project, ana) == ("", "finished")


def test_a_reviewer_gets_what_they_did_not_write(project: Project, ana: User, rui: User, oda: User) -> None:
    own = ClipFactory.create(project=project, clip_id="a")
    SubmittedCaptionFactory(project=project, author=rui, clip=own)
    foreign = ClipFactory.create(project=project, clip_id="b")
    caption = SubmittedCaptionFactory(project=project, author=ana, clip=foreign)
    assert given(project, rui, work="review") == ("b", "queue")
    assert given(project, oda, work="review") == ("a", "queue")
    with pytest.raises(LeaseHeld):
        approve(caption=caption, reviewer=oda, seen_number=1)
    caption.refresh_from_db()
    assert caption.state == State.IN_REVIEW
    approve(caption=caption, reviewer=rui, seen_number=1)
    assert rows(caption) == [("ana", "submitted"), ("rui", "judged")]
    assert given(project, rui, work="review") == ("", "all_leased")


def test_who_wrote_an_earlier_revision_is_not_given_it_for_review(project: Project, ana: User, rui: User) -> None:
    (caption,) = drafted(project, "a")
    save(caption=caption, user=rui, etag='"0-0"', **WORDS)
    leases.release(unit=caption, user=rui)
    submit(caption=caption, user=ana, etag='"1-0"', text=f"{TEXT} More.", people=PEOPLE)
    assert given(project, rui, work="review") == ("", "all_leased")


def test_taking_work_back_puts_it_on_the_authors_desk_and_off_the_reviewers(
    project: Project, ana: User, rui: User
) -> None:
    caption = SubmittedCaptionFactory(project=project, author=ana)
    given(project, rui, work="review")
    withdraw(caption=caption, user=ana, seen_number=1)
    assert rows(caption) == [("ana", "submitted"), ("rui", "released"), ("ana", "")]


def test_an_administrator_frees_what_somebody_holds(project: Project, ana: User, ben: User, adam: User) -> None:
    (caption,) = drafted(project, "a")
    autosave(caption=caption, user=ana, etag='"0-0"', **WORDS)
    with pytest.raises(RightMissing):
        leases.free(unit=caption, user=ben)
    assert given(project, ben) == ("", "all_leased")
    assert leases.free(unit=caption, user=adam)
    assert not leases.free(unit=caption, user=adam)
    assert rows(caption) == [("ana", "freed")]
    assert given(project, ben) == ("a", "queue")
    assert caption.working_copies.get().owner == ana


@pytest.mark.parametrize("who", ["ana", "rui", "oda", "otto"])
def test_only_administrators_order_assign_and_pause(project: Project, who: str, request: pytest.FixtureRequest) -> None:
    user = request.getfixturevalue(who)
    drafted(project, "a")
    by: dict[str, Any] = {"project": project, "user": user}
    with pytest.raises(RightMissing):
        assignments.set_priority(**by, clip_ids=["a"], priority=1)
    with pytest.raises(RightMissing):
        assignments.assign(**by, clip_ids=["a"], username="")
    with pytest.raises(RightMissing):
        assignments.pause(**by)
    with pytest.raises(RightMissing):
        assignments.resume(**by)
    caption = Caption.objects.get()
    assert (caption.priority, caption.assigned_to) == (0, None)


def test_orders_that_make_no_sense_change_nothing(project: Project, adam: User, ben: User, otto: User) -> None:
    drafted(project, "a")
    by: dict[str, Any] = {"project": project, "user": adam}
    ben.memberships.update(is_active=False)
    for username in ("ben", "otto", "nobody"):
        with pytest.raises(BadInput):
            assignments.assign(**by, clip_ids=["a"], username=username)
    with pytest.raises(BadInput, match="absent"):
        assignments.set_priority(**by, clip_ids=["a", "absent"], priority=1)
    with pytest.raises(BadInput):
        assignments.set_priority(**by, clip_ids=["a"], priority=101)
    assert assignments.set_priority(**by, clip_ids=[], priority=7) == 0
    assert Caption.objects.get().priority == 0


def test_the_open_queue_is_read_by_its_index_from_the_first_free_caption(project: Project, ana: User) -> None:
    """Sorting would read everything that waits, each time."""
    with connection.cursor() as cursor:
        # The table of a test is small, and what Postgres thinks of it is by chance: what counts is that it can.
        for way in ("seqscan", "bitmapscan", "sort"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        said: dict[str, Any] = {"project": project.pk, "user": ana.pk, "work": "edit"}
        cursor.execute(f"EXPLAIN {CAPTIONS.ladders[LeaseWork.EDIT]}", said)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "caption_to_edit" in plan
    step = plan[plan.index("CTE step3") : plan.index("CTE step4")]
    assert "Sort" not in step, step


def test_now_means_the_databases_clock(project: Project, ana: User) -> None:
    (caption,) = drafted(project, "a")
    given(project, ana)
    assert CaptionLease.objects.filter(caption=caption, leased_at__lte=Now(), expires_at__gt=Now()).exists()
