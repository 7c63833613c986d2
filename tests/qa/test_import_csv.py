"""import_clips from CSV: what spreadsheets write comes in, what is wrong is named by line and column."""

import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from annotation.models import Caption, Clip, Draft, Project
from annotation.services.csv_rows import MOST_BYTES, BadRow, Row, read_table, unescaped
from qa.models import QAItem
from qa.services.history import verify_project
from qa.services.manifest import ClipLine, RefusedLine, read_manifest

SAMPLE = settings.BASE_DIR / "samples/clips/lab-balance-one-man.mp4"
KEYS = "clip_id,video,description\r\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "batch"
    folder.mkdir()
    shutil.copy(SAMPLE, folder / "one.mp4")
    return folder


def run(folder: Path, manifest: str | bytes, capsys: pytest.CaptureFixture[str]) -> tuple[list[str], int]:
    """What the command says and its exit code."""
    path = folder / "manifest.csv"
    path.write_bytes(manifest if isinstance(manifest, bytes) else manifest.encode())
    code = 0
    try:
        call_command("import_clips", str(path), project="demo")
    except SystemExit as stop:
        code = int(stop.code or 0)
    return capsys.readouterr().out.splitlines(), code


def lines(folder: Path, manifest: str | bytes) -> list[ClipLine | RefusedLine]:
    """The manifest's lines as they are read; nothing is imported."""
    path = folder / "manifest.csv"
    path.write_bytes(manifest if isinstance(manifest, bytes) else manifest.encode())
    return [line for line in read_manifest(path, form="csv") if isinstance(line, ClipLine | RefusedLine)]


def refusals(folder: Path, manifest: str | bytes) -> list[tuple[int, str]]:
    return [(line.number, line.reason) for line in lines(folder, manifest) if isinstance(line, RefusedLine)]


def accepted(folder: Path, manifest: str | bytes) -> list[tuple[int, str]]:
    return [(line.number, line.clip_id) for line in lines(folder, manifest) if isinstance(line, ClipLine)]


def described(folder: Path, manifest: str | bytes) -> str:
    (line,) = lines(folder, manifest)
    assert isinstance(line, ClipLine), line
    return line.facts.description


def test_a_clip_comes_in_with_all_that_its_columns_say(
    project: Project, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said, code = run(
        folder,
        "clip_id;video;source;source_id;source_url;source_start_s;source_end_s;license;redistribute;description;"
        "draft_model;draft_caption;camera;lens\r\n"
        'one;one.mp4;lab;7;https://example.org/7;1.25;9;CC BY 4.0;No;"two\r\nlines";'
        'm 1;"One man; he balances.";A; 50 mm\r\n',
        capsys,
    )
    assert (said, code) == (
        [
            "line 1: warning: unknown column “camera” is kept in the clips' metadata",
            "line 1: warning: unknown column “lens” is kept in the clips' metadata",
            "1 new, 0 existing, 0 refused",
        ],
        0,
    )
    clip = Clip.objects.get()
    assert (clip.clip_id, clip.source, clip.source_id, clip.source_url) == ("one", "lab", "7", "https://example.org/7")
    assert (clip.source_start_ms, clip.source_end_ms, clip.may_redistribute) == (1250, 9000, False)
    assert (clip.license, clip.description) == ("CC BY 4.0", "two\r\nlines")
    assert clip.metadata == {"camera": "A", "lens": " 50 mm"}
    draft = Draft.objects.get()
    assert (draft.model, draft.payload) == ("m 1", {"caption": "One man; he balances.", "people": []})
    assert (Caption.objects.get().draft, QAItem.objects.count()) == (draft, 0)
    verify_project(project)


def test_an_empty_cell_is_an_absent_key(project: Project, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said, code = run(
        folder,
        "clip_id,video,source_start_s,redistribute,subtitles,draft_model,draft_caption,camera\none,one.mp4,,,,m,,\n",
        capsys,
    )
    assert (said[-1], code) == ("1 new, 0 existing, 0 refused", 0)
    clip = Clip.objects.get()
    assert (clip.source_start_ms, clip.may_redistribute, clip.subtitles, clip.metadata) == (None, True, "", {})
    assert not Draft.objects.exists()  # a model without a caption is no draft


def test_good_lines_are_kept_and_it_can_run_again_d07(
    project: Project, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = KEYS + "one,one.mp4,\r\ntwo,none.mp4,\r\n\r\nthree,one.mp4,\r\n"
    said, code = run(folder, text, capsys)
    refused = "line 3: refused: video: there is no file “none.mp4”"
    assert (said, code) == ([refused, "2 new, 0 existing, 1 refused"], 1)
    assert run(folder, text, capsys) == ([refused, "0 new, 2 existing, 1 refused"], 1)
    assert Clip.objects.count() == 2


def test_format_says_what_the_name_does_not(project: Project, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "manifest.txt").write_text(KEYS + "one,one.mp4,\r\n")
    call_command("import_clips", str(folder / "manifest.txt"), project="demo", format="csv")
    assert capsys.readouterr().out == "1 new, 0 existing, 0 refused\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_header_may_be_quoted(folder: Path, delimiter: str) -> None:
    rows = [['"clip_id"', '"video"'], ['"one"', '"one.mp4"']]
    assert accepted(folder, "".join(f"{delimiter.join(row)}\n" for row in rows)) == [(2, "one")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
def test_what_spreadsheets_write_is_read(folder: Path, delimiter: str, end: str, mark: bytes) -> None:
    others = "".join({",", ";", "\t"} - {delimiter})
    rows = [["clip_id", "video", "description"], ["one", "one.mp4", f'"a{others}b ""c""{end}d{delimiter}e"']]
    text = end.join(delimiter.join(row) for row in rows) + end
    assert described(folder, mark + text.encode()) == f'a{others}b "c"{end}d{delimiter}e'


def test_only_the_header_says_what_divides_the_cells(folder: Path) -> None:
    text = "description,video,clip_id\n" + "a;b;c;d\te\tf\tg,one.mp4,one\n"
    assert described(folder, text) == "a;b;c;d\te\tf\tg"
    assert refusals(folder, KEYS + "one;one.mp4;\n") == [(2, "has 1 cells; the header has 3")]


@pytest.mark.parametrize("said", ["true", "TRUE", "Yes", "1", " yes "])
def test_yes_is_said_in_three_ways(folder: Path, said: str) -> None:
    (line,) = lines(folder, f"clip_id,video,redistribute\none,one.mp4,{said}\n")
    assert isinstance(line, ClipLine)
    assert line.facts.may_redistribute is True


@pytest.mark.parametrize("said", ["false", "False", "no", "0"])
def test_no_is_said_in_three_ways(folder: Path, said: str) -> None:
    (line,) = lines(folder, f"clip_id,video,redistribute\none,one.mp4,{said}\n")
    assert isinstance(line, ClipLine)
    assert line.facts.may_redistribute is False


@pytest.mark.parametrize(
    ("names", "cells", "reason"),
    [
        ("redistribute", "maybe", "redistribute: must be true or false, yes or no, 1 or 0"),
        ("source_start_s", '"1,5"', "source_start_s: must be a number of seconds, as 7 or 12.5"),
        ("source_start_s", "nan", "source_start_s: must be a number of seconds, as 7 or 12.5"),
        ("source_end_s", "1e3", "source_end_s: must be a number of seconds, as 7 or 12.5"),
        ("source_end_s", "-3", "source_end_s: must be a number of seconds, as 7 or 12.5"),
        ("source_end_s", "９", "source_end_s: must be a number of seconds, as 7 or 12.5"),
        ("source_end_s", "9999999", "source_end_s: must be a number of seconds from 0 to 1,000,000"),
        ("source_start_s,source_end_s", "5,5", "source_end_s: must be later than source_start_s"),
        ("license", "x" * 201, "license: has 201 characters; at most 200 are possible"),
        ("subtitles", "../../etc/passwd", "subtitles: “../../etc/passwd” lies outside the manifest's folder"),
        ("draft_caption", "A man.", "draft_model: is missing; it says which model wrote the caption"),
        ("model,caption", ",A man.", "model: is missing; it says which model wrote the caption"),
        ("draft_model,draft_caption", "m,  ", "draft_caption: must not be empty"),
        ("draft_model,draft_caption", f"{'m' * 201},x", "draft_model: has 201 characters; at most 200 are possible"),
        ("model,caption", f"m,{'x' * 50_001}", "caption: has 50,001 characters; at most 50,000 are possible"),
        ("camera", "a\x00b", "camera: holds a NUL character"),
        ("description", '"a"b', "a closing quote is followed by more text"),
        ("description", "a\rb", "a line end without a line feed (CR alone) stands outside of quotes"),
        ("description", "a,b", "has 4 cells; the header has 3"),
        ("camera", "x" * 131_073, "a cell has more than 131,072 characters"),
        ("camera", "x" * (MOST_BYTES + 1), "has more than 1,000,000 bytes"),
    ],
)
def test_a_bad_line_is_named_with_its_column_and_the_next_is_read(
    folder: Path, names: str, cells: str, reason: str
) -> None:
    columns = names.count(",")
    text = f"clip_id,video,{names}\nbad,one.mp4,{cells}\ngood,one.mp4,{',' * columns}\n"
    ((number, said),) = refusals(folder, text)
    assert number == 2
    assert said.startswith(reason), said
    assert accepted(folder, text) == [(3, "good")]


def test_a_video_outside_of_the_folder_is_refused_s35(folder: Path) -> None:
    (folder.parent / "outside.mp4").write_bytes(b"x")
    names = ["../outside.mp4", "/etc/hostname", "x/../../outside.mp4", "x" * 5000]
    said = refusals(folder, KEYS + "".join(f"a,{name},\n" for name in names))
    assert [number for number, _ in said] == [2, 3, 4, 5]
    assert all("lies outside" in reason for _, reason in said[:3])
    assert said[3][1].startswith("video: there is no file")


def test_bytes_that_are_not_utf_8_spoil_their_line_alone(folder: Path) -> None:
    text = KEYS.encode() + b'a,one.mp4,caf\xe9\r\nb,one.mp4,"x\r\n\xed\xa0\x80"\r\nc,one.mp4,caf\xc3\xa9\r\n'
    assert refusals(folder, text) == [(2, "description: is not UTF-8"), (3, "description: is not UTF-8")]
    assert accepted(folder, text) == [(5, "c")]


def test_lines_are_counted_in_the_file_and_not_by_rows(folder: Path) -> None:
    text = KEYS + 'a,one.mp4,"1\n2\n3"\n\n,,\nb,one.mp4,\nBad Id,one.mp4,\n'
    assert accepted(folder, text) == [(2, "a"), (7, "b")]
    assert [number for number, _ in refusals(folder, text)] == [8]


def test_a_quote_that_is_never_closed_costs_what_follows_it_and_says_so(folder: Path) -> None:
    text = KEYS + 'a,one.mp4,\nb,one.mp4,"open\nc,one.mp4,\n'
    assert accepted(folder, text) == [(2, "a")]
    assert refusals(folder, text) == [(3, "a quote is opened and never closed; no line after it was read")]


def test_a_quote_that_is_closed_by_a_later_lines_quote_costs_these_lines(folder: Path) -> None:
    text = KEYS + 'a,one.mp4,"open\nb,one.mp4,"said"\nc,one.mp4,"fine"\n'
    ((number, reason),) = refusals(folder, text)
    assert (number, reason.split(";")[0]) == (2, "a closing quote is followed by more text")
    assert accepted(folder, text) == [(4, "c")]


@pytest.mark.parametrize("width", [100, 5000])
def test_an_open_quote_is_not_followed_for_ever(folder: Path, width: int) -> None:
    """Cells have a limit of 131,072 characters, rows one of a million bytes: 8 million are not kept to be refused."""
    path = folder / "manifest.csv"
    line = b"x" * width + b"\n"
    path.write_bytes(KEYS.encode() + b'a,one.mp4,"' + line * (8_000_000 // len(line)))
    with path.open("rb") as file:
        table = read_table(file, name="m", required=["clip_id"])
        assert list(table.rows) == [BadRow(2, "a quote is not closed in 131,072 characters; no line after it was read")]
        assert file.tell() < 2_000_000


def test_a_cell_of_100_megabytes_is_refused_in_bounded_memory(folder: Path) -> None:
    import tracemalloc

    path = folder / "manifest.csv"
    with path.open("wb") as file:
        file.write(KEYS.encode() + b"big,one.mp4,")
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b"\nnext,one.mp4,\n")
    tracemalloc.start()
    try:
        with path.open("rb") as file:
            found = list(read_table(file, name="m", required=["clip_id"]).rows)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == [
        BadRow(2, "has more than 1,000,000 bytes"),
        Row(3, {"clip_id": "next", "video": "one.mp4"}),
    ]
    assert peak < 10_000_000


@pytest.mark.parametrize(
    "text",
    [
        "مرحبا \u202eabc\u202c",
        "你好，世界",
        "👨‍👩‍👧‍👦 e\u0301",
        "a\u2028b\u2029c\x85d\x0be\x0cf",
        " leading and trailing \t",
        "-->",
    ],
    ids=["right to left", "Chinese", "emoji of several", "other line ends", "white space", "arrow"],
)
def test_words_come_in_byte_for_byte_s26(folder: Path, text: str) -> None:
    assert described(folder, f'{KEYS}one,one.mp4,"{text}"\r\n') == text


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_what_was_escaped_for_a_spreadsheet_is_read_back_s36(folder: Path, start: str) -> None:
    assert described(folder, f'{KEYS}one,one.mp4,"\'{start}1+1"\n') == f"{start}1+1"
    assert described(folder, f'{KEYS}one,one.mp4,"{start}1+1"\n') == f"{start}1+1"


@pytest.mark.parametrize("text", ["'tis", "'", "''=1", "a'=1", "'＝1", '\'"quoted"', "' =1"])
def test_any_other_quote_is_the_writers_own_s36(text: str) -> None:
    assert unescaped(text) == text


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        ("", "header: there is no line of column names"),
        ("\r\n \r\n", "header: there is no line of column names"),
        ("clip_id,description\n", "header: there is no column “video”"),
        ("clip_id video\n", "header: there is no column “clip_id”"),
        ("clip_id,video,source,source\n", "header: the column “source” stands twice"),
        ("clip_id,video,,\n", "header: column 3 has no name"),
        ("clip_id,video,caption,draft_caption\n", "the columns “draft_caption” and “caption” say the same"),
        ("clip_id,video,draft\n", "has a column “draft”"),
        ("clip_id,video," + ",".join(f"c{n}" for n in range(99)), "header: has 101 columns; at most 100 are possible"),
        (f"clip_id,video,{'x' * 201}\n", "header: has 201 characters"),
        ("clip_id,video,a\x00b\n", "header: holds a NUL character"),
        ('clip_id,video,"a\nb"\n', "header: cannot be read: a quote is opened and never closed"),
        (b"clip_id,video,caf\xe9\n", "header: is not UTF-8"),
        ("clip_id,video\n".encode("utf-16"), "header: the file is in UTF-16; save it as CSV in UTF-8"),
        (b"x" * (MOST_BYTES + 1), "header: has more than 1,000,000 bytes"),
    ],
)
def test_a_header_that_cannot_be_used_is_one_clear_line_and_nothing_comes_in(
    project: Project, folder: Path, capsys: pytest.CaptureFixture[str], manifest: str | bytes, reason: str
) -> None:
    with pytest.raises(CommandError) as refusal:
        run(folder, manifest, capsys)
    assert str(refusal.value).startswith("manifest: manifest.csv: ")
    assert reason in str(refusal.value)
    assert not Clip.objects.exists()


def test_names_of_columns_may_have_space_around_them(folder: Path) -> None:
    assert accepted(folder, "clip_id , video\none,one.mp4\n") == [(2, "one")]
