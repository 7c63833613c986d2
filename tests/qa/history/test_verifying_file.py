"""A history's file by itself: what holds passes; one changed character, whatever it is, is found and named."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from annotation.digests import event_digest, review_digest
from annotation.models import Project
from annotation.models.clips import CLIP_ID_PATTERN
from qa.history import shapes
from qa.history.objects import comment_digest
from qa.history.reading import HistoryFileBroken
from qa.history.records import PARTS, TEXTS
from qa.history.verifying import Verified, verify_file
from qa.services.history import verify_project
from tests.qa.history.told import (
    Line,
    as_bytes,
    caption_of,
    forged,
    history_file,
    line_of,
    lines_of,
    sign_event,
    written,
)

Way = tuple[str | int, ...]


@pytest.fixture
def raw(told_once: bytes) -> bytes:
    return told_once


@pytest.fixture
def verify(tmp_path: Path) -> Callable[[bytes], Verified]:
    return lambda raw: verify_file(history_file(tmp_path, raw))


@pytest.fixture
def refusal(verify: Callable[[bytes], Verified]) -> Callable[[bytes], HistoryFileBroken]:
    def run(raw: bytes) -> HistoryFileBroken:
        with pytest.raises(HistoryFileBroken) as broken:
            verify(raw)
        return broken.value

    return run


def test_an_untouched_file_holds_and_counts_as_the_database_does(
    told: Project, verify: Callable[[bytes], Verified]
) -> None:
    verified = verify(written(told, release="1.0.0"))
    assert (verified.project, verified.release, verified.erased) == ("demo", "1.0.0", 0)
    assert {kind: count for kind, count in verified.counts.items() if kind != "comments"} == verify_project(told).counts
    assert verified.counts["comments"] == 6


def test_an_empty_project_has_a_history_that_holds(project: Project, verify: Callable[[bytes], Verified]) -> None:
    assert str(verify(written(project))) == "nothing yet"


def ways(value: Any, way: Way = ()) -> Iterator[Way]:
    """Where each value stands that is no object and no list, or an empty one."""
    inside: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not inside or not value:
        yield way
        return
    for key, one in inside:
        yield from ways(one, (*way, key))


def other(value: Any) -> Any:
    """The value with one character changed."""
    if isinstance(value, str):
        place = len(value) // 2
        new = "b" if value[place : place + 1] != "b" else "c"
        return value[:place] + new + value[place + 1 :]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value / 10
    return 0 if value is None else [1] if value == [] else {"x": 1}


def changed(line: Line, way: Way) -> Line:
    line = deepcopy(line)
    place: Any = line
    for key in way[:-1]:
        place = place[key]
    place[way[-1]] = other(place[way[-1]])
    return line


COVERED = {"revisions", "reviews", "submissions", "answers", "comments", "events", "drafts"}
"""Parts whose records have digests of their own."""


def is_covered(way: Way) -> bool:
    """By the digest of its record; that of an imported draft covers no job."""
    return len(way) > 2 and way[0] in COVERED and way[-1] not in {"job", "place"} and "provenance" not in way


def test_one_changed_character_in_any_value_is_found_and_named(
    raw: bytes, refusal: Callable[[bytes], HistoryFileBroken]
) -> None:
    lines, tried = lines_of(raw), 0
    for number, line in enumerate(lines, start=1):
        for way in ways(line):
            broken = refusal(as_bytes([*lines[: number - 1], changed(line, way), *lines[number:]]))
            assert broken.line == number, (way, str(broken))
            if is_covered(way):
                assert broken.record == f"{PARTS[str(way[0])]} {int(way[1]) + 1}", (way, str(broken))
            if way[-1] not in {"kind", "object", "clip_id", "question_id"} and "object" in line:
                assert line["object"] in broken.subject, (way, str(broken))
            tried += 1
    assert tried > 700


def test_any_byte_that_is_another_is_found(raw: bytes, refusal: Callable[[bytes], HistoryFileBroken]) -> None:
    for place in range(0, len(raw), 61):
        number = raw.count(b"\n", 0, place) + 1
        bytes_there = bytearray(raw)
        bytes_there[place] ^= 1
        assert refusal(bytes(bytes_there)).line == number


def test_who_computes_the_lines_digests_anew_is_still_found(
    raw: bytes, refusal: Callable[[bytes], HistoryFileBroken]
) -> None:
    """The records' own digests stand in the database and in what was published before."""
    lines, tried = lines_of(raw), 0
    for number, line in enumerate(lines, start=1):
        for way in ways(line):
            if not is_covered(way):
                continue
            broken = refusal(forged([*lines[: number - 1], changed(line, way), *lines[number:]]))
            assert (broken.line, broken.record) == (number, f"{PARTS[str(way[0])]} {int(way[1]) + 1}"), way
            tried += 1
    assert tried > 400


@pytest.mark.parametrize("part", sorted(PARTS))
def test_a_missing_record_is_found(part: str, raw: bytes, refusal: Callable[[bytes], HistoryFileBroken]) -> None:
    lines = lines_of(raw)
    tried = 0
    for number, line in enumerate(lines):
        for place in range(len(line.get(part, ()))):
            cut = {**line, part: line[part][:place] + line[part][place + 1 :]}
            assert refusal(as_bytes([*lines[:number], cut, *lines[number + 1 :]])).line >= number + 1
            tried += 1
    assert tried


@pytest.mark.parametrize("part", ["revisions", "events", "drafts", "jobs"])
def test_a_missing_record_is_found_although_the_lines_digests_are_anew(
    part: str, raw: bytes, refusal: Callable[[bytes], HistoryFileBroken]
) -> None:
    lines = lines_of(raw)
    for number, line in enumerate(lines):
        for place in range(len(line.get(part, ()))):
            cut = {**line, part: line[part][:place] + line[part][place + 1 :]}
            assert refusal(forged([*lines[:number], cut, *lines[number + 1 :]])).line >= number + 1


def test_a_cut_file_shows_wherever_it_is_cut(raw: bytes, refusal: Callable[[bytes], HistoryFileBroken]) -> None:
    whole = raw.splitlines(keepends=True)
    for kept in range(len(whole)):
        assert refusal(b"".join(whole[:kept])).line == max(kept, 1)
    for place in range(1, len(raw), 997):
        assert refusal(raw[:place]).line == raw.count(b"\n", 0, place) + (raw[place - 1 : place] != b"\n")
    assert "in the middle" in refusal(raw[:-1]).problem


def test_swapped_doubled_and_missing_lines_show_although_all_digests_are_anew(
    raw: bytes, refusal: Callable[[bytes], HistoryFileBroken]
) -> None:
    lines = lines_of(raw)
    for place in range(len(lines) - 2):
        refusal(forged([*lines[:place], lines[place + 1], lines[place], *lines[place + 2 :]]))
    for place in range(len(lines) - 1):
        refusal(forged([*lines[:place], lines[place], *lines[place:]]))
        refusal(forged([*lines[:place], *lines[place + 1 :]]))
    refusal(raw + raw.splitlines(keepends=True)[-1])
    refusal(raw + b"\n")


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (b"", "empty"),
        (b"\n", "not JSON"),
        (b"{}\n", "kind"),
        (b"[]\n", "not an object"),
        (b'"text"\n', "not an object"),
        (b"\xff\xfe\n", "not JSON"),
        (b'{"a":' * 2000 + b"1" + b"}" * 2000 + b"\n", "not JSON|nested"),
        (b'{"a":' * 300 + b"1" + b"}" * 300 + b"\n", "nested"),
        (b'{"kind": "haic-history"}\n', "canonically"),
        (b'{"a":1,"a":1}\n', "canonically"),
        (b'{"a":1e400}\n', "not JSON|canonically"),
        (b'{"a":123456789012345678901234567890}\n', "canonically|too large"),
        (b'{"kind":"clip"}\n', "has no"),
        (b'{"kind":["clip"]}\n', "kind"),
    ],
)
def test_what_is_no_history_is_refused_in_words(
    wrong: bytes, problem: str, refusal: Callable[[bytes], HistoryFileBroken]
) -> None:
    broken = refusal(wrong)
    assert broken.line == 1
    assert re.search(problem, broken.problem), broken.problem


def signed_review(caption: Line, review: Line, **changes: Any) -> Line:
    said = {key: value for key, value in {**review, **changes}.items() if key != "digest"}
    return said | {"digest": review_digest(object_id=caption["object"], **said)}


def test_an_approval_without_a_review_shows(raw: bytes, refusal: Callable[[bytes], HistoryFileBroken]) -> None:
    lines = lines_of(raw)
    caption_of(lines, "a")["reviews"] = []
    assert "no review approved" in refusal(forged(lines)).problem


def test_an_approval_that_was_taken_back_is_none(raw: bytes, refusal: Callable[[bytes], HistoryFileBroken]) -> None:
    lines = lines_of(raw)
    caption = caption_of(lines, "a")
    given = caption["reviews"][0]
    undo = signed_review(caption, given, verdict="undo", final=None, undoes=given["digest"])
    caption["reviews"] = [given, undo]
    assert "no review approved" in refusal(forged(lines)).problem


def test_who_judges_their_own_words_shows(raw: bytes, refusal: Callable[[bytes], HistoryFileBroken]) -> None:
    lines = lines_of(raw)
    caption = caption_of(lines, "a")
    author = caption["revisions"][0]["author"]
    caption["reviews"] = [signed_review(caption, caption["reviews"][0], reviewer=author)]
    broken = refusal(forged(lines))
    assert (broken.record, broken.problem) == ("review 1", "the reviewer judged their own words")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"undoes": None}, "takes back no verdict"),
        ({"verdict": "return"}, "takes back no verdict"),
        ({"undoes": "0" * 64}, "is not before it"),
        ({"reviewer": "p-0000000000"}, "somebody else's verdict"),
        ({"judged": 0}, "another one's verdict"),
        ({"final": 0}, "only an approval names"),
    ],
)
def test_an_undo_takes_back_ones_own_earlier_verdict(
    changes: dict[str, Any], problem: str, raw: bytes, refusal: Callable[[bytes], HistoryFileBroken]
) -> None:
    lines = lines_of(raw)
    caption = caption_of(lines, "b")
    place = next(place for place, one in enumerate(caption["reviews"]) if one["undoes"])
    first = caption["revisions"][0]["digest"]
    said = {key: first if value == 0 else value for key, value in changes.items()}
    caption["reviews"][place] = signed_review(caption, caption["reviews"][place], **said)
    broken = refusal(forged(lines))
    assert broken.record == f"review {place + 1}"
    assert problem in broken.problem


def test_a_verdict_is_taken_back_once(raw: bytes, refusal: Callable[[bytes], HistoryFileBroken]) -> None:
    lines = lines_of(raw)
    caption = caption_of(lines, "b")
    undo = next(one for one in caption["reviews"] if one["undoes"])
    again = signed_review(caption, undo, reason="again")
    caption["reviews"].append(again)
    assert "taken back already" in refusal(forged(lines)).problem


def test_a_move_that_is_none_shows(raw: bytes, refusal: Callable[[bytes], HistoryFileBroken]) -> None:
    lines = lines_of(raw)
    clip = line_of(lines, "c")
    said = {key: value for key, value in clip["events"][-1].items() if key != "digest"} | {"verb": "restore"}
    digest = event_digest(object_type="clip", object_id=clip["object"], **said)
    clip["events"][-1] = said | {"digest": digest}
    broken = refusal(forged(lines))
    assert (broken.record, broken.problem) == ("event 2", "“restore” does not lead there from “active”")


def test_a_state_that_no_event_leads_to_shows(raw: bytes, refusal: Callable[[bytes], HistoryFileBroken]) -> None:
    lines = lines_of(raw)
    line_of(lines, "c")["state"] = "active"
    broken = refusal(forged(lines))
    assert broken.subject.startswith("clip c (")
    assert broken.problem == "its state is “active”, its events lead to “excluded”"


@pytest.mark.parametrize(
    ("key", "value"), [("head_number", 2), ("head_digest", "0" * 64), ("approved", None), ("approved", 2)]
)
def test_a_head_that_is_not_the_last_revision_shows(
    key: str, value: Any, raw: bytes, refusal: Callable[[bytes], HistoryFileBroken]
) -> None:
    lines = lines_of(raw)
    caption_of(lines, "a")[key] = value
    assert refusal(forged(lines)).line == lines.index(caption_of(lines, "a")) + 1


def erase(line: Line) -> None:
    """As the texts of an erased clip are left out."""
    for part, record in PARTS.items():
        for one in line.get(part, ()):
            if any(one.get(key) for key in TEXTS.get(record, ())):
                for key in TEXTS[record]:
                    del one[key]
                one["erased"] = True
    for comment in line.get("comments", ()):
        comment["digest"] = comment_digest(comment, object_id=line["object"])


def test_erased_texts_are_counted_and_all_around_them_is_proved(
    raw: bytes, verify: Callable[[bytes], Verified], refusal: Callable[[bytes], HistoryFileBroken]
) -> None:
    lines = lines_of(raw)
    clip = line_of(lines, "a")
    place = lines.index(clip)
    for key in TEXTS["facts"]:
        del clip["facts"][key]
    clip["facts"]["erased"] = True
    for line in lines[place : place + 3]:
        erase(line)
    assert refusal(forged(lines)).problem == "it is erased, but no event says so"
    sign_event(clip, verb="withdraw", to_state="withdrawn")
    sign_event(clip, verb="erase", to_state="withdrawn")
    clip["state"] = "withdrawn"
    verified = verify(forged(lines))
    # 2 drafts, 2 revisions, 6 notes; what the question's submission was flagged with, if anything
    flagged = sum("erased" in one for line in lines for one in line.get("submissions", ()))
    assert verified.erased == 10 + flagged
    assert str(verified).endswith(f"; {10 + flagged} of these erased")
    assert verified.counts == verify(raw).counts + Counter(events=2)
    lines[place + 1]["revisions"][0]["number"] = 2
    assert refusal(forged(lines)).record == "revision 1"


def test_nothing_is_erased_in_a_clip_that_is_not(raw: bytes, refusal: Callable[[bytes], HistoryFileBroken]) -> None:
    lines = lines_of(raw)
    erase(caption_of(lines, "a"))
    broken = refusal(forged(lines))
    assert (broken.record, broken.problem) == ("revision 1", "it is erased, but its clip is not")


def test_ids_that_could_name_another_path_are_refused(
    raw: bytes, refusal: Callable[[bytes], HistoryFileBroken]
) -> None:
    for bad in ("../a", "A", "", "a/b", "a\n"):
        lines = lines_of(raw)
        line_of(lines, "a")["clip_id"] = bad
        assert refusal(forged(lines)).problem == "its “clip_id” must be clip id"
    assert shapes.CLIP_ID_PATTERN == CLIP_ID_PATTERN
