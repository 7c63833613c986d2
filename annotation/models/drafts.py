"""Drafts: what a model wrote, verbatim. Nobody changes one; accepting it copies it into a revision."""

from uuid import uuid4

from django.db import models

from annotation.append_only import AppendOnlyModel, append_only_triggers
from annotation.canonical import digest_of, microseconds


class Draft(AppendOnlyModel):
    """One caption, or one question, as a model wrote it.

    kind: `caption`, or `qa:<category>`.
    payload: `{"caption", "people": [{"key", "description"}]}`, or `{"question", "options": [text], "answer_index"}`.
    prompt_version: empty for a draft that came with an import.
    """

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    clip = models.ForeignKey("annotation.Clip", on_delete=models.PROTECT, related_name="drafts")
    kind = models.CharField(max_length=40)
    model = models.CharField(max_length=200)
    prompt_version = models.CharField(max_length=64, blank=True)
    payload = models.JSONField()
    created_at = models.DateTimeField()
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["id"]
        triggers = append_only_triggers()

    def __str__(self) -> str:
        return f"{self.kind} of {self.clip_id} by {self.model}"

    def computed_digest(self) -> str:
        return digest_of(
            {
                "v": 1,
                "draft": str(self.uid),
                "clip": self.clip.object_id,
                "kind": self.kind,
                "model": self.model,
                "prompt_version": self.prompt_version,
                "payload": self.payload,
                "created_at": microseconds(self.created_at),
            }
        )
