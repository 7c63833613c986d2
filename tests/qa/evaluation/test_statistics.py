"""Each plot's table equals what independent SQL says of the same rows, or what was worked out by hand."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from annotation.models import Caption, CaptionLease, Clip, Event, LeaseEnd, LeaseWork, Project, User
from annotation.services import leases
from annotation.services.drafts import store_draft
from qa.evaluation.charts import Plot
from qa.evaluation.plots import bins
from qa.evaluation.progress import Week, forecast
from qa.evaluation.stop_words import telling_words
from qa.models import QAItem
from qa.services import items, reviews
from qa.services.releases import freeze_release
from qa.services.statistics import count_statistics, statistics_for
from tests.factories import ApprovedCaptionFactory, ClipFactory, SubmittedCaptionFactory
from tests.qa.scenes import (
    COUNT_QUESTION,
    answer_all,
    approved_item,
    content_of,
    fresh,
    saved_item,
    submit_all,
    submitted_item,
)

CAPTIONS = [
    "There is one person in the video, a bald man. [00:00.3] He spreads both arms. [00:01.0] He jumps.",
    "There is one person in the video, a bald man. [00:00.3] The man's arms go up. [00:01.0] He jumps twice and waves.",
    "Two women dance. A bald man watches the women’s arms and jumps.",
    "A bald man runs. [00:00.5] Arms wave, wave and wave.",
]
"""The draft is the first of them: `tests.factories.TEXT`."""


def plots_of(project: Project, user: User, release: Any = None) -> dict[str, Plot]:
    count_statistics(project.pk, release.pk if release else None)
    return {plot.name: plot for plot in statistics_for(user, project=project, release=release).plots}


def sql(statement: str) -> list[list[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [list(row) for row in cursor.fetchall()]


APPROVED = """
    WITH approved AS (
        SELECT clip.*, regexp_replace(words.text, '\\[\\d{2,}:[0-5]\\d\\.\\d\\] ?', '', 'g') AS plain, words.text,
            words.people
        FROM annotation_clip clip JOIN annotation_caption caption ON caption.clip_id = clip.id
        JOIN annotation_captionrevision words ON words.id = caption.approved_revision_id
        WHERE caption.state = 'approved' AND clip.state = 'active' AND clip.project_id = (
            SELECT id FROM annotation_project WHERE slug = 'demo')
    )
"""


@pytest.fixture
def clips(project: Project, ana: User, rui: User) -> list[Clip]:
    """Four approved captions on clips of 2.0, 3.5, 7.2 and 15 s; and one that is only handed in."""
    made = []
    for text, duration_ms in zip(CAPTIONS, (2000, 3500, 7200, 15_000), strict=True):
        clip = ClipFactory.create(project=project, duration_ms=duration_ms)
        ApprovedCaptionFactory(project=project, author=ana, reviewer=rui, text=text, clip=clip)
        made.append(clip)
    SubmittedCaptionFactory(project=project, author=ana, text="Nobody counts these bald arms.")
    return made


def test_words_and_lengths_equal_independent_sql(project: Project, clips: list[Clip], adam: User) -> None:
    found = plots_of(project, adam)
    words = sql(APPROVED + "SELECT cardinality(regexp_split_to_array(btrim(plain), '\\s+')) AS n FROM approved")
    counted = [[low, sum(1 for (n,) in words if low == n)] for low in range(min(words)[0], max(words)[0] + 1)]
    assert [[row[0], row[2]] for row in found["caption-words"].rows] == counted
    assert sum(n for _, n in counted) == 4
    seconds = sql(APPROVED + "SELECT floor(duration_ms / 1000)::int, count(*) FROM approved GROUP BY 1 ORDER BY 1")
    assert [[row[0], row[2]] for row in found["clip-durations"].rows if row[2]] == seconds
    assert [row[0] for row in found["clip-durations"].rows] == list(range(2, 16))


def test_the_cloud_counts_captions_as_independent_sql_does(project: Project, clips: list[Clip], adam: User) -> None:
    counted = sql(
        APPROVED
        + """SELECT word, count(*) FROM (SELECT DISTINCT approved.id, regexp_replace(replace(found[1], '’', ''''),
                '''s$', '') AS word
            FROM approved, regexp_matches(lower(plain), '[[:alpha:]]+(?:[''’][[:alpha:]]+)*', 'g') AS found) AS one
        WHERE length(word) > 1 AND word NOT IN ('there', 'is', 'in', 'the', 'and', 'he', 'both', 'then', 'up', 'one')
        GROUP BY word HAVING count(*) >= 3 ORDER BY 2 DESC, 1"""
    )
    assert plots_of(project, adam)["words"].rows == counted == [["arms", 4], ["bald", 4], ["man", 4], ["jumps", 3]]
    assert telling_words("The MEN’s T-shirt isn't don’t Élan_vital 3rd x") == {"men", "shirt", "élan", "vital", "rd"}


def test_people_and_marks_equal_independent_sql(project: Project, clips: list[Clip], adam: User) -> None:
    found = plots_of(project, adam)
    people = sql(APPROVED + "SELECT jsonb_array_length(people)::text, count(*) FROM approved GROUP BY 1")
    assert [row for row in found["people"].rows if row[1]] == people == [["1", 4]]
    density = sql(
        APPROVED
        + """SELECT floor(2 * 10000.0 * (length(text) - length(replace(text, '[0', '[')))
                / duration_ms) / 2, count(*) FROM approved GROUP BY 1 ORDER BY 1"""
    )
    # 2 marks in 2 s are 10 for ten seconds, in 3.5 s 5.7; none; 1 in 15 s is 0.67.
    assert [[float(low), n] for low, n in density] == [[0.0, 1], [0.5, 1], [5.5, 1], [10.0, 1]]
    rows = {row[0]: row[1:] for row in found["time-marks"].rows if row[2]}
    assert rows == {0.0: [0.5, 1], 0.5: [1.0, 1], 5.0: ["more", 2]}


def test_edits_are_as_worked_out_by_hand(project: Project, clips: list[Clip], adam: User) -> None:
    found = plots_of(project, adam)
    # Against the draft, 17 words: the first is as drafted. The second: "The man's arms go up." for "He spreads both
    # arms." (he-The, spreads-man's, both-arms, arms.-go, + up. = 5), and "jumps." is "jumps twice and waves." (1 + 3)
    # = 9. The third and fourth by the textbook algorithm below.
    distances = sorted(textbook(plain(CAPTIONS[0]).split(), plain(text).split()) for text in CAPTIONS)
    assert distances[:2] == [0, 9]
    mean = round(sum(distances) / 4, 1)
    median = (distances[1] + distances[2]) / 2
    assert found["words-changed"].rows == [["test model", "", 4, mean, median, 1]]
    # Each draft has 3 sentences; the first keeps 3, the second the one on the person, the others none.
    assert found["sentences"].rows == [["test model", "", 12, 4, 33.3]]


def plain(text: str) -> str:
    return re.sub(r"\[[\d:.]+\] ", "", text)


def textbook(before: list[str], after: list[str]) -> int:
    """Wagner and Fischer, row by row."""
    row = list(range(len(after) + 1))
    for place, word in enumerate(before, start=1):
        left, row[0] = row[0], place
        for column, other in enumerate(after, start=1):
            left, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, left + (word != other))
    return row[-1]


@pytest.fixture
def questions(clips: list[Clip], ana: User, rui: User) -> dict[str, QAItem]:
    """One question of each outcome but `written`, each on a clip of its own; two are as drafted."""
    as_drafted = approved_item(clips[0], author=ana, reviewer=rui)
    fixed = submitted_item(clips[1], ana)
    answer_all(clips[1], rui)
    changed = content_of(fixed, rui, question="What does the man do just before he jumps?")
    reviews.fix_and_approve(item=fixed, reviewer=rui, seen_number=1, content=changed, reason="clearer")
    returned = submitted_item(clips[2], ana)
    answer_all(clips[2], rui)
    reviews.return_to_author(item=returned, reviewer=rui, seen_number=1, reason="look again")
    submit_all(clips[2], ana)
    reviews.approve(item=fresh(returned), reviewer=rui, seen_number=1)
    edited = saved_item(clips[3], ana, category="count", payload=COUNT_QUESTION)
    other = content_of(edited, ana, question="How many times does the bald man jump up?")
    items.save(item=edited, user=ana, etag='"1-0"', content=other)
    leases.release(unit=clips[3].qa_set, user=ana)
    dropped = saved_item(clips[3], ana, category="attribute")
    items.drop(item=fresh(dropped), user=ana, etag='"1-0"', reason="twice")
    leases.release(unit=clips[3].qa_set, user=ana)
    submit_all(clips[3], ana)
    answer_all(clips[3], rui, "o2")
    reviews.approve(item=fresh(edited), reviewer=rui, seen_number=2)
    return {"as_drafted": as_drafted, "fixed": fixed, "returned": returned, "edited": edited, "dropped": dropped}


def test_categories_and_outcomes_equal_independent_sql(
    project: Project, questions: dict[str, QAItem], adam: User
) -> None:
    found = plots_of(project, adam)
    counted: dict[str, int] = dict(sql("SELECT category, count(*) FROM qa_qaitem WHERE state = 'approved' GROUP BY 1"))
    assert counted == {"action_sequence": 3, "count": 1}
    assert found["categories"].rows == [
        *[["Interaction", 0, 0.0], ["Action Details", 0, 0.0], ["Action Sequence", 3, 75.0], ["Count", 1, 25.0]],
        ["Attribute", 0, 0.0],
    ]
    outcomes = {str(row[0]): row[1:] for row in found["acceptance"].rows}
    columns = ["As drafted", "Edited", "Fixed in review", "Returned first", "Written anew", "Dropped"]
    assert found["acceptance"].columns[1:] == columns
    verdicts = sql("SELECT verdict, count(*) FROM qa_qareview GROUP BY 1 ORDER BY 1")
    assert verdicts == [["approve", 3], ["fix", 1], ["return", 1]]
    assert outcomes["Action Sequence"] == [1, 0, 1, 1, 0, 0]
    assert outcomes["Count"] == [0, 1, 0, 0, 0, 0]
    assert outcomes["Attribute"] == [0, 0, 0, 0, 0, 1]


def test_a_release_is_counted_as_it_was_frozen(
    project: Project, questions: dict[str, QAItem], adam: User, ana: User, rui: User
) -> None:
    before = plots_of(project, adam)
    release = freeze_release(project=project, version="1.0.0", notes="", actor=adam)
    ApprovedCaptionFactory(project=project, author=ana, reviewer=rui)
    found = plots_of(project, adam, release)
    assert sorted(set(before) - set(found)) == ["cost", "minutes", "progress", "sentences"]
    for name, plot in found.items():
        rows = before[name].rows if name != "acceptance" else [row[:-1] for row in before[name].rows]
        assert plot.rows == rows, name
        assert all(len(row) == len(plot.columns) for row in plot.rows)
    counted = sql(
        "SELECT question ->> 'category', count(*) FROM qa_releaseitem, jsonb_array_elements(content -> 'qa') question "
        "GROUP BY 1 ORDER BY 1"
    )
    assert counted == [["action_sequence", 3], ["count", 1]]
    now = plots_of(project, adam)
    assert sum(int(row[2]) for row in now["clip-durations"].rows) == 5
    assert sum(int(row[2]) for row in found["clip-durations"].rows) == 4


def lease(clip: Clip, holder: User, minutes: float, work: LeaseWork = LeaseWork.EDIT) -> None:
    now = timezone.now()
    CaptionLease.objects.create(
        caption=clip.caption,
        holder=holder,
        work=work,
        leased_at=now,
        expires_at=now,
        ended_at=now,
        ended_how=LeaseEnd.SUBMITTED,
        active_ms=int(minutes * 60_000),
    )


def test_minutes_are_those_of_writing(project: Project, clips: list[Clip], ana: User, rui: User, adam: User) -> None:
    for clip, minutes in zip(clips, (2.5, 0.7, 3.9), strict=False):
        lease(clip, ana, minutes)
    lease(clips[0], ana, 1.0)
    lease(clips[0], rui, 40.0, LeaseWork.REVIEW)
    # 3.5 and 3.9 minutes, 0.7 minutes; the fourth clip has no measured time.
    assert plots_of(project, adam)["minutes"].rows == [[0, 1, 1], [1, 2, 0], [2, 3, 0], [3, 4, 2]]


def test_weeks_and_forecast(project: Project, clips: list[Clip], adam: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE annotation_event DISABLE TRIGGER USER")
    for clip, days in zip(clips, (0, 7, 7, 21), strict=True):
        events = Event.objects.filter(object_id=clip.caption.object_id, to_state="approved")
        events.update(created_at=timezone.now() - timedelta(days=days))
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE annotation_event ENABLE TRIGGER USER")
    plot = plots_of(project, adam)["progress"]
    assert [row[1:] for row in plot.rows] == [[1, 0], [0, 0], [2, 0], [1, 0]]
    begins = sql("SELECT (date_trunc('week', now() AT TIME ZONE 'UTC') - n * interval '7 days')::date::text "
                 "FROM generate_series(3, 0, -1) n")  # fmt: skip
    assert [[row[0]] for row in plot.rows] == begins
    # The three whole weeks have 3: over the last four whole weeks that is 0.75 each; 1 caption is missing.
    assert "Captions missing: 1. At 0.75 a week, the mean of the last four whole weeks, that takes until" in plot.note


def test_a_forecast_by_hand(project: Project, clips: list[Clip]) -> None:
    today = timezone.now().date().replace(year=2026, month=3, day=2)
    whole = [Week(today - timedelta(weeks=n), captions, 0) for n, captions in enumerate((9, 2, 0, 1, 1, 7))]
    # The newest is this week and does not count: 2 + 0 + 1 + 1 = 4, so that 1 missing caption takes 7 days.
    assert forecast(project, whole[::-1], today=today).endswith("that takes until 9 March 2026.")
    Project.objects.filter(pk=project.pk).update(question_targets={"count": 2})
    assert "Questions missing: 10. Nothing was approved" in forecast(project, whole[::-1], today=today)


def test_an_empty_project_has_empty_tables(project: Project, adam: User) -> None:
    found = plots_of(project, adam)
    assert len(found) == 12
    for name in ("caption-words", "clip-durations", "words", "people", "time-marks", "words-changed", "minutes"):
        assert found[name].rows == []
        assert "Nothing to count yet" in found[name].svg
    assert [row[1] for row in found["categories"].rows] == [0] * 5


def test_the_cost_is_the_ledgers(project: Project, clips: list[Clip], adam: User) -> None:
    assert plots_of(project, adam)["cost"].rows == [["Captions", 0, 0.0, ""], ["Questions", 0, 0.0, ""]]


def test_bins_are_round_few_and_hold_everything() -> None:
    assert bins({}) == []
    assert bins({"7": 2}) == [[7, 8, 2]]
    assert bins({"0": 1, "39": 1})[:2] == [[0, 2, 1], [2, 4, 0]]
    assert bins({"29": 1, "5": 3}, scale=10) == [[0, 1, 3], [1, 2, 0], [2, 3, 1]]
    wide = bins({str(n * n): n for n in range(1, 3000)})
    assert len(wide) <= 20
    assert sum(int(row[2]) for row in wide) == sum(range(1, 3000))


def test_models_and_prompts_are_apart(project: Project, ana: User, rui: User, adam: User) -> None:
    for model in ("one\tmodel", "<b>other</b>"):
        clip = ClipFactory.create(project=project)
        payload = {"caption": CAPTIONS[0], "people": []}
        ApprovedCaptionFactory(project=project, author=ana, reviewer=rui, clip=clip)
        Caption.objects.filter(clip=clip).update(
            draft=store_draft(clip=clip, kind="caption", model=model, payload=payload)
        )
    found = plots_of(project, adam)["words-changed"]
    assert [row[:3] for row in found.rows] == [["<b>other</b>", "", 1], ["one\tmodel", "", 1]]
    assert "<b>" not in found.svg
