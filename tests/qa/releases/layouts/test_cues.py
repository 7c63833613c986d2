"""Where cues begin and end, and how the two formats write what they cannot hold as it is. S-26."""

import pytest

from qa.releases.layouts import srt, webvtt
from qa.releases.layouts._cues import Cue, clock, cues_of
from tests.qa.releases.layouts.readers import srt_cues, webvtt_cues


def cues(marked: str, duration_ms: int = 4000) -> list[tuple[int, int, str]]:
    return [
        (one.start_ms, one.end_ms, one.text) for one in cues_of({"caption_marked": marked, "duration_ms": duration_ms})
    ]


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("He runs.", [(0, 4000, "He runs.")]),
        ("A. [00:01.0] B. [00:02.5] C.", [(0, 1000, "A."), (1000, 2500, "B."), (2500, 4000, "C.")]),
        # A mark at 0: both are shown until the next one.
        ("A. [00:00.0] B. [00:02.0] C.", [(0, 2000, "A."), (0, 2000, "B."), (2000, 4000, "C.")]),
        # Marks out of order: each ends at the next later one.
        ("[00:03.0] Last. [00:01.0] First.", [(1000, 3000, "First."), (3000, 4000, "Last.")]),
        ("[00:01.0] Two. [00:01.0] Alike.", [(1000, 4000, "Two."), (1000, 4000, "Alike.")]),
        # At the end and past it: a second.
        ("[00:04.0] At the end.", [(4000, 5000, "At the end.")]),
        ("[00:01.0] Before. [00:09.0] After.", [(1000, 9000, "Before."), (9000, 10_000, "After.")]),
        ("[00:01.0] [00:02.0] Said.", [(2000, 4000, "Said.")]),
        ("[00:01.0]", []),
    ],
)
def test_a_cue_lasts_to_the_next_later_mark(marked: str, expected: list[tuple[int, int, str]]) -> None:
    assert cues(marked) == expected


def test_times_are_written_to_the_millisecond() -> None:
    assert clock(83_450, point=".") == "00:01:23.450"
    assert clock(2 * 3_600_000 + 59 * 60_000 + 59_999, point=",") == "02:59:59,999"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a --> b", "a --&gt; b"),
        ("<c.x>Fish & chips</c>", "&lt;c.x&gt;Fish &amp; chips&lt;/c&gt;"),
        ("two\nlines", "two\nlines"),
        ("a\n\nb", "a\n&#10;b"),
        ("a\n \n\nb", "a\n &#10;&#10;b"),
        ("a\r\n\r\nb\rc", "a&#13;\n&#13;\nb&#13;c"),
        ("&#10;", "&amp;#10;"),
    ],
)
def test_webvtt_writes_references_for_what_it_reads(text: str, expected: str) -> None:
    assert webvtt.cue_text(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a --> b", "a -- > b"),
        ("a ---> b", "a --- > b"),
        ("<b>bold</b> 1 < 2 <3", "< b>bold< /b> 1 < 2 <3"),
        ("{\\an8}top {curly}", "{ \\an8}top {curly}"),
        ("a\n\n \nb\r\nc\rd\u2028e", "a\nb\nc\nd\ne"),
        ("Fish & chips", "Fish & chips"),
    ],
)
def test_srt_replaces_no_more_than_it_must(text: str, expected: str) -> None:
    assert srt.cue_text(text) == expected


def test_files_are_as_players_expect_them() -> None:
    shown = [Cue(0, 1000, "A man."), Cue(1000, 2500, "He says\n\n<i>a --> b</i>.")]
    assert webvtt.rendered(shown) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nA man.\n\n"
        "00:00:01.000 --> 00:00:02.500\nHe says\n&#10;&lt;i&gt;a --&gt; b&lt;/i&gt;.\n"
    )
    assert srt.rendered(shown) == (
        "1\n00:00:00,000 --> 00:00:01,000\nA man.\n\n2\n00:00:01,000 --> 00:00:02,500\nHe says\n< i>a -- > b< /i>.\n"
    )
    assert [cue.text for cue in webvtt_cues(webvtt.rendered(shown).encode())] == [cue.text for cue in shown]
    assert len(srt_cues(srt.rendered(shown).encode())) == 2
    assert webvtt.rendered([]) == "WEBVTT\n" and srt.rendered([]) == ""
