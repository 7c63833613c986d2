"""Prompts as files: front matter of `key: value` lines between two lines `---`, then the text that a model reads.

A file only seeds the prompts of an installation. The version of a prompt is a digest of its text: not of its title, and
not of where it lay.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

FOLDERS: list[Path] = [Path(__file__).resolve().parent / "prompts"]
"""Where prompts lie. An app above adds its own by `register_folder`."""
_KEYS = ("name", "title")
TITLE_CHARACTERS = 120
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class BadPromptFile(ValueError):
    """What is wrong with a prompt file, in one sentence that names the file and the line."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path}, line {line}: {problem}.")


@dataclass(frozen=True)
class PromptFile:
    """name: the file's own, without its ending. text: what is sent, without front matter and outer white space."""

    name: str
    title: str
    text: str


def version_of(text: str) -> str:
    """The version of a prompt with this text: sha256, 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def register_folder(path: Path) -> None:
    """Have `prompt_files` read this folder too. Twice is once."""
    if path.resolve() not in FOLDERS:
        FOLDERS.append(path.resolve())


def prompt_files() -> dict[str, PromptFile]:
    """Every prompt of every folder by its name. Raises BadPromptFile, also where two files have one name."""
    found: dict[str, PromptFile] = {}
    for folder in FOLDERS:
        for path in sorted(folder.glob("*.md")):
            prompt = read_prompt_file(path)
            if prompt.name in found:
                raise BadPromptFile(path, 2, f"another file is named {prompt.name} too")
            found[prompt.name] = prompt
    return found


def read_prompt_file(path: Path) -> PromptFile:
    """The prompt in a file. Raises BadPromptFile, and OSError where there is none to read."""
    try:
        lines = path.read_bytes().decode("utf-8").replace("\r\n", "\n").split("\n")
    except UnicodeDecodeError as error:
        raise BadPromptFile(path, 1, "the file is not UTF-8") from error
    if lines[0] != "---":
        raise BadPromptFile(path, 1, "a prompt file begins with a line ---")
    values: dict[str, str] = {}
    for number, line in enumerate(lines[1:], start=2):
        if line == "---":
            return _prompt(path, number, values, "\n".join(lines[number:]).strip())
        key, colon, value = line.partition(":")
        if not colon or not value.strip():
            raise BadPromptFile(path, number, "a line before the second --- is `key: value`")
        if key not in _KEYS:
            raise BadPromptFile(path, number, f"the key {key!r} is unknown; {' and '.join(_KEYS)} are known")
        if key in values:
            raise BadPromptFile(path, number, f"the key {key!r} stands twice")
        values[key] = value.strip()
    raise BadPromptFile(path, len(lines), "the second line --- is missing")


def _prompt(path: Path, number: int, values: dict[str, str], text: str) -> PromptFile:
    """number: the line that ends the front matter."""
    for key in _KEYS:
        if key not in values:
            raise BadPromptFile(path, number, f"the key {key!r} is missing")
    if not _NAME.fullmatch(values["name"]) or values["name"] != path.stem:
        raise BadPromptFile(path, number, f"the name must be the file's own, {path.stem}: small letters, digits, _")
    if len(values["title"]) > TITLE_CHARACTERS:
        raise BadPromptFile(path, number, f"the title has more than {TITLE_CHARACTERS} characters")
    if not text or "\x00" in text:
        raise BadPromptFile(path, number, "there is no text after the second ---, or it holds a NUL character")
    return PromptFile(values["name"], values["title"], text)
