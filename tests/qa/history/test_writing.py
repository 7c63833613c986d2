"""The history as a file: what stands in it, in which order, under which names, and how it is read from the rows."""

import re
from collections import Counter
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.models import Clip, Event, Membership, Project, User
from annotation.snapshots import one_snapshot
from qa.history import writing
from qa.history.from_rows import Around, clip_line
from qa.history.records import LINES, PARTS, RECORDS, TEXTS
from qa.history.verifying import verify_file
from qa.history.writing import history_lines
from qa.services.history import verify_project
from qa.services.withdrawal import withdraw_clip
from tests.qa.history.told import HOSTILE, Line, history_file, lines_of, written
from tests.qa.scene import finish_clip

HEADINGS = {
    "haic-history": "The first line",
    "prompt": "A prompt",
    "clip": "A clip and its drafts",
    "caption": "A caption",
    "qa_item": "A question and its answers",
    "haic-history-end": "The last line",
    "facts": "Facts of a clip",
    "job": "A job",
    "draft": "A draft",
    "revision": "A revision",
    "submission": "A submission",
    "answer": "A blind answer",
    "review": "A review",
    "comment": "A note",
    "event": "An event",
}


def documented(heading: str) -> list[tuple[str, str]]:
    """The keys of the table below a heading in docs/export-format.md, with their types."""
    text = (settings.BASE_DIR / "docs/export-format.md").read_text().partition("## history.jsonl\n")[2]
    section = re.split(r"^#+ ", text.partition(f"### {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    return re.findall(r"^\| `(\w+)` \| ([^|]+) \|", section, flags=re.MULTILINE)


@pytest.mark.parametrize("name", HEADINGS)
def test_the_keys_and_their_types_are_the_documented_ones(name: str) -> None:
    shapes = {**LINES, **RECORDS}[name]
    assert documented(HEADINGS[name]) == [(key, shape.name) for key, shape in shapes.items()]


def test_what_an_erased_record_lacks_is_documented() -> None:
    text = (settings.BASE_DIR / "docs/export-format.md").read_text()
    rows = dict(re.findall(r"^\| (\w+) \| lacks ([^|]+) \|", text, flags=re.MULTILINE))
    assert rows == {name: ", ".join(f"`{key}`" for key in keys) for name, keys in TEXTS.items()}


def _name(line: Line) -> str:
    return str(line["clip_id"] if line["kind"] == "clip" else line.get("question_id", line["kind"]))


def test_lines_stand_clip_by_clip_with_caption_and_questions(told: Project) -> None:
    lines = lines_of(written(told, release="1.0.0"))
    names = [_name(line) for line in lines]
    questions = ["b-interaction-1", "b-action_sequence-1", "b-count-1", "b-count-2", "b-attribute-1"]
    assert names == [
        "haic-history",
        "prompt",
        *("a", "caption", "a-action_sequence-1"),
        *("b", "caption", *questions),
        *("c", "caption"),
        "haic-history-end",
    ]
    head = {key: lines[0][key] for key in ("project", "release", "objects", "schema_version")}
    assert head == {"project": "demo", "release": "1.0.0", "objects": 12, "schema_version": 1}


def test_every_row_of_the_history_is_in_it(told: Project) -> None:
    found: Counter[str] = Counter()
    for line in lines_of(written(told)):
        for part in PARTS:
            found[part] += len(line.get(part, ()))
    rows = verify_project(told).counts
    assert {part: found[part] for part in ("revisions", "reviews", "drafts", "submissions", "events")} == {
        part: rows[part] for part in ("revisions", "reviews", "drafts", "submissions", "events")
    }
    # 2 drafts of one job; 1 + 3 answers; 3 notes beside the caption and 3 beside the question of clip a
    assert (found["jobs"], found["answers"], found["comments"]) == (1, rows["blind answers"], 6)


def test_the_same_rows_give_the_same_bytes(told: Project) -> None:
    assert written(told) == written(told)


def test_hostile_words_stand_in_it_byte_for_byte(told: Project) -> None:
    lines = {_name(line): line for line in lines_of(written(told))}
    assert lines["b"]["facts"]["description"] == HOSTILE
    assert lines["prompt"]["text"].endswith(HOSTILE)
    assert lines["c"]["events"][-1]["reason"] == HOSTILE
    assert lines["a-action_sequence-1"]["comments"][0]["text"] == HOSTILE
    assert lines["b-attribute-1"]["events"][-1]["reason"] == HOSTILE


def test_nobody_is_named(told: Project) -> None:
    for user in User.objects.all():
        user.email = f"{user.username}@people.example"
        user.save(update_fields=["email"])
    text = written(told).decode()
    for user in User.objects.all():
        for name in (user.username, user.first_name, user.last_name):
            assert not re.search(rf"\b{re.escape(name)}\b", text, flags=re.IGNORECASE), name
    assert "people.example" not in text
    members = set(Membership.objects.filter(project=told).values_list("pseudonym", flat=True))
    assert {value for key, value in _values(lines_of(written(told))) if key in _PEOPLE and value} == members


_PEOPLE = {"author", "reviewer", "submitter", "user", "actor", "done_by"}


def _values(value: Any, key: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [pair for name, one in value.items() for pair in _values(one, name)]
    if isinstance(value, list):
        return [pair for one in value for pair in _values(one, key)]
    return [(key, value)]


def test_other_clips_and_other_projects_stay_out(told: Project, otto: User) -> None:
    elsewhere = otto.memberships.get().project
    with one_snapshot():
        some = lines_of(b"".join(history_lines(told, Clip.objects.filter(clip_id="b"))))
        none = lines_of(b"".join(history_lines(elsewhere, Clip.objects.all())))
    assert [line["clip_id"] for line in some if line["kind"] == "clip"] == ["b"]
    assert some[0]["objects"] == some[-1]["objects"] == 7
    assert [line["kind"] for line in none] == ["haic-history", "haic-history-end"]


@pytest.mark.django_db(transaction=True)
def test_it_asks_for_one_snapshot(project: Project) -> None:
    with pytest.raises(RuntimeError, match="one snapshot"):
        next(history_lines(project, Clip.objects.all()))


def test_queries_are_counted_by_chunk_not_by_clip(
    project: Project, ana: User, rui: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        finish_clip(project, author=ana, reviewer=rui, clip_id=name)
    two = _queries(project)
    for name in ("c", "d", "e"):
        finish_clip(project, author=ana, reviewer=rui, clip_id=name)
    assert _queries(project) == two
    monkeypatch.setattr(writing, "CHUNK", 2)  # a chunk more means those of a chunk more
    assert _queries(project) == two + 2 * (two - BEFORE_ALL_CHUNKS)


BEFORE_ALL_CHUNKS = 6
"""Three counts, prompts, names, and the cursor that clips stream from."""


def _queries(project: Project) -> int:
    with one_snapshot(), CaptureQueriesContext(connection) as captured:
        for _ in history_lines(project, Clip.objects.filter(project=project)):
            pass
    return len(captured)


def test_lines_come_before_the_rest_is_read(
    project: Project, ana: User, rui: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "CHUNK", 1)
    for name in ("a", "b", "c"):
        finish_clip(project, author=ana, reviewer=rui, clip_id=name)
    with one_snapshot(), CaptureQueriesContext(connection) as captured:
        lines = history_lines(project, Clip.objects.filter(project=project))
        first = list(takewhile(lambda line: b'"clip_id":"b"' not in line, lines))
        asked = len(captured)
        rest = list(lines)
    assert (len(first), len(rest)) == (4, 6)  # head, clip, caption, question; b was taken; caption, question; c; tail
    chunk = (len(captured) - BEFORE_ALL_CHUNKS) // 3
    assert asked == BEFORE_ALL_CHUNKS + 2 * chunk


def test_every_line_is_counted_and_covered(told: Project) -> None:
    lines: list[Line] = lines_of(written(told))
    assert all(len(line["digest"]) == 64 for line in lines)
    assert lines[-1]["objects"] == len([line for line in lines if "object" in line])


def test_no_word_of_an_erased_clip_leaves(told: Project, adam: User, tmp_path: Path) -> None:
    whole = verify_file(history_file(tmp_path, written(told)))
    withdraw_clip(clip=Clip.objects.get(clip_id="a"), actor=adam, reason="She asked.", erase=True)
    raw = written(told)
    lines = b"".join(raw.splitlines(keepends=True)[2:5])  # clip a, its caption, its question
    for word in ("bald man", "spreads", "The left one", "Fine.", "a film", "large"):
        assert word.encode() not in lines
    verified = verify_file(history_file(tmp_path, raw))
    assert verified.erased >= 10  # 2 drafts, 2 revisions, 3 notes beside the caption and 3 beside the question
    assert verified.counts == whole.counts + Counter(events=2)


def test_a_row_that_was_emptied_is_erased_and_one_that_still_holds_is_not(told: Project) -> None:
    clip = Clip.objects.prefetch_related("drafts").get(clip_id="c")
    event = Event.objects.get(object_id=clip.object_id, verb="exclude")
    names = dict(Membership.objects.filter(project=told).values_list("user_id", "pseudonym"))
    about = Around(names, {("clip", clip.object_id): [event]}, {}, is_erased=True)
    assert clip_line(clip, about)["events"][0]["reason"] == HOSTILE
    event.reason = ""
    said = clip_line(clip, about)["events"][0]
    assert "reason" not in said
    assert (said["erased"], said["digest"]) == (True, event.digest)
