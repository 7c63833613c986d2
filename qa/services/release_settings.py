"""What a project's releases ask for: who changes it, and what that does to what is published already."""

import re

from annotation.access import require
from annotation.errors import BadInput
from annotation.models import Clip, Project, User
from annotation.text import checked_text
from annotation.transactions import in_transaction
from qa.models import Release, ReleaseKind, ReleaseSettings
from qa.models.releases import DOI_PATTERN
from qa.releases.changes import numbers_of
from qa.releases.splits import Splitting

MOST = {"held_out_percent": 90, "blind_answer_floor": 5, "audit_floor_percent": 100}


@in_transaction
def change_release_settings(
    *,
    project: Project,
    user: User,
    held_out_percent: int,
    blind_answer_floor: int,
    audit_floor_percent: int,
    authors: str = "",
    doi: str = "",
    moves_clips: bool = False,
) -> ReleaseSettings:
    """moves_clips: the user has been told that another held-out share moves clips that are published already.

    Raises RightMissing, BadInput.
    """
    require(user, "configure", project=project)
    ReleaseSettings.objects.get_or_create(project=project)
    found = ReleaseSettings.objects.select_for_update().get(project=project)
    numbers = {
        "held_out_percent": held_out_percent,
        "blind_answer_floor": blind_answer_floor,
        "audit_floor_percent": audit_floor_percent,
    }
    is_another = found.held_out_percent != held_out_percent
    for field, value in numbers.items():
        setattr(found, field, _within(value, field))
    found.authors = _names(authors)
    found.doi = _doi(doi)
    warning = _share_warning(project, held_out_percent) if is_another else ""
    if warning and not moves_clips:
        raise BadInput({"moves_clips": warning})
    found.save(update_fields=[*numbers, "authors", "doi"])
    return found


def _share_warning(project: Project, held_out_percent: int) -> str:
    """What another share would do to clips that a release has published, in a sentence; "" if nothing."""
    known = Release.objects.filter(project=project, kind=ReleaseKind.BENCHMARK)
    latest = max(known, key=lambda one: numbers_of(one.version), default=None)
    if latest is None or latest.held_out_percent == held_out_percent:
        return ""
    before, after = (Splitting(project.slug, share) for share in (latest.held_out_percent, held_out_percent))
    clips = Clip.objects.filter(pk__in=latest.items.values("clip")).values_list("clip_id", "source_id")
    moved = sum(
        before.split_of(clip_id=clip_id, source_id=source_id) != after.split_of(clip_id=clip_id, source_id=source_id)
        for clip_id, source_id in clips.iterator(chunk_size=2000)
    )
    said = f"{moved:,} clip{'' if moved == 1 else 's'} of {latest.version}"
    if held_out_percent < latest.held_out_percent:
        return f"Captions and keys of {said} that were held out will be published with the next release."
    return f"{said} will be held out from now on, although their captions and keys are published already."


def _within(value: int, field: str) -> int:
    if not 0 <= value <= MOST[field]:
        raise BadInput({field: f"must be 0 to {MOST[field]}"})
    return value


def _names(authors: str) -> str:
    """One a line, blank lines left out."""
    text = checked_text(authors.replace("\r\n", "\n"), field="authors", most=5000)
    return "\n".join(line.strip() for line in text.split("\n") if line.strip())


def _doi(doi: str) -> str:
    """Also as an address. Raises BadInput."""
    bare = re.sub(r"^(https?://(dx\.)?doi\.org/|doi:)", "", doi.strip(), flags=re.IGNORECASE)
    if bare and (len(bare) > 200 or not re.fullmatch(DOI_PATTERN, bare)):
        raise BadInput({"doi": "must be a DOI such as 10.5281/zenodo.1234567"})
    return bare
