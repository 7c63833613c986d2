"""Captions that several people judge: waiting, agreeing, differing, settling, and taking a verdict back."""

from typing import Any

import pytest

from annotation.errors import BadInput, MoveNotAllowed, OwnWork, RightMissing
from annotation.models import Caption, CaptionReview, Event, Notification, Project, User
from annotation.services import captions, judging, reviews
from annotation.states import State
from qa.services.history import verify_project
from tests.factories import PEOPLE, TEXT, SubmittedCaptionFactory

FIXED = TEXT.replace("jumps", "jumps twice")


@pytest.fixture
def submitted(project: Project, ana: User) -> Caption:
    return SubmittedCaptionFactory(project=project, author=ana)


@pytest.fixture
def two_people(project: Project) -> None:
    project.reviews_per_caption = 2
    project.save(update_fields=["reviews_per_caption"])


def now(caption: Caption) -> Any:
    return Caption.objects.for_review_page().select_related("approved_revision").get(pk=caption.pk)


def verbs(caption: Caption) -> list[str]:
    return list(Event.objects.filter(object_id=caption.object_id).order_by("pk").values_list("verb", flat=True))


def standing(caption: Caption) -> list[tuple[str, str]]:
    given = CaptionReview.objects.filter(caption=caption, undone_by=None).exclude(verdict="undo").order_by("pk")
    return [(review.reviewer.username, review.verdict) for review in given]


def give_back(caption: Caption, reviewer: User, *, number: int = 1, code: str = "missed") -> CaptionReview:
    return reviews.return_to_author(
        caption=caption, reviewer=reviewer, seen_number=number, reason="The jump is missing.", code=code
    )


@pytest.mark.usefixtures("two_people")
def test_a_caption_is_approved_by_the_second_person(submitted: Caption, rui: User, oda: User) -> None:
    reviews.approve(caption=submitted, reviewer=rui, seen_number=1)
    assert (now(submitted).state, now(submitted).approved_revision) == (State.IN_REVIEW, None)
    with pytest.raises(MoveNotAllowed, match="judged this"):
        reviews.approve(caption=submitted, reviewer=rui, seen_number=1)
    reviews.approve(caption=submitted, reviewer=oda, seen_number=1)
    assert (now(submitted).state, standing(submitted)) == (State.APPROVED, [("rui", "approve"), ("oda", "approve")])
    verify_project(submitted.clip.project)


@pytest.mark.usefixtures("two_people")
def test_only_the_last_may_fix(submitted: Caption, rui: User, oda: User) -> None:
    fix: dict[str, Any] = {"caption": submitted, "seen_number": 1, "text": FIXED, "people": PEOPLE}
    with pytest.raises(MoveNotAllowed, match="as it was written"):
        reviews.fix_and_approve(**fix, reviewer=rui)
    assert now(submitted).head_number == 1
    reviews.approve(caption=submitted, reviewer=rui, seen_number=1)
    reviews.fix_and_approve(**fix, reviewer=oda)
    assert (now(submitted).state, now(submitted).head_number) == (State.APPROVED, 2)


@pytest.mark.usefixtures("two_people")
def test_two_who_return_it_return_it(submitted: Caption, ana: User, rui: User, oda: User) -> None:
    give_back(submitted, rui)
    assert now(submitted).state == State.IN_REVIEW
    give_back(submitted, oda)
    assert (now(submitted).state, now(submitted).reserved_for) == (State.EDITING, ana)
    assert Notification.objects.get(kind="returned").recipient == ana


@pytest.fixture
def disputed(submitted: Caption, two_people: None, rui: User, oda: User, adam: User) -> Caption:
    reviews.approve(caption=submitted, reviewer=rui, seen_number=1)
    give_back(submitted, adam)
    found: Caption = now(submitted)
    return found


def test_two_that_differ_are_a_dispute(disputed: Caption, ana: User, oda: User) -> None:
    assert (disputed.state, verbs(disputed)[-1]) == (State.DISPUTED, "dispute")
    assert {one.recipient for one in Notification.objects.filter(kind="disputed")} == {ana, oda}


@pytest.mark.parametrize(
    ("outcome", "state", "number"), [("approve", "approved", 1), ("fix", "approved", 2), ("return", "editing", 1)]
)
def test_a_third_person_settles_it(
    disputed: Caption, ana: User, oda: User, outcome: str, state: str, number: int
) -> None:
    said: dict[str, Any] = {"text": FIXED, "people": PEOPLE} if outcome == "fix" else {}
    review = reviews.settle(
        caption=disputed, adjudicator=oda, seen_number=1, outcome=outcome, code="missed", reason="I looked.", **said
    )
    caption = now(disputed)
    assert (caption.state, caption.head_number, verbs(caption)[-1]) == (state, number, "settle")
    assert (review.is_adjudication, review.reason_code) == (True, "missed")
    assert (caption.reserved_for == ana) == (outcome == "return")
    told = Notification.objects.filter(kind="settled").values_list("recipient__username", flat=True)
    assert set(told) == {"ana", "rui", "adam"}
    verify_project(caption.clip.project)


def test_a_side_an_author_and_who_has_no_right_settle_nothing(
    disputed: Caption, project: Project, ana: User, rui: User, oda: User, adam: User, otto: User
) -> None:
    said: dict[str, Any] = {"seen_number": 1, "outcome": "approve", "code": "missed", "reason": "I looked."}
    for user in (ana, rui, otto):
        with pytest.raises(RightMissing):
            reviews.settle(caption=disputed, adjudicator=user, **said)
    with pytest.raises(MoveNotAllowed, match="third person"):
        reviews.settle(caption=disputed, adjudicator=adam, **said)
    own = SubmittedCaptionFactory(project=project, author=oda)
    reviews.approve(caption=own, reviewer=rui, seen_number=1)
    give_back(own, adam)
    with pytest.raises(OwnWork):
        reviews.settle(caption=own, adjudicator=oda, **said)
    for wrong in ({"outcome": "drop"}, {"code": "rain"}, {"reason": ""}, {"outcome": "fix"}):
        with pytest.raises(BadInput):
            reviews.settle(caption=disputed, adjudicator=oda, **{**said, **wrong})
    assert (now(disputed).state, now(own).state) == (State.DISPUTED, State.DISPUTED)


def test_what_is_not_disputed_is_not_settled(submitted: Caption, oda: User) -> None:
    with pytest.raises(MoveNotAllowed):
        reviews.settle(
            caption=submitted, adjudicator=oda, seen_number=1, outcome="approve", code="missed", reason="I looked."
        )


@pytest.mark.parametrize("code", ["", "rain", None, 1])
def test_a_return_says_why_by_a_code(submitted: Caption, rui: User, code: Any) -> None:
    with pytest.raises(BadInput) as refusal:
        give_back(submitted, rui, code=code)
    assert list(refusal.value.detail["fields"]) == ["reason_code"]
    assert now(submitted).state == State.IN_REVIEW
    assert give_back(submitted, rui).reason_code == "missed"


@pytest.mark.parametrize("verdict", ["approve", "return"])
def test_a_verdict_is_taken_back(submitted: Caption, rui: User, verdict: str) -> None:
    if verdict == "approve":
        reviews.approve(caption=submitted, reviewer=rui, seen_number=1)
    else:
        give_back(submitted, rui)
    reviews.undo(caption=submitted, reviewer=rui)
    caption = now(submitted)
    assert (caption.state, caption.approved_revision, caption.reserved_for) == (State.IN_REVIEW, None, None)
    assert (verbs(caption)[-2:], standing(caption)) == ([verdict, "undo"], [])
    assert not Notification.objects.exists()
    verify_project(caption.clip.project)
    reviews.approve(caption=submitted, reviewer=rui, seen_number=1)
    assert now(submitted).state == State.APPROVED
    verify_project(caption.clip.project)


def test_a_verdict_that_made_a_dispute_is_taken_back(disputed: Caption, adam: User, rui: User) -> None:
    with pytest.raises(MoveNotAllowed):
        reviews.undo(caption=disputed, reviewer=rui)  # his was not the last
    reviews.undo(caption=disputed, reviewer=adam)
    assert (now(disputed).state, standing(disputed)) == (State.IN_REVIEW, [("rui", "approve")])
    assert not Notification.objects.filter(kind="disputed").exists()


def test_undoing_a_fix_brings_the_words_back_for_somebody_else(submitted: Caption, rui: User, oda: User) -> None:
    reviews.fix_and_approve(caption=submitted, reviewer=rui, seen_number=1, text=FIXED, people=PEOPLE)
    reviews.undo(caption=submitted, reviewer=rui)
    head = now(submitted).head
    assert (head.number, head.kind, head.text, head.author) == (3, "restore", TEXT, rui)
    with pytest.raises(OwnWork):
        reviews.approve(caption=submitted, reviewer=rui, seen_number=3)
    reviews.approve(caption=submitted, reviewer=oda, seen_number=3)
    verify_project(submitted.clip.project)


def test_words_that_came_back_over_a_fix_are_returned_to_who_wrote_them(
    submitted: Caption, ana: User, rui: User, oda: User
) -> None:
    reviews.fix_and_approve(caption=submitted, reviewer=rui, seen_number=1, text=FIXED, people=PEOPLE)
    reviews.undo(caption=submitted, reviewer=rui)
    give_back(submitted, oda, number=3)
    assert now(submitted).reserved_for == ana
    assert Notification.objects.get(kind="returned").recipient == ana


def test_nothing_is_taken_back_too_late_or_after_the_work_went_on(
    submitted: Caption, ana: User, rui: User, oda: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_back(submitted, rui)
    with pytest.raises(MoveNotAllowed):
        reviews.undo(caption=submitted, reviewer=oda)
    monkeypatch.setattr(judging, "UNDO_SECONDS", -60)
    with pytest.raises(MoveNotAllowed):
        reviews.undo(caption=submitted, reviewer=rui)
    monkeypatch.undo()
    captions.save(caption=submitted, user=ana, etag='"1-0"', text=FIXED, people=PEOPLE)
    with pytest.raises(MoveNotAllowed):
        reviews.undo(caption=submitted, reviewer=rui)
    assert (now(submitted).state, standing(submitted)) == (State.EDITING, [("rui", "return")])


def test_what_is_handed_in_again_unchanged_is_judged_anew(submitted: Caption, ana: User, rui: User) -> None:
    give_back(submitted, rui)
    captions.submit(caption=submitted, user=ana, etag='"1-0"', text=TEXT, people=PEOPLE)
    with pytest.raises(MoveNotAllowed):
        reviews.undo(caption=submitted, reviewer=rui)  # the work went on
    reviews.approve(caption=submitted, reviewer=rui, seen_number=1)
    assert (now(submitted).state, now(submitted).head_number) == (State.APPROVED, 1)
    verify_project(submitted.clip.project)
