"""Counters of money, in whole micro-dollars. The calls are the truth; these make a cap hold while many race for it."""

from django.db import models


class BudgetAccount(models.Model):
    """What one account has spent and what calls on the way may still cost.

    key: `installation`, `installation:<day>`, `project:<slug>` or `project:<slug>:<day>`; days are UTC.
    """

    key = models.CharField(max_length=80, primary_key=True)
    spent_micro_usd = models.BigIntegerField(default=0)
    reserved_micro_usd = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(spent_micro_usd__gte=0, reserved_micro_usd__gte=0),
                name="budget_account_not_negative",
            )
        ]

    def __str__(self) -> str:
        return self.key


class Breaker(models.Model):
    """Whether a model may be called. One that refuses us stays open until a person closes it.

    not_before: nobody calls the model earlier (it asked for a pause, or it is ill and is tried again then).
    probe_until: somebody tries it now; the others wait.
    """

    class Status(models.TextChoices):
        CLOSED = "closed", "Working"
        ILL = "ill", "Ill, tried again by itself"
        OPEN = "open", "Stopped until an administrator closes the breaker"

    model = models.CharField(max_length=200, primary_key=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.CLOSED)
    reason = models.CharField(max_length=500, blank=True)
    opened_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    probe_until = models.DateTimeField(null=True)
    faults = models.PositiveIntegerField(default=0)
    faults_since = models.DateTimeField(null=True)
    closed_by = models.ForeignKey("annotation.User", on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.model}: {self.status}"
