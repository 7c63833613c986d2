"""Audits: the draw, the marks, what they come to, and what they keep from being released."""

import hashlib
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from annotation.errors import BadInput, MoveNotAllowed, NotVisible, OwnWork, RightMissing, Sealed
from annotation.intervals import wilson
from annotation.models import Caption, Draft, Project, User
from annotation.services.captions import reopen, save, submit
from annotation.services.reviews import approve
from annotation.workflow import move
from qa.models import Audit, AuditItem, AuditMark, ReleaseSettings
from qa.releases.audits import changed_since, result_of
from qa.releases.gate import InTheWay
from qa.services.audits import audit_for, draw_audit, item_of, mark, next_item
from qa.services.blind import store_answer
from qa.services.history import HistoryBroken, verify_project
from qa.services.releases import freeze_release
from tests.factories import ApprovedCaptionFactory
from tests.qa.history.test_verify_history import as_superuser
from tests.qa.releases.test_training_data import freeze_train, in_the_way
from tests.qa.releases.training import CLEAN, FLAGGED, drafted, own_clip
from tests.qa.scenes import COUNT_QUESTION, saved_item, submit_all


def draw(project: Project, *, seed: int = 1, asked: int = 100) -> Audit:
    return draw_audit(project=project, seed=seed, asked=asked, actor=None)


def sample(audit: Audit) -> list[str]:
    return list(audit.items.values_list("clip__clip_id", flat=True))


def judge(audit: Audit, reviewer: User, **verdicts: str) -> None:
    """verdicts: of clips by name, `_` for `-`; all others are right."""
    for item in audit.items.all():
        verdict = verdicts.get(item.clip.clip_id.replace("-", "_"), "right")
        mark(item=item, reviewer=reviewer, verdict=verdict, seen_mark=0)


@pytest.fixture
def captions(project: Project) -> list[Caption]:
    return [drafted(project, f"clip-{n}") for n in range(6)]


def test_the_sample_has_the_lowest_digests_of_seed_and_clip(project: Project, captions: list[Caption]) -> None:
    by_hand = sorted((f"clip-{n}" for n in range(6)), key=lambda one: hashlib.sha256(f"7{one}".encode()).hexdigest())
    audit = draw(project, seed=7, asked=4)
    assert sample(audit) == by_hand[:4]
    assert (audit.number, audit.asked, audit.candidates) == (1, 4, 6)
    again = draw(project, seed=7, asked=4)
    assert (again.number, sample(again)) == (2, sample(audit))
    assert sample(draw(project, seed=8)) != by_hand  # all of them, in another order
    assert [item.place for item in again.items.all()] == [1, 2, 3, 4]


def test_drawn_is_from_what_training_data_would_hold(project: Project, ana: User, rui: User) -> None:
    drafted(project, "flagged", text=FLAGGED)
    draft = drafted(project, "drafted")
    approved = ApprovedCaptionFactory(project=project, author=ana, reviewer=rui, clip=own_clip(project, "approved"))
    items = {item.clip.clip_id: item for item in draw(project).items.all()}
    assert set(items) == {"drafted", "approved"}
    assert (items["drafted"].draft, items["drafted"].revision) == (draft.draft, None)
    assert (items["approved"].draft, items["approved"].revision) == (None, approved.approved_revision)


@pytest.mark.parametrize(("seed", "asked", "field"), [(-1, 10, "seed"), (2**31, 10, "seed"), (1, 0, "asked")])
def test_odd_numbers_are_refused(captions: list[Caption], project: Project, seed: int, asked: int, field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        draw(project, seed=seed, asked=asked)
    assert list(refusal.value.detail["fields"]) == [field]
    assert not Audit.objects.exists()


def test_there_must_be_something_to_draw_from(project: Project) -> None:
    with pytest.raises(BadInput, match="nothing to draw from"):
        draw(project)


def test_only_administrators_draw_and_only_reviewers_mark(
    project: Project, captions: list[Caption], ana: User, rui: User, otto: User
) -> None:
    with pytest.raises(RightMissing):
        draw_audit(project=project, seed=1, asked=1, actor=rui)
    audit = draw(project, asked=1)
    for nobody in (ana, otto):
        with pytest.raises(RightMissing):
            mark(item=audit.items.get(), reviewer=nobody, verdict="right", seen_mark=0)
    with pytest.raises(NotVisible):
        audit_for(otto, slug="demo", number=1)
    assert not AuditMark.objects.exists()


def test_a_mark_is_right_or_a_kind_of_error(project: Project, captions: list[Caption], rui: User) -> None:
    audit = draw(project)
    judge(audit, rui, clip_1="side", clip_2="invented")
    result = result_of(audit)
    assert (result.drawn, result.right, result.errors, result.is_complete) == (6, 4, {"side": 1, "invented": 1}, True)
    assert result.share.interval == wilson(4, 6) == [0.3, 0.9032]  # by hand: 0.30000 and 0.90323
    assert result.interval_percent == [30.0, 90.32]
    with pytest.raises(BadInput):
        mark(item=audit.items.all()[0], reviewer=rui, verdict="wrong", seen_mark=0)


def test_an_author_does_not_judge_their_own_words(project: Project, rui: User, oda: User) -> None:
    clip = own_clip(project, "approved")
    ApprovedCaptionFactory(project=project, author=rui, reviewer=oda, clip=clip)
    audit = draw(project)
    with pytest.raises(OwnWork):
        mark(item=audit.items.get(), reviewer=rui, verdict="right", seen_mark=0)
    assert next_item(audit, rui) is None
    assert next_item(audit, oda) == audit.items.get()


def test_a_slip_is_marked_again_and_both_marks_stay(project: Project, captions: list[Caption], rui: User) -> None:
    audit = draw(project, asked=1)
    item = audit.items.get()
    first = mark(item=item, reviewer=rui, verdict="order", seen_mark=0)
    with pytest.raises(MoveNotAllowed):  # pressed twice, or somebody else was faster
        mark(item=item, reviewer=rui, verdict="right", seen_mark=0)
    mark(item=item, reviewer=rui, verdict="right", seen_mark=first.pk)
    assert [one.verdict for one in item.marks.all()] == ["order", "right"]
    assert (result_of(audit).right, result_of(audit).errors) == (1, {})


@pytest.mark.parametrize("table", ["qa_audit", "qa_audititem", "qa_auditmark"])
def test_audits_are_append_only_d13(
    project: Project, captions: list[Caption], rui: User, refused_by_postgres: Any, table: str
) -> None:
    judge(draw(project, asked=1), rui)
    connection.check_constraints()
    for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        assert "append-only" in refused_by_postgres(statement)


def test_a_changed_mark_breaks_the_history(project: Project, captions: list[Caption], rui: User) -> None:
    judge(draw(project, asked=2), rui)
    assert verify_project(project).counts["audit marks"] == 2
    as_superuser("UPDATE qa_auditmark SET verdict = 'order'")
    with pytest.raises(HistoryBroken, match=r"^qa_auditmark \d+ "):
        verify_project(project)


def test_reviewers_get_what_waits_in_turn(project: Project, captions: list[Caption], rui: User) -> None:
    audit = draw(project)
    places = []
    item = next_item(audit, rui, after=3)
    while item is not None:
        places.append(item.place)
        mark(item=item, reviewer=rui, verdict="right", seen_mark=0)
        item = next_item(audit, rui, after=item.place)
    assert places == [4, 5, 6, 1, 2, 3]


def test_only_captions_of_the_sample_are_judged(project: Project, captions: list[Caption], rui: User) -> None:
    audit = draw(project, asked=1)
    clip_id = sample(audit)[0]
    assert item_of(audit, clip_id).text == CLEAN
    other = next(one.clip.clip_id for one in captions if one.clip.clip_id != clip_id)
    with pytest.raises(NotVisible):
        item_of(audit, other)


def test_a_caption_is_not_audited_by_who_answers_its_questions_blind(
    project: Project, ana: User, rui: User, oda: User
) -> None:
    clip = own_clip(project, "asked")
    ApprovedCaptionFactory(project=project, author=ana, reviewer=oda, clip=clip)
    first = saved_item(clip, ana)
    saved_item(clip, ana, category="count", payload=COUNT_QUESTION)
    submit_all(clip, ana)
    audit = draw(project)
    assert next_item(audit, rui) is None
    store_answer(clip=clip, user=rui, question_id=first.question_id, seen_number=1, choice="o1")
    with pytest.raises(Sealed):
        mark(item=audit.items.get(), reviewer=rui, verdict="right", seen_mark=0)


def test_a_clip_out_of_use_is_not_waited_for(project: Project, captions: list[Caption], rui: User) -> None:
    audit = draw(project, asked=3)
    gone, *rest = audit.items.all()
    move(gone.clip, "exclude", actor=None, reason="a still")
    for item in rest:
        mark(item=item, reviewer=rui, verdict="right", seen_mark=0)
    with pytest.raises(MoveNotAllowed):
        mark(item=gone, reviewer=rui, verdict="right", seen_mark=0)
    result = result_of(audit)
    assert (result.drawn, result.is_complete) == (2, True)


def approve_as(caption: Caption, author: User, reviewer: User, text: str) -> None:
    """An annotator writes it, a reviewer approves it."""
    caption.refresh_from_db()
    if caption.state == "approved":
        reopen(caption=caption, user=reviewer, reason="again", seen_number=caption.head_number)
    before = caption.head_number
    save(caption=caption, user=author, etag=f'"{before}-0"', text=text, people=[])
    submit(caption=caption, user=author, etag=f'"{before + 1}-0"', text=text, people=[])
    caption.refresh_from_db()
    approve(caption=caption, reviewer=reviewer, seen_number=caption.head_number)


def test_what_an_audit_found_wrong_stays_out_until_its_words_change(
    project: Project, captions: list[Caption], ana: User, oda: User, rui: User
) -> None:
    judge(draw(project), rui, clip_0="order", clip_1="order")
    approve_as(captions[0], ana, oda, CLEAN)  # the same words: a verdict against a verdict
    approve_as(captions[1], ana, oda, CLEAN.replace("jumps", "leaps"))
    release = freeze_train(project)
    held = set(release.items.values_list("clip_id_text", flat=True))
    assert held == {"clip-1", "clip-2", "clip-3", "clip-4", "clip-5"}
    assert release.counts["excluded"]["marked_wrong"] == 1


def test_training_data_carries_the_newest_complete_audit(project: Project, captions: list[Caption], rui: User) -> None:
    assert freeze_train(project, "1.0.0").audit is None
    judge(draw(project, seed=1, asked=3), rui)
    audit = draw(project, seed=2, asked=4)
    judge(audit, rui, **{sample(audit)[0].replace("-", "_"): "count"})
    draw(project, seed=3, asked=5)  # nobody has judged it
    release = freeze_train(project, "2.0.0")
    low, high = (round(100 * end, 2) for end in wilson(3, 4) or ())
    assert release.audit == {"seed": 2, "asked": 4, "right": 3, "errors": {"count": 1}, "interval": [low, high]}
    assert freeze_train(project, "3.0.0").digest == release.digest


def test_what_was_called_right_and_changed_since_is_carried_no_more(
    project: Project, captions: list[Caption], ana: User, oda: User, rui: User
) -> None:
    audit = draw(project)
    judge(audit, rui, clip_1="order")
    approve_as(captions[0], ana, oda, CLEAN)  # the same words, approved
    approve_as(captions[1], ana, oda, "There is one person in the video. He waves.")  # wrong, and counted as wrong
    assert list(changed_since(audit)) == []
    assert freeze_train(project, "1.0.0").audit is not None
    save(caption=captions[2], user=ana, etag='"0-0"', text="Begun.", people=[])  # in no release
    assert list(changed_since(audit)) == []
    approve_as(captions[0], ana, oda, "There is one person in the video. He waves.")
    assert [item.clip.clip_id for item in changed_since(audit)] == ["clip-0"]
    assert freeze_train(project, "2.0.0").audit is None


def floor(project: Project, percent: int) -> None:
    ReleaseSettings.objects.update_or_create(project=project, defaults={"audit_floor_percent": percent})


def test_with_a_floor_an_audit_must_be_there_complete_and_certain(
    project: Project, captions: list[Caption], ana: User, oda: User, rui: User
) -> None:
    def refused() -> dict[str, list[str]]:
        with pytest.raises(InTheWay) as refusal:
            freeze_train(project, "1.0.0")
        return in_the_way(refusal.value)

    floor(project, 61)
    assert refused() == {"audit_missing": []}
    audit = draw(project)
    assert refused() == {"audit_incomplete": ["audit 1"]}
    judge(audit, rui)
    assert result_of(audit).interval_percent == [60.97, 100.0]  # six of six: 6 / (6 + 1.96²) = 0.6097
    assert refused() == {"audit_floor": ["audit 1"]}
    floor(project, 60)
    approve_as(captions[3], ana, oda, "There is one person in the video. He waves.")
    assert refused() == {"audit_outdated": ["clip-3"]}
    again = draw(project, seed=2)
    judge(again, rui)
    release = freeze_train(project, "1.0.0")
    assert release.audit is not None
    assert release.audit["seed"] == 2


def test_a_benchmark_asks_for_no_audit(project: Project, ana: User, rui: User) -> None:
    floor(project, 100)
    ApprovedCaptionFactory(project=project, author=ana, reviewer=rui, clip=own_clip(project, "a"))
    assert freeze_release(project=project, version="1.0.0", notes="", actor=None).audit is None


def test_another_draft_in_place_of_the_judged_one_is_seen(project: Project, captions: list[Caption], rui: User) -> None:
    audit = draw(project)
    judge(audit, rui)
    caption = captions[0]
    assert caption.draft is not None
    newer = Draft.objects.get(pk=caption.draft.pk)
    newer.pk, newer.uid, newer.payload = (
        None,
        "00000000-0000-4000-8000-000000000000",
        {"caption": "Other.", "people": []},
    )
    newer.save(force_insert=True)
    Caption.objects.filter(pk=caption.pk).update(draft=newer)
    assert [item.clip.clip_id for item in changed_since(audit)] == ["clip-0"]


def test_the_command_draws(project: Project, captions: list[Caption], adam: User, rui: User) -> None:
    said = StringIO()
    call_command("audit", project="demo", n=2, seed=5, actor="adam", stdout=said)
    assert said.getvalue() == "audit 1 of Demo project: 2 of 6 captions, seed 5\n"
    assert Audit.objects.get().created_by == adam
    call_command("audit", project="demo", n=2, stdout=said)
    assert AuditItem.objects.count() == 4
    for refused in ({"n": 0}, {"actor": "rui"}):
        with pytest.raises(CommandError):
            call_command("audit", project="demo", seed=5, stdout=said, **refused)
