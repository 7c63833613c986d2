"""ES modules of a page, with a hint for each that they import: the browser fetches all of them at once."""

import re
from functools import cache
from pathlib import Path, PurePosixPath

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

register = template.Library()

_IMPORT = re.compile(r"""^(?:import|export)\b(?:[^'";=]*\bfrom)?\s*["'](\.{1,2}/[^'"]+)["']""", re.MULTILINE)


@register.simple_tag
def modules(names: str) -> SafeString:
    """Script tags for modules of static/js, in this order, and preload hints for what they import."""
    wanted = [f"js/{name}.js" for name in names.split()]
    hints = format_html_join("", '<link rel="modulepreload" href="{}">', ((static(path),) for path in imported(names)))
    tags = format_html_join("", '<script type="module" src="{}"></script>', ((static(path),) for path in wanted))
    return hints + tags


@cache
def imported(names: str) -> tuple[str, ...]:
    """Paths below static/ that the modules import, each once, the deepest last."""
    wanted = [f"js/{name}.js" for name in names.split()]
    found: dict[str, None] = dict.fromkeys(wanted)
    queue = list(wanted)
    while queue:
        path = queue.pop(0)
        for name in _IMPORT.findall(_source(path)):
            reached = _joined(PurePosixPath(path).parent, name)
            if reached not in found:
                found[reached] = None
                queue.append(reached)
    return tuple(path for path in found if path not in wanted)


def _source(path: str) -> str:
    place = finders.find(path)
    if not isinstance(place, str):
        raise template.TemplateSyntaxError(f"there is no static file {path}")
    return Path(place).read_text()


def _joined(folder: PurePosixPath, name: str) -> str:
    parts = list(folder.parts)
    for part in PurePosixPath(name).parts:
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)
