"""Words by which descriptions are read, as text files: `[section]` lines, then words between white space.

A line that starts with `#` is a remark; `_` stands for a space. Sections are sorted, so that two versions compare well.
"""

from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=64)
def sections(name: str) -> dict[str, tuple[str, ...]]:
    """The words of `name.txt`, by section, in its order."""
    found: dict[str, list[str]] = {}
    words: list[str] = []
    for line in Path(__file__).with_name(f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            words = found.setdefault(line.strip("[] "), [])
        elif not line.startswith("#"):
            words += line.split()
    return {section: tuple(words) for section, words in found.items()}


@lru_cache(maxsize=256)
def words(name: str, *wanted: str) -> frozenset[str]:
    """The words of some sections together, `_` read as a space."""
    read = sections(name)
    return frozenset(word.replace("_", " ") for section in wanted for word in read.get(section, ()))
