"""Storing what a model wrote. A late draft never touches a person's words."""

from typing import Any
from uuid import uuid4

from annotation.models import Clip, Draft, Job
from annotation.services.captions import accept_draft
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
        created_at=database_now(),
    )
    draft.digest = draft.computed_digest()
    draft.save(force_insert=True)
    if kind == "caption":
        accept_draft(draft)
    return draft
