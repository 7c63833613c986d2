"""Storing what a model wrote. A late draft never touches a person's words."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from annotation.models import Clip, Draft, Job
from annotation.services.captions import accept_draft
from annotation.services.draft_flags import check_draft
from annotation.transactions import in_transaction
from annotation.workflow import database_now


@in_transaction
def store_draft(
    *,
    clip: Clip,
    kind: str,
    model: str,
    payload: dict[str, Any],
    job: Job | None = None,
    place: int = 0,
    provenance: dict[str, Any] | None = None,
) -> Draft:
    """Keep the draft verbatim; a caption that waits for one shows it. Without a job it is an import."""
    draft = new_draft(
        clip=clip,
        kind=kind,
        model=model,
        payload=payload,
        at=database_now(),
        job=job,
        place=place,
        provenance=provenance,
    )
    draft.save(force_insert=True)
    if kind == "caption":
        accept_draft(draft)
        if job is not None:
            check_draft(draft)
    return draft


def new_draft(
    *,
    clip: Clip,
    kind: str,
    model: str,
    payload: dict[str, Any],
    at: datetime,
    job: Job | None = None,
    place: int = 0,
    provenance: dict[str, Any] | None = None,
) -> Draft:
    """The draft with its digest, not stored yet."""
    draft = Draft(
        uid=uuid4(),
        clip=clip,
        kind=kind,
        model=model,
        prompt_version=job.prompt.version if job else "",
        job=job,
        place=place,
        payload=payload,
        provenance=provenance or {},
        created_at=at,
    )
    draft.digest = draft.computed_digest()
    return draft
