"""What the digests of questions cover beside those of `annotation.digests`. Pure functions."""

from annotation.canonical import digest_of


def blind_answer_digest(
    *, object_id: str, user: str, revision: str, choice: str, had_opened_caption: bool, created_at: str
) -> str:
    """object_id: of the question. revision: the digest of what was answered."""
    return digest_of(
        {
            "v": 1,
            "object": object_id,
            "user": user,
            "revision": revision,
            "choice": choice,
            "had_opened_caption": had_opened_caption,
            "created_at": created_at,
        }
    )
