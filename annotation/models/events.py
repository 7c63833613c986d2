"""The log of moves: one row for each change of a state, written in the same transaction."""

from django.conf import settings
from django.db import models

from annotation.append_only import AppendOnlyModel, append_only_triggers
from annotation.canonical import microseconds
from annotation.digests import event_digest


class Event(AppendOnlyModel):
    """Somebody (or the installation, actor null) moved an object from one state to another."""

    project = models.ForeignKey("annotation.Project", on_delete=models.PROTECT, related_name="events")
    object_type = models.CharField(max_length=20)
    object_id = models.CharField(max_length=200)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    verb = models.CharField(max_length=20)
    from_state = models.CharField(max_length=20, blank=True)
    to_state = models.CharField(max_length=20)
    revision_digest = models.CharField(max_length=64, blank=True)
    reason = models.TextField(blank=True)
    created_at = models.DateTimeField()
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["project", "object_type", "object_id", "id"], name="event_of_object")]
        triggers = append_only_triggers()

    def __str__(self) -> str:
        return f"{self.object_type} {self.object_id}: {self.verb}"

    def computed_digest(self, *, pseudonym: str | None) -> str:
        return event_digest(
            object_type=self.object_type,
            object_id=self.object_id,
            actor=pseudonym,
            verb=self.verb,
            from_state=self.from_state,
            to_state=self.to_state,
            revision=self.revision_digest,
            reason=self.reason,
            created_at=microseconds(self.created_at),
        )
