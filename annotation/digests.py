"""What each digest covers: the one place that says so, for rows and for files alike. Pure functions.

People are named by their pseudonyms, other records by their digests, times as `canonical.microseconds` writes them.
A version 2 covers what version 1 could not say; what says none of it keeps version 1, so that no digest ever changes.
"""

from typing import Any

from annotation.canonical import digest_of


def draft_digest(
    *,
    uid: str,
    clip: str,
    kind: str,
    model: str,
    prompt_version: str,
    payload: dict[str, Any],
    created_at: str,
    job: str | None,
    place: int,
    provenance: dict[str, Any],
) -> str:
    """clip, job: their uids. A draft of a job (version 2) covers where it comes from."""
    fields: dict[str, Any] = {
        "v": 1,
        "draft": uid,
        "clip": clip,
        "kind": kind,
        "model": model,
        "prompt_version": prompt_version,
        "payload": payload,
        "created_at": created_at,
    }
    if job is not None:
        fields |= {"v": 2, "job": job, "place": place, "provenance": provenance}
    return digest_of(fields)


def revision_digest(
    *,
    object_id: str,
    number: int,
    parent: str | None,
    author: str,
    kind: str,
    payload: dict[str, Any],
    draft: str | None,
    created_at: str,
) -> str:
    return digest_of(
        {
            "v": 1,
            "object": object_id,
            "number": number,
            "parent": parent,
            "author": author,
            "kind": kind,
            "payload": payload,
            "draft": draft,
            "created_at": created_at,
        }
    )


def submission_digest(
    *,
    object_id: str,
    submitter: str,
    revision: str,
    flags: list[Any],
    checks_version: str,
    watched_percent: int,
    active_ms: int,
    created_at: str,
) -> str:
    return digest_of(
        {
            "v": 1,
            "object": object_id,
            "submitter": submitter,
            "revision": revision,
            "flags": flags,
            "checks_version": checks_version,
            "watched_percent": watched_percent,
            "active_ms": active_ms,
            "created_at": created_at,
        }
    )


def review_digest(
    *,
    object_id: str,
    reviewer: str,
    judged: str,
    final: str | None,
    verdict: str,
    reason: str,
    reason_code: str,
    is_adjudication: bool,
    undoes: str | None,
    created_at: str,
) -> str:
    """Version 2 for what has a code, settled a dispute or takes another judgement back."""
    fields: dict[str, Any] = {
        "v": 1,
        "object": object_id,
        "reviewer": reviewer,
        "judged": judged,
        "final": final,
        "verdict": verdict,
        "reason": reason,
        "created_at": created_at,
    }
    if reason_code or is_adjudication or undoes:
        fields |= {"v": 2, "reason_code": reason_code, "is_adjudication": is_adjudication, "undoes": undoes}
    return digest_of(fields)


def event_digest(
    *,
    object_type: str,
    object_id: str,
    actor: str | None,
    verb: str,
    from_state: str,
    to_state: str,
    revision: str,
    reason: str,
    created_at: str,
) -> str:
    """actor: None for the installation. revision: empty where the move is about none."""
    return digest_of(
        {
            "v": 1,
            "object_type": object_type,
            "object_id": object_id,
            "actor": actor,
            "verb": verb,
            "from": from_state,
            "to": to_state,
            "revision": revision,
            "reason": reason,
            "created_at": created_at,
        }
    )
