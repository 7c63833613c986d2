"""Export layouts: one module each, found by its place in this folder.

A module gives NAME, TITLE, HAS_VIDEOS, KINDS and write(source, folder); modules whose names begin with _ are shared.
"""

import pkgutil
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from annotation.errors import BadInput
from qa.models import Release
from qa.releases.frozen import FrozenRelease


class Layout(Protocol):
    """TITLE: for people. HAS_VIDEOS: the clips stand beside it in `videos/`. KINDS: of releases that it can write."""

    NAME: str
    TITLE: str
    HAS_VIDEOS: bool
    KINDS: frozenset[str]

    def write(self, source: FrozenRelease, folder: Path) -> None:
        """Write the layout's files into an empty folder, from the frozen rows alone."""
        ...


def layout_names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def layouts_for(release: Release) -> list[Layout]:
    return [one for one in map(find_layout, layout_names()) if release.kind in one.KINDS]


def find_layout(name: str) -> Layout:
    """Raises BadInput that lists the layouts there are."""
    if name not in layout_names():
        raise BadInput({"layout": f"there is no layout “{name}”; there are: {', '.join(layout_names())}"})
    return cast(Layout, import_module(f"{__name__}.{name}"))
