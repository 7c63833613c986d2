"""Projects, the people in them, and the way in: an invitation that works once."""

import secrets

from django.contrib.auth.models import AbstractUser
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property

SLUG_PATTERN = r"[a-z0-9][a-z0-9-]{0,49}"


def new_pseudonym() -> str:
    """Random, so that an export says nothing of a person; 40 bits keep two members apart."""
    return f"p-{secrets.token_hex(5)}"


class User(AbstractUser):
    """An account. What it may do is decided by its memberships; `is_staff` may also make projects.

    key_map: a command's name -> the keys this person gave it; what is absent has the keys it comes with.
    """

    key_map = models.JSONField(default=dict, blank=True)

    @cached_property
    def pseudonyms(self) -> dict[int, str]:
        """A project's id -> the name of this person there, as far as it was asked for (`workflow.pseudonym_of`)."""
        return {}

    @property
    def shown_name(self) -> str:
        return self.get_full_name() or self.username

    @property
    def initials(self) -> str:
        words = self.shown_name.split()
        return "".join(word[0] for word in words[:2]).upper()


class ProjectQuerySet(models.QuerySet["Project"]):
    def visible_to(self, user: User) -> "ProjectQuerySet":
        return self.filter(memberships__user=user, memberships__is_active=True)


class Project(models.Model):
    """A benchmark in the making, and the wall around it.

    guideline: Markdown, shown beside the work. queue_paused: nobody is given new work; pause_note says why.
    watch_floor_percent: of a clip that must have been played before its caption is handed in; 0 asks for nothing.
    keep_words_hours: how long a unit that holds somebody's words stays theirs.
    reviews_per_caption: how many people must approve one; blind_answers_per_question: how many must answer one.
    question_targets: a category's name -> how many questions a clip should have; what is absent asks for none.
    """

    slug = models.CharField(max_length=50, unique=True, validators=[RegexValidator(f"^{SLUG_PATTERN}$")])
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True, max_length=2000)
    release_salt = models.CharField(max_length=32, blank=True)
    guideline = models.TextField(blank=True, max_length=50_000)
    queue_paused = models.BooleanField(default=False)
    pause_note = models.CharField(max_length=200, blank=True)
    watch_floor_percent = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(100)])
    keep_words_hours = models.PositiveSmallIntegerField(
        default=24, validators=[MinValueValidator(1), MaxValueValidator(720)]
    )
    reviews_per_caption = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    blind_answers_per_question = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    question_targets = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """Each role may do what those before it may; nobody ever judges their own words."""

    ANNOTATOR = "annotator", "Annotator"
    REVIEWER = "reviewer", "Reviewer"
    ADJUDICATOR = "adjudicator", "Adjudicator"
    ADMIN = "admin", "Admin"


class Membership(models.Model):
    """A person in a project. Switched off, never deleted: revisions stand under its pseudonym."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)
    pseudonym = models.CharField(max_length=20, unique=True, default=new_pseudonym, editable=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["project", "user__username"]
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="membership_one_per_project_and_user"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.project}: {self.role}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> "InvitationQuerySet":
        return self.filter(accepted_at=None, expires_at__gt=timezone.now())


class Invitation(models.Model):
    """A way in that works once. Only a hash of its token is stored.

    Without a project it sets up the first administrator of an installation.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, null=True, related_name="invitations")
    role = models.CharField(max_length=20, choices=Role.choices)
    note = models.CharField(max_length=120, blank=True)
    token_sha256 = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="invitations_made")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="invitations_used")

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.role} of {self.project or 'the installation'}"
