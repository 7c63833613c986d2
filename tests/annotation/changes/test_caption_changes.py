"""What changed sentence by sentence, and that putting sentences back gives the draft's."""

from hypothesis import given
from hypothesis import strategies as st

from annotation.caption_changes import ChangedSentence, changes_by_sentence, lines
from annotation.sentence_alignment import Line

DRAFT = "There is one person, a bald man. [00:00.3] He spreads both arms. [00:01.0] He jumps."


def units(text: str) -> list[bytes]:
    """UTF-16 units, as browsers count."""
    raw = text.encode("utf-16-le")
    return [raw[place : place + 2] for place in range(0, len(raw), 2)]


def cut(text: str, row: ChangedSentence) -> str:
    return b"".join(units(text)[row.from_ : row.to]).decode("utf-16-le")


def put_back(text: str, row: ChangedSentence) -> str:
    there = units(text)
    assert row.back is not None
    return b"".join([*there[: row.from_], row.back.encode("utf-16-le"), *there[row.to :]]).decode("utf-16-le")


def test_each_row_says_when_where_and_what() -> None:
    now = "There are two people \U0001f600, a bald man. [00:00.4] He spreads both arms. She waves. [00:01.0] He jumps."
    rows = changes_by_sentence(DRAFT, now)
    assert [(row.start_ms, row.is_marked, row.was_ms, row.is_same) for row in rows] == [
        (None, False, None, False),
        (400, True, 300, True),
        (400, False, None, False),
        (1000, True, None, True),
    ]
    assert [row.before for row in rows] == [
        "There is one person, a bald man.",
        "He spreads both arms.",
        None,
        "He jumps.",
    ]
    assert [cut(now, row) for row in rows] == [row.after for row in rows]
    assert [(piece.op, piece.text) for piece in rows[2].pieces] == [("ins", "She waves.")]
    assert rows[2].back is None


def test_a_sentence_that_went_comes_back_with_its_mark_where_it_was() -> None:
    now = "There is one person, a bald man. [00:01.0] He jumps."
    row = changes_by_sentence(DRAFT, now)[1]
    assert (row.before, row.after, row.start_ms) == ("He spreads both arms.", None, 300)
    assert put_back(now, row) == DRAFT


def test_the_first_sentence_that_went_comes_back_in_front() -> None:
    now = "[00:00.3] He spreads both arms. [00:01.0] He jumps."
    row = changes_by_sentence(DRAFT, now)[0]
    assert put_back(now, row) == DRAFT


def test_a_changed_sentence_goes_back_and_the_mark_stays_where_somebody_put_it() -> None:
    now = DRAFT.replace("[00:00.3] He spreads", "[00:00.5] He \U0001f600 lifts")
    row = changes_by_sentence(DRAFT, now)[1]
    assert put_back(now, row) == DRAFT.replace("[00:00.3]", "[00:00.5]")


def test_a_text_without_sentences_has_no_rows() -> None:
    assert changes_by_sentence("", " \n") == []
    assert [row.before for row in changes_by_sentence("", "He jumps.")] == [None]


SENTENCES = st.lists(
    st.sampled_from(["He jumps.", "She waves both arms.", "A dog \U0001f436 barks.", "He turns left.", "They stop."]),
    max_size=6,
)
MARKS = st.sampled_from(["", "[00:00.3] ", "[00:01.0] "])
CAPTIONS = SENTENCES.flatmap(
    lambda said: st.lists(MARKS, min_size=len(said), max_size=len(said)).map(
        lambda marks: " ".join(mark + one for mark, one in zip(marks, said, strict=True))
    )
)


@given(CAPTIONS, CAPTIONS)
def test_putting_back_all_that_changed_or_went_leaves_the_drafts_sentences_and_the_new_ones(
    draft: str, now: str
) -> None:
    while True:
        rows = [row for row in changes_by_sentence(draft, now) if row.before is not None and not row.is_same]
        if not rows:
            break
        before = now
        now = put_back(now, rows[0])
        assert now != before
    left = [row.before for row in changes_by_sentence(draft, now) if row.before is not None]
    assert left == [line.text for line in lines(draft)]


def test_a_line_knows_the_mark_right_before_it() -> None:
    assert lines("[00:00.3] He jumps. He lands.") == [Line("He jumps.", 300), Line("He lands.")]
