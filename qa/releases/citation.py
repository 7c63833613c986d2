"""How a release is cited: BibTeX and CITATION.cff."""

import json
import re

from qa.models import Release
from qa.releases.gate import settings_of

_BRACES = re.compile(r"([\\{}])")


def authors_of(release: Release) -> list[str]:
    """`Family, Given`, or a name that is one word or a group's."""
    return [line.strip() for line in settings_of(release.project).authors.splitlines() if line.strip()]


def bibtex(release: Release) -> str:
    project, doi = release.project, settings_of(release.project).doi
    fields = {
        "title": f"{{{_tex(project.name)}, version {release.version}}}",
        "author": " and ".join(map(_tex, authors_of(release))) or f"{{{_tex(project.name)} contributors}}",
        "year": f"{release.frozen_at:%Y}",
        "version": release.version,
        **({"doi": doi} if doi else {}),
        "note": f"sha256 {release.digest}",
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    return "\n".join([f"@misc{{{project.slug}-{release.version},", *lines, "}", ""])


def citation_cff(release: Release) -> str:
    """Citation File Format 1.2.0. Texts are quoted as JSON, which YAML reads."""
    project, doi = release.project, settings_of(release.project).doi
    lines = [
        "cff-version: 1.2.0",
        "message: If you use this dataset, please cite it as below.",
        "type: dataset",
        f"title: {_quoted(project.name)}",
        f"version: {_quoted(release.version)}",
        f"date-released: {release.frozen_at:%Y-%m-%d}",
        "authors:",
    ]
    for author in authors_of(release) or [f"{project.name} contributors"]:
        family, comma, given = (part.strip() for part in author.partition(","))
        if comma:
            lines += [f"  - family-names: {_quoted(family)}", f"    given-names: {_quoted(given)}"]
        else:
            lines.append(f"  - name: {_quoted(author)}")
    lines += [f"doi: {_quoted(doi)}"] if doi else []
    lines += ["identifiers:", "  - type: other", f"    value: {_quoted('sha256:' + release.digest)}"]
    return "\n".join([*lines, ""])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _tex(text: str) -> str:
    return _BRACES.sub(r"\\\1", text)
