"""What docs/export-format.md says, for tests that compare it with what is written."""

import re

from django.conf import settings


def documented(heading: str) -> list[str]:
    """The names in the first column of the table below a heading, in order."""
    text = (settings.BASE_DIR / "docs/export-format.md").read_text()
    section = re.split(r"^#+ ", text.partition(f"# {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    return re.findall(r"^\| `([^`]+)` \|", section, flags=re.MULTILINE)
