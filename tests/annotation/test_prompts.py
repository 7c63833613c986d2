"""Prompts and their versions: append-only, named by their text, chosen by a project, tried without keeping drafts."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.drafting.jobs import run_job
from annotation.drafting.kinds import kind_of_prompt
from annotation.errors import BadInput, RightMissing
from annotation.models import BudgetAccount, Call, CallOutcome, Caption, Draft, Job, JobStatus, Project, Prompt, User
from annotation.prompt_files import prompt_files
from annotation.services.drafting import make_run, regenerate
from annotation.services.prompt_tries import clips_to_try, tries_of, try_on
from annotation.services.prompt_versions import prompt_lines, prompt_names, version_lines, version_named
from annotation.services.prompts import add_version, choose, chosen, shipped
from annotation.states import ClipStatus, State
from annotation.word_diff import side_by_side
from annotation.workflow import move
from qa.models import QAItem
from tests.annotation.drafting.conftest import model, waiting_clips, with_frames
from tests.factories import ApprovedCaptionFactory, ClipFactory
from tests.model_server import ModelServer

__all__ = ["model"]


def another(project: Project, user: User, change: str = "!") -> Prompt:
    """The caption prompt with one letter more."""
    text = shipped("caption").text + change
    return add_version(project=project, user=user, name="caption", title="Changed", text=text)


def test_captions_come_first_then_the_categories_of_table_1_then_what_goes_with_them() -> None:
    assert prompt_names() == [
        "caption",
        "interaction",
        "action_details",
        "action_sequence",
        "count",
        "attribute",
        "redraft",
        "repair",
        "answer_blind",
        "answer_caption",
        "answer_video",
        "describe",
    ]
    assert set(prompt_names()) == set(prompt_files())
    assert kind_of_prompt("repair") is None
    assert kind_of_prompt("redraft") is None


def test_one_letter_makes_another_version_and_the_same_text_the_same_row(project: Project, adam: User) -> None:
    first = chosen(project, "caption")
    second = another(project, adam)
    again = another(project, adam)
    assert (again.pk, again.version) == (second.pk, second.version)
    assert second.version != first.version
    assert chosen(project, "caption") == first  # adding does not choose
    assert [line.prompt for line in version_lines(project, "caption")] == [second, first]
    back = add_version(project=project, user=adam, name="caption", title="As shipped", text=first.text)
    assert back == first


def test_each_draft_names_the_version_that_made_it_and_both_are_counted(
    project: Project, adam: User, ana: User, model: ModelServer
) -> None:
    (clip,) = waiting_clips(project, 1)
    (job,) = make_run(project=project, user=adam, kind="captions").jobs.all()
    run_job(job.pk)
    first = chosen(project, "caption")
    second = choose(project=project, user=adam, name="caption", version=another(project, adam).version)
    run_job(regenerate(clip=clip, user=ana).pk)
    made = Draft.objects.filter(clip=clip).order_by("pk")
    assert [draft.prompt_version for draft in made] == [first.version, second.version]
    counts = {line.prompt: (line.drafts, line.is_in_use) for line in version_lines(project, "caption")}
    assert counts == {first: (1, False), second: (1, True)}
    overview = {line.name: (line.in_use, line.versions, line.drafts) for line in prompt_lines(project)}
    assert overview["caption"] == (second, 2, 1)
    assert overview["repair"][1:] == (1, 0)


def test_another_projects_version_is_not_there(project: Project, adam: User, otto: User) -> None:
    elsewhere = Project.objects.get(slug="elsewhere")
    theirs = another(elsewhere, otto)
    for ask in (
        lambda: version_named(project, "caption", theirs.version),
        lambda: choose(project=project, user=adam, name="caption", version=theirs.version),
    ):
        with pytest.raises(BadInput, match="there is no such version"):
            ask()
    assert theirs not in [line.prompt for line in version_lines(project, "caption")]
    # The same text in both projects is a row of each: one's title says nothing about the other's.
    ours = another(project, adam)
    assert (ours.version, ours.pk != theirs.pk) == (theirs.version, True)


def test_drafts_of_another_project_are_not_counted_here(
    project: Project, otto: User, adam: User, model: ModelServer
) -> None:
    elsewhere = Project.objects.get(slug="elsewhere")
    waiting_clips(elsewhere, 1)
    (job,) = make_run(project=elsewhere, user=otto, kind="captions").jobs.all()
    run_job(job.pk)
    assert [line.drafts for line in version_lines(elsewhere, "caption")] == [1]
    assert [line.drafts for line in version_lines(project, "caption")] == [0]


def test_who_does_not_administer_adds_chooses_and_tries_nothing(project: Project, oda: User) -> None:
    waiting_clips(project, 1)
    prompt = shipped("caption")
    with pytest.raises(RightMissing):
        another(project, oda)
    with pytest.raises(RightMissing):
        choose(project=project, user=oda, name="caption", version=prompt.version)
    with pytest.raises(RightMissing):
        try_on(project=project, user=oda, prompt=prompt, clips="clip-000")
    assert (Prompt.objects.filter(name="caption").count(), Job.objects.count()) == (1, 0)


def test_a_try_is_asked_journalled_and_billed_and_keeps_no_draft(
    project: Project, adam: User, model: ModelServer
) -> None:
    waiting_clips(project, 3)
    prompt = another(project, adam)
    assert clips_to_try(project, "caption") == ["clip-000", "clip-001", "clip-002"]
    for job in try_on(project=project, user=adam, prompt=prompt, clips="clip-001, clip-000  clip-001"):
        run_job(job.pk)
    assert Draft.objects.count() == 0
    assert set(Caption.objects.values_list("state", flat=True)) == {State.WAITING}
    assert {call["body"]["system"][0]["text"] for call in model.calls()} == {prompt.text}
    tries = tries_of(project, "caption")
    assert [(one.job.clip.clip_id, one.job.status, one.is_over) for one in tries] == [
        ("clip-000", JobStatus.DONE, True),
        ("clip-001", JobStatus.DONE, True),
    ]
    assert all(one.replies[0].text.startswith("There ") and not one.replies[0].is_raw for one in tries)
    costs = list(CallOutcome.objects.values_list("cost_micro_usd", flat=True))
    assert len(costs) == Call.objects.count() == 2
    assert sum(one.cost_micro_usd for one in tries) == sum(cost or 0 for cost in costs) > 0
    assert all(one.is_cost_known for one in tries)
    assert BudgetAccount.objects.get(key="project:demo").spent_micro_usd == sum(cost or 0 for cost in costs)


def test_a_try_does_not_stand_in_the_way_of_the_run(project: Project, adam: User, model: ModelServer) -> None:
    waiting_clips(project, 1)
    (job,) = try_on(project=project, user=adam, prompt=shipped("caption"), clips="clip-000")
    run_job(job.pk)
    assert make_run(project=project, user=adam, kind="captions").jobs.count() == 1


def test_a_try_of_questions_shows_them_with_key_evidence_and_flags(
    project: Project, adam: User, ana: User, rui: User, model: ModelServer
) -> None:
    clip = with_frames(ClipFactory.create(project=project, clip_id="c"))
    ApprovedCaptionFactory(project=project, author=ana, reviewer=rui, clip=clip)
    assert clips_to_try(project, "count") == ["c"]
    (job,) = try_on(project=project, user=adam, prompt=shipped("count"), clips="c")
    run_job(job.pk)
    (one,) = tries_of(project, "count")
    assert (one.job.status, QAItem.objects.count(), Draft.objects.filter(kind__startswith="qa").count()) == (
        JobStatus.DONE,
        0,
        0,
    )
    said = one.replies[0].text
    assert said.count("  ← key") >= 1
    assert "\nA  " in said
    kind = kind_of_prompt("count")
    assert kind is not None
    bad: dict[str, Any] = {"question": "How many people?", "options": ["Two", "2", "Three", "Four"], "answer_index": 1}
    bad["evidence"] = ["He jumps."]
    told = kind.preview(one.job, {"questions": [bad]})
    assert told.splitlines()[:5] == ["How many people?", "A  Two", "B  2  ← key", "C  Three", "D  Four"]
    assert "Evidence: [00:01.0] He jumps." in told
    assert "Blocks: options:equal-after-folding: " in told


def test_a_reply_that_cannot_be_read_is_shown_as_it_came(project: Project, adam: User, model: ModelServer) -> None:
    waiting_clips(project, 1)
    (job,) = try_on(project=project, user=adam, prompt=shipped("caption"), clips="clip-000")
    model.behave('says:{"people": []}')
    run_job(job.pk)
    (one,) = tries_of(project, "caption")
    assert one.job.status == JobStatus.FAILED
    assert one.replies[0].is_raw
    assert json.loads(one.replies[0].text) == {"people": []}


def test_a_try_that_waits_costs_nothing_yet(project: Project, adam: User, settings: Any) -> None:
    settings.ANTHROPIC_API_KEY = ""
    waiting_clips(project, 1)
    (job,) = try_on(project=project, user=adam, prompt=shipped("caption"), clips="clip-000")
    run_job(job.pk)
    (one,) = tries_of(project, "caption")
    assert (one.is_over, one.cost_micro_usd, one.replies) == (False, 0, [])
    assert Call.objects.count() == 0


@pytest.mark.parametrize(
    ("clips", "problem"),
    [
        ("", "must be 1 to 3 clip ids"),
        ("clip-000 clip-001 clip-002 clip-003", "must be 1 to 3 clip ids"),
        ("clip-000 absent", "there is no clip “absent”"),
        ("theirs", "there is no clip “theirs”"),
        ("clip-001", "there is no clip “clip-001”"),
    ],
)
def test_what_cannot_be_tried_is_refused_whole(
    project: Project, adam: User, otto: User, clips: str, problem: str
) -> None:
    _, excluded = waiting_clips(project, 2)
    move(excluded, "exclude", actor=adam, to=ClipStatus.EXCLUDED, reason="not of people")
    ClipFactory.create(project=Project.objects.get(slug="elsewhere"), clip_id="theirs")
    with pytest.raises(BadInput, match=problem):
        try_on(project=project, user=adam, prompt=shipped("caption"), clips=clips)
    assert Job.objects.count() == 0


def test_questions_are_tried_only_on_approved_captions_and_a_repair_not_at_all(project: Project, adam: User) -> None:
    waiting_clips(project, 1)
    with pytest.raises(BadInput, match="clip-000: The clip's caption is not approved"):
        try_on(project=project, user=adam, prompt=shipped("count"), clips="clip-000")
    with pytest.raises(BadInput, match="never asked by itself"):
        try_on(project=project, user=adam, prompt=shipped("repair"), clips="clip-000")
    assert clips_to_try(project, "count") == []


def test_the_overview_costs_the_same_for_one_version_as_for_ten(project: Project, adam: User) -> None:
    prompt_lines(project)  # the shipped ones become rows once

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            prompt_lines(project)
        return len(captured)

    few = queries()
    for n in range(10):
        another(project, adam, change=str(n))
    # for each prompt its choice and its shipped row; versions by name; drafts by version
    assert queries() == few == 2 * len(prompt_names()) + 2


def test_texts_beside_each_other_are_both_whole_and_differ_where_they_do() -> None:
    before = "One.\nTwo men jump.\nThree.\nFour.\n"
    after = "One.\nTwo men leap.\nThree.\nFour.\nFive."
    rows = side_by_side(before, after)
    assert "".join(piece.text for row in rows for piece in row.before) == before
    assert "".join(piece.text for row in rows for piece in row.after) == after
    assert [(row.is_same, row.lines) for row in rows] == [(True, 1), (False, 1), (True, 2), (False, 1)]
    assert [piece.text for piece in rows[1].before if piece.op == "del"] == ["jump."]
    assert [piece.text for piece in rows[1].after if piece.op == "ins"] == ["leap."]


def test_two_very_long_lines_are_not_compared_word_by_word() -> None:
    rows = side_by_side("a b " * 2000, "c d " * 2000)
    assert [[piece.op for piece in rows[0].before], [piece.op for piece in rows[0].after]] == [["del"], ["ins"]]
