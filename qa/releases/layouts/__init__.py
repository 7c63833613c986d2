"""Export layouts: one module each, found by its place in this folder; it gives NAME and write(release, folder)."""

import pkgutil
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from annotation.errors import BadInput
from qa.models import Release


class Layout(Protocol):
    NAME: str

    def write(self, release: Release, folder: Path) -> None:
        """Write the layout's files into an empty folder, from the frozen rows alone."""
        ...


def layout_names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def find_layout(name: str) -> Layout:
    """Raises BadInput that lists the layouts there are."""
    if name not in layout_names():
        raise BadInput({"layout": f"there is no layout “{name}”; there are: {', '.join(layout_names())}"})
    return cast(Layout, import_module(f"{__name__}.{name}"))
