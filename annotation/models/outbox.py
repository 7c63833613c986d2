"""What is handed to workers, who was heard of, and answers that may be asked for again.

Postgres is the truth; a message in the broker is only a nudge.
"""

from django.conf import settings
from django.db import models


class Outbox(models.Model):
    """A task to publish, written in the transaction that makes it necessary; the relay sends it."""

    task = models.CharField(max_length=200)
    args = models.JSONField(default=list)
    queue = models.CharField(max_length=20, default="default")
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["id"], name="outbox_unpublished", condition=models.Q(published_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.task}{tuple(self.args)}"


class Heartbeat(models.Model):
    """When a part of the installation was last heard of: the relay, and a worker that did the canary task."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%H:%M:%S}"


class IdempotencyKey(models.Model):
    """The answer to a request that may come again: the same key gets the same answer."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=100)
    request_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)  # JSON as it was sent: jsonb would not keep the order of its keys
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_unique_for_user")]

    def __str__(self) -> str:
        return self.key
