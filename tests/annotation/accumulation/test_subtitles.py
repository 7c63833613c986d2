"""Subtitles: what a person typed comes through, what a browser would obey does not."""

import pytest

from annotation.accumulation.probe import Refused
from annotation.accumulation.subtitles import MAX_BYTES, MAX_CUES, read_subtitles, shifted_subtitles

SRT = """1
00:00:01,000 --> 00:00:02,500
Hello,
world.

2
00:00:03,000 --> 00:00:04,000
Bye.
"""
PLAIN = """WEBVTT

00:00:01.000 --> 00:00:02.500
Hello,
world.

00:00:03.000 --> 00:00:04.000
Bye.
"""


def srt(text: str) -> str:
    return read_subtitles(text.encode(), name="a.srt")


def vtt(text: str) -> str:
    return read_subtitles(text.encode(), name="a.vtt")


def one_cue(words: str, *, kind: str = "srt") -> str:
    """What becomes of the words of a cue."""
    head = "WEBVTT\n\n" if kind == "vtt" else "1\n"
    text = read_subtitles(f"{head}00:00:01.000 --> 00:00:02.000\n{words}\n".encode(), name=f"a.{kind}")
    return text.removeprefix("WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n")


def refused(raw: bytes | str, name: str = "a.srt") -> Refused:
    with pytest.raises(Refused) as error:
        read_subtitles(raw.encode() if isinstance(raw, str) else raw, name=name)
    assert str(error.value).startswith(name) and str(error.value).endswith(".")
    return error.value


def test_srt_becomes_webvtt() -> None:
    assert srt(SRT) == PLAIN


def test_what_came_out_goes_in_unchanged() -> None:
    assert vtt(PLAIN) == PLAIN
    escaped = vtt("WEBVTT\n\n00:01.000 --> 00:02.000\na &lt;b&gt; &amp; c --&gt; d\n")
    assert vtt(escaped) == escaped


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_endings_and_byte_order_marks_do_not_matter(ending: str, mark: str) -> None:
    assert srt(mark + SRT.replace("\n", ending)) == PLAIN
    assert vtt(mark + PLAIN.replace("\n", ending)) == PLAIN


def test_webvtt_loses_all_but_its_cues() -> None:
    text = """WEBVTT - by Ana
Kind: captions
X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000

STYLE
::cue { background: url(http://evil.example/x) }

REGION
id:fred

NOTE a secret

NOTE
more
secrets

intro
00:01.000 --> 00:02.500 align:start position:10% region:fred
<v Ana><b>Hello</b>,</v>
<c.loud>world.<00:01.500></c>

00:00:03.000 --> 00:00:04.000
Bye.

NOTE the end
"""
    assert vtt(text) == PLAIN


def test_words_that_only_look_like_a_note_are_kept() -> None:
    assert one_cue("NOTE the time", kind="srt") == "NOTE the time\n"
    assert one_cue("NOTEBOOK", kind="vtt") == "NOTEBOOK\n"


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("<i>soft</i> <b>loud</b>", "soft loud\n"),
        ('<font color="#fff">white</font>', "white\n"),
        ("<script>alert(1)</script>", "alert(1)\n"),
        ("<<b>script>alert(1)<</b>/script>", "&lt;script&gt;alert(1)&lt;/script&gt;\n"),
        ('<img src=x onerror="alert(1)"', '&lt;img src=x onerror="alert(1)"\n'),
        ("{\\an8}above", "above\n"),
        ("{curly} stays", "{curly} stays\n"),
        ("2 < 3 & 4 > 1", "2 &lt; 3 &amp; 4 &gt; 1\n"),
        ("left --> right", "left --&gt; right\n"),
        ("a\x07b\x1b[31mc\u2028d\x9be", "a b [31mc d e\n"),
        ("ça va – 你好 🙂", "ça va – 你好 🙂\n"),
        ("  spaces around  ", "spaces around\n"),
    ],
)
def test_words_are_made_harmless(words: str, kept: str) -> None:
    assert one_cue(words) == kept


def test_entities_are_characters_in_webvtt_and_letters_in_srt() -> None:
    assert one_cue("Tom &amp; &lt;b&gt;", kind="vtt") == "Tom &amp; &lt;b&gt;\n"
    assert one_cue("Tom &amp; Ana", kind="srt") == "Tom &amp;amp; Ana\n"
    assert one_cue("a&#10;00:05.000 --&gt; 00:06.000&#0;&#x2028;b", kind="vtt").count("\n") == 1


def test_empty_lines_inside_a_cue_go_and_its_words_stay() -> None:
    assert one_cue("Hello\n\n\nthere\n<i></i>\nagain") == "Hello\nthere\nagain\n"


def test_an_empty_cue_is_dropped_and_order_is_kept() -> None:
    late, silent = "1\n00:00:09,000 --> 00:00:10,000\nlast\n\n", "2\n00:00:05,000 --> 00:00:06,000\n\n"
    early = "3\n00:00:01,0 --> 00:00:02,5\nfirst\n"
    expected = "WEBVTT\n\n00:00:09.000 --> 00:00:10.000\nlast\n\n00:00:01.000 --> 00:00:02.500\nfirst\n"
    assert srt(late + silent + early) == expected


def test_cues_without_empty_lines_between_them_are_told_apart() -> None:
    assert srt(SRT.replace("\n\n", "\n")) == PLAIN


def test_a_number_that_is_spoken_is_kept() -> None:
    assert one_cue("42") == "42\n"


@pytest.mark.parametrize(
    ("times", "problem"),
    [
        ("00:00:02,000 --> 00:00:01,000", "ends before it starts"),
        ("00:00:02,000 --> 00:00:02,000", "ends before it starts"),
        ("00:00:02,000 --> soon", "cannot be read"),
        ("00:00:62,000 --> 00:01:03,000", "cannot be read"),
        ("1 --> 2", "cannot be read"),
        ("00:00:01,000 --> 00:00:02,0000", "cannot be read"),
    ],
)
def test_wrong_times_are_refused_and_the_line_is_named(times: str, problem: str) -> None:
    error = refused(SRT + f"\n3\n{times}\nNo.\n")
    assert error.code == "subtitles_timing"
    assert "line 11" in str(error) and problem in str(error)
    assert error.detail == {"line": 11}


def test_text_before_the_first_cue_is_refused_and_the_line_is_named() -> None:
    assert refused("1\nHello\n").detail == {"line": 1}
    assert refused("<html>\n<body>\n").code == "subtitles_format"


def test_a_vtt_file_without_its_first_word_is_refused() -> None:
    assert refused(SRT, "a.vtt").code == "subtitles_format"
    assert refused("WEBVTTX\n\n00:01.000 --> 00:02.000\nx\n", "a.vtt").code == "subtitles_format"


def test_other_kinds_of_subtitles_are_refused() -> None:
    ass = "[Script Info]\nTitle: x\n\n[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,Hello\n"
    assert refused(ass, "a.ass").code == "subtitles_format"
    assert refused("{100}{200}Hello\n", "a.sub").code == "subtitles_format"
    assert refused('<?xml version="1.0"?>\n<tt><body/></tt>\n', "a.ttml").code == "subtitles_format"


def test_the_name_does_not_decide_what_subtitles_are() -> None:
    assert read_subtitles(SRT.encode(), name="subtitles") == PLAIN
    assert read_subtitles(PLAIN.encode(), name="a.srt") == PLAIN


@pytest.mark.parametrize("empty", ["", "\n\n", "1\n00:00:01,000 --> 00:00:02,000\n<b></b>\n"])
def test_a_file_without_words_is_refused(empty: str) -> None:
    assert refused(empty).code == "subtitles_empty"


def test_other_encodings_are_refused_and_the_line_is_named() -> None:
    latin = refused(SRT.replace("Bye", "Adiós").encode("latin-1"))
    assert (latin.code, latin.detail) == ("subtitles_encoding", {"line": 8})
    for encoding in ("utf-16", "utf-16-le", "utf-32-be"):
        assert refused(SRT.encode(encoding)).code == "subtitles_encoding"


def test_limits_are_held_to_the_byte_and_the_cue() -> None:
    line = "00:00:01.000 --> 00:00:02.000\nx\n"
    fits = line + "x" * (MAX_BYTES - len(line) - 1) + "\n"
    assert len(read_subtitles(fits.encode(), name="a.srt")) > MAX_BYTES
    assert refused(fits + "x").code == "subtitles_too_large"
    assert srt(line * MAX_CUES).count("-->") == MAX_CUES
    assert refused(line * (MAX_CUES + 1)).code == "subtitles_too_many"


def test_a_megabyte_of_brackets_takes_no_time() -> None:
    for filling in ("<", "{\\", "0:", " ", "1", "-->", "&#"):
        read_subtitles(f"00:00:01.000 --> 00:00:02.000\nx{filling * 300_000}".encode(), name="a.srt")


# --- Subtitles of a stretch -------------------------------------------------------------------------------------------


def test_subtitles_of_a_stretch_start_at_its_zero() -> None:
    assert shifted_subtitles(PLAIN, start_ms=400, end_ms=5000) == PLAIN.replace(
        "00:00:01.000 --> 00:00:02.500", "00:00:00.600 --> 00:00:02.100"
    ).replace("00:00:03.000 --> 00:00:04.000", "00:00:02.600 --> 00:00:03.600")


def test_subtitles_that_reach_over_an_end_of_the_stretch_are_clipped_to_it() -> None:
    expected = """WEBVTT

00:00:00.000 --> 00:00:00.500
Hello,
world.

00:00:01.000 --> 00:00:01.250
Bye.
"""
    assert shifted_subtitles(PLAIN, start_ms=2000, end_ms=3250) == expected


def test_one_that_lasts_longer_than_the_stretch_fills_it() -> None:
    expected = "WEBVTT\n\n00:00:00.000 --> 00:00:00.200\nBye.\n"
    assert shifted_subtitles(PLAIN, start_ms=3400, end_ms=3600) == expected


@pytest.mark.parametrize(("start_ms", "end_ms"), [(0, 1000), (2500, 3000), (4000, 9000)])
def test_subtitles_that_only_touch_the_stretch_are_not_in_it(start_ms: int, end_ms: int) -> None:
    assert shifted_subtitles(PLAIN, start_ms=start_ms, end_ms=end_ms) == ""


def test_no_subtitles_stay_none() -> None:
    assert shifted_subtitles("", start_ms=0, end_ms=1000) == ""


def test_words_and_order_of_subtitles_stay_as_they_are_when_shifted() -> None:
    text = vtt(
        "WEBVTT\n\n01:00:09.000 --> 01:00:10.000\n12\na &lt;b&gt; --&gt; c\n\n"
        "NOTE secret\n\n01:00:01.000 --> 01:00:09.500 align:start\n<i>NOTE</i> the time\n"
    )
    expected = (
        "WEBVTT\n\n00:00:09.000 --> 00:00:10.000\n12\na &lt;b&gt; --&gt; c\n\n"
        "00:00:01.000 --> 00:00:09.500\nNOTE the time\n"
    )
    shifted = shifted_subtitles(text, start_ms=3_600_000, end_ms=3_700_000)
    assert shifted == expected and vtt(shifted) == shifted


def test_shifting_by_nothing_changes_nothing() -> None:
    assert shifted_subtitles(PLAIN, start_ms=0, end_ms=10_000) == PLAIN
