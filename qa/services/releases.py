"""Freezing and exporting, with the rights that they need."""

from pathlib import Path

from annotation.access import require
from annotation.errors import BadInput, NotVisible
from annotation.models import Project, User
from annotation.text import checked_text
from qa.models import Release
from qa.releases.files import write_whole
from qa.releases.freeze import freeze
from qa.releases.layouts import find_layout


def freeze_release(*, project: Project, version: str, notes: str, actor: User | None) -> Release:
    """Freeze what is approved; actor None is the installation. Raises RightMissing, BadInput, InTheWay."""
    if actor is not None:
        require(actor, "release", project=project)
    checked = checked_text(notes, field="notes", most=10_000)
    return freeze(project=project, version=version, notes=checked, actor=actor)


def export_release(release: Release, *, layout: str, out: Path) -> None:
    """Write the release in a layout into `out`. Raises BadInput for an unknown layout or a folder that is in use."""
    found = find_layout(layout)
    write_whole(out, lambda folder: found.write(release, folder))


def release_for(user: User, *, slug: str, version: str) -> Release:
    """Raises NotVisible for another project's release and for none."""
    releases = Release.objects.visible_to(user).select_related("project", "frozen_by")
    release = releases.filter(project__slug=slug, version=version).first()
    if release is None:
        raise NotVisible
    return release


def release_of(project: Project, version: str) -> Release:
    """For commands. Raises BadInput that lists the versions there are."""
    release = Release.objects.select_related("project").filter(project=project, version=version).first()
    if release is None:
        known = ", ".join(project.releases.values_list("version", flat=True)) or "none"
        raise BadInput({"release": f"{project.slug} has no release {version}; there are: {known}"})
    return release
