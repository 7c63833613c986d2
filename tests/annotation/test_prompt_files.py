"""Prompt files: what is read from one, what is refused, and what makes another version."""

import hashlib
from pathlib import Path

import pytest

from annotation import prompt_files as module
from annotation.prompt_files import (
    BadPromptFile,
    PromptFile,
    prompt_files,
    read_prompt_file,
    register_folder,
    version_of,
)

GOOD = "---\nname: caption\ntitle: Standard: format\n---\n\nLook.\n\n---\nname: none\n"


def written(folder: Path, text: str | bytes, name: str = "caption.md") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.fixture
def folders(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    listed: list[Path] = []
    monkeypatch.setattr(module, "FOLDERS", listed)
    return listed


def test_file_is_front_matter_and_text(tmp_path: Path) -> None:
    assert read_prompt_file(written(tmp_path, GOOD)) == PromptFile(
        "caption", "Standard: format", "Look.\n\n---\nname: none"
    )


def test_ends_of_lines_and_white_space_around_the_text_make_no_other_version(tmp_path: Path) -> None:
    unix = read_prompt_file(written(tmp_path, GOOD)).text
    dos = read_prompt_file(written(tmp_path, GOOD.replace("\n", "\r\n") + "\r\n  ")).text
    assert version_of(unix) == version_of(dos)


def test_one_letter_or_sign_makes_another_version() -> None:
    text = prompt_files()["caption"].text
    for changed in (text.replace("a", "b", 1), text.lower(), text + "."):
        assert version_of(changed) != version_of(text)
    assert version_of("é") == hashlib.sha256(b"\xc3\xa9").hexdigest()


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 1, "begins with"),
        ("Look.\n", 1, "begins with"),
        ("\ufeff" + GOOD, 1, "begins with"),
        (b"---\nname: \xff\n", 1, "UTF-8"),
        ("---\nname: caption", 2, "second line"),
        ("---\nname: caption\n\ntitle: x\n---\nLook.", 3, "key: value"),
        ("---\nname:\ntitle: x\n---\nLook.", 2, "key: value"),
        ("---\nname: caption\ntitle x\n---\nLook.", 3, "key: value"),
        ("---\nname: caption\ntitle: x\nmodel: y\n---\nLook.", 4, "'model' is unknown"),
        ("---\nname: caption\nname: caption\n---\nLook.", 3, "stands twice"),
        ("---\nname: caption\n---\nLook.", 3, "'title' is missing"),
        ("---\nname: count\ntitle: x\n---\nLook.", 4, "file's own"),
        ("---\nname: caption\ntitle: " + "x" * 121 + "\n---\nLook.", 4, "120"),
        ("---\nname: caption\ntitle: x\n---\n \n", 4, "no text"),
        ("---\nname: caption\ntitle: x\n---\nLook\x00.", 4, "NUL"),
    ],
)
def test_refusal_names_file_and_line(tmp_path: Path, text: str | bytes, line: int, problem: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(BadPromptFile) as refusal:
        read_prompt_file(path)
    assert str(refusal.value).startswith(f"{path}, line {line}: ")
    assert problem in str(refusal.value)


def test_name_is_small_letters(tmp_path: Path) -> None:
    with pytest.raises(BadPromptFile, match="file's own"):
        read_prompt_file(written(tmp_path, GOOD.replace("caption", "Cap-tion"), "Cap-tion.md"))


def test_prompts_of_all_folders_are_found_by_name(tmp_path: Path, folders: list[Path]) -> None:
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        written(folder, GOOD.replace("caption", name), f"{name}.md")
        written(folder, "no prompt", "README.txt")
        register_folder(folder)
        register_folder(folder / ".." / name)
    assert len(folders) == 2
    assert list(prompt_files()) == ["one", "two"]


def test_two_files_of_one_name_are_refused(tmp_path: Path, folders: list[Path]) -> None:
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        path = written(folder, GOOD)
        register_folder(folder)
    with pytest.raises(BadPromptFile, match="another file is named caption") as refusal:
        prompt_files()
    assert str(path) in str(refusal.value)


def test_prompt_of_captions_is_found_by_itself() -> None:
    assert prompt_files()["caption"].title == "Caption in the standard format"
