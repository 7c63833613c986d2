"""Taking a history in: the rows of a project that has none, as they were, with their uids, times and digests.

People come back as accounts that nobody can sign in to, under the same pseudonyms, so that every digest holds. Queue,
leases, openings and unsaved words are not part of a history, nor are files: clips name those that belong to their
digests. A withdrawn clip names none, and an erased one comes back as it is: without its words.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import DataError, IntegrityError, transaction

from annotation.errors import BadInput
from annotation.models import Clip, Event, Project
from annotation.transactions import in_transaction
from qa.history.reading import read_history
from qa.history.records import CLIP, TAIL
from qa.history.to_rows import Files, Rows, stored_by_digest
from qa.history.verifying import Verified, verify_file

CHUNK = 200
"""Clips in memory at a time."""


def restore_history(
    project: Project, file: Path, *, files: Callable[[dict[str, Any]], Files] = stored_by_digest
) -> Verified:
    """All rows of the history, or none. Says what the file holds.

    files: the stored names of a clip's files, out of its `clip_id` and facts (`sha256`, `original_sha256`, …).
    Raises HistoryFileBroken before a row is written; BadInput for a project that is not empty, for an object or a
    pseudonym that stands in this installation already, for what no column holds.
    """
    verified = verify_file(file)
    _restore(project, file, files, digest=verified.digest)
    return verified


@in_transaction
def _restore(project: Project, file: Path, files: Callable[[dict[str, Any]], Files], *, digest: str) -> None:
    # Lock first: two must not fill the same project.
    project = Project.objects.select_for_update().get(pk=project.pk)
    _require_empty(project)
    rows = Rows(project, files)
    for line in read_history(file):
        if line.kind in (CLIP, TAIL) and (rows.clips == CHUNK or line.kind == TAIL):
            _write(rows, before=line.number)
        if line.kind == TAIL and line.value["digest"] != digest:
            raise BadInput({"history": "the file was changed while it was read"})
        rows.add(line)


def _require_empty(project: Project) -> None:
    clip = Clip.objects.filter(project=project).order_by("pk").first()
    if clip is not None:
        raise BadInput({"project": f"“{project.slug}” is not empty: it has the clip {clip.clip_id}"})
    event = Event.objects.filter(project=project).order_by("pk").first()
    if event is not None:
        raise BadInput({"project": f"“{project.slug}” is not empty: it has a history ({event})"})


def _write(rows: Rows, *, before: int) -> None:
    """A file that proves itself can still say what no column holds; Postgres then says which."""
    try:
        with transaction.atomic():
            rows.write()
    except (DataError, IntegrityError) as error:
        problem = str(error).partition("\n")[0]
        raise BadInput({"history": f"what stands before line {before} cannot be kept: {problem}"}) from error
