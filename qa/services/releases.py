"""Freezing and exporting, with the rights that they need."""

from collections.abc import Sequence
from pathlib import Path

from django.db.models import Exists, OuterRef

from annotation.access import require
from annotation.errors import BadInput, NotVisible
from annotation.models import Clip, Project, User
from annotation.services.draft_flags import ready_drafts
from annotation.snapshots import one_snapshot
from annotation.states import ClipStatus, State
from annotation.text import checked_text
from qa.history.reading import HistoryFileBroken
from qa.models import QAItem, Release, ReleaseKind
from qa.releases.changes import numbers_of
from qa.releases.export import write_export
from qa.releases.files import write_whole
from qa.releases.freeze import checked_filters, freeze, freeze_training
from qa.releases.frozen import FrozenRelease, Tell, tell_nobody
from qa.releases.gate import InTheWay
from qa.releases.layouts import Layout, find_layout
from qa.releases.reimport import read_release_in

UNCHECKED = "many drafts were not checked yet; a worker does it now, try again in a few minutes"


def freeze_release(
    *,
    project: Project,
    version: str,
    notes: str,
    actor: User | None,
    categories: Sequence[str] | None = None,
    splits: Sequence[str] | None = None,
) -> Release:
    """Freeze what is approved; actor None is the installation. Raises RightMissing, BadInput, InTheWay.

    categories, splits: what is let in; None for all.
    """
    if actor is not None:
        require(actor, "release", project=project)
    checked = checked_text(notes, field="notes", most=10_000)
    filters = checked_filters(categories=categories, splits=splits)
    return freeze(project=project, version=version, notes=checked, actor=actor, filters=filters)


def freeze_training_data(
    *, project: Project, version: str, notes: str, actor: User | None, processes: int = 1
) -> Release:
    """Freeze approved captions and drafted ones without flags, and no questions. Raises as `freeze_release`.

    processes: for drafts that the caption checks have not seen; with 1 a worker is asked to see many of them first.
    """
    if actor is not None:
        require(actor, "release", project=project)
    checked = checked_text(notes, field="notes", most=10_000)
    if not ready_drafts(project, processes=processes):
        condition = {"name": "unchecked_drafts", "message": UNCHECKED, "items": [], "count": 0}
        raise InTheWay(UNCHECKED, conditions=[condition])
    return freeze_training(project=project, version=version, notes=checked, actor=actor)


def freeze_as(
    kind: str,
    *,
    project: Project,
    version: str,
    notes: str,
    actor: User | None,
    categories: Sequence[str] | None = None,
    splits: Sequence[str] | None = None,
) -> Release:
    """As `freeze_release` or `freeze_training_data`, whose filters are none. Raises BadInput for another kind too."""
    if kind == ReleaseKind.BENCHMARK:
        return freeze_release(
            project=project, version=version, notes=notes, actor=actor, categories=categories, splits=splits
        )
    if kind != ReleaseKind.TRAIN:
        raise BadInput({"kind": f"must be one of {', '.join(ReleaseKind.values)}"})
    for name, given in (("categories", categories), ("splits", splits)):
        if given is not None:
            raise BadInput({name: "training data has no questions and is not split"})
    return freeze_training_data(project=project, version=version, notes=notes, actor=actor)


def export_release(
    release: Release, *, layout: str, out: Path, with_history: bool = False, tell: Tell = tell_nobody
) -> None:
    """Write the release in a layout into `out`. Raises BadInput for an unknown layout or a folder that is in use."""
    found = layout_of(release, layout)
    with one_snapshot(read_only=True):
        source = FrozenRelease(release, tell=tell)
        write_whole(out, lambda folder: write_export(source, found, folder, with_history=with_history))


def import_release(project: Project, folder: Path, *, actor: User | None, with_history: bool = True) -> Release:
    """Read an export in the layout `haicbench` back; actor None is the installation.

    with_history: restore `history.jsonl` where it is beside the export, with every revision and who wrote it; else the
        last words of each object come back, under the names that the release tells.
    Raises RightMissing, BadInput for a project that is not empty and for whatever of the folder was changed or lacks.
    """
    if actor is not None:
        require(actor, "release", project=project)
    try:
        return read_release_in(project, folder, with_history=with_history)
    except HistoryFileBroken as error:
        raise BadInput({"history": str(error)}) from error


def layout_of(release: Release, name: str) -> Layout:
    """Raises BadInput for an unknown layout, and for one that cannot write releases of this kind."""
    found = find_layout(name)
    if release.kind not in found.KINDS:
        raise BadInput({"layout": f"{name} is no layout of a release of kind {release.kind}"})
    return found


def suggested_versions(project: Project) -> tuple[str, str]:
    """The next that corrects and the next that adds; for a first release both are 1.0.0."""
    taken = [numbers_of(one) for one in project.releases.values_list("version", flat=True)]
    if not taken:
        return "1.0.0", "1.0.0"
    major, minor, patch = max(taken)
    return f"{major}.{minor}.{patch + 1}", f"{major}.{minor + 1}.0"


def readiness(project: Project) -> tuple[int, int]:
    """Clips whose caption and questions are all approved, and all clips. 2 queries."""
    clips = Clip.objects.filter(project=project, state=ClipStatus.ACTIVE)
    done = clips.filter(caption__state=State.APPROVED, qa_set__open_items=0, qa_set__items_in_review=0)
    disputed = QAItem.objects.filter(clip=OuterRef("pk"), state=State.DISPUTED)
    return done.exclude(Exists(disputed)).count(), clips.count()


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
