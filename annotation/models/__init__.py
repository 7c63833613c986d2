from annotation.models.captions import Caption, CaptionOpening, CaptionReview, CaptionRevision, CaptionWorkingCopy
from annotation.models.clips import Clip, Upload
from annotation.models.drafts import Draft, DraftingSettings, FrameSet, Prompt, PromptChoice
from annotation.models.events import Event
from annotation.models.jobs import Batch, Call, CallOutcome, Job, JobStatus, Run
from annotation.models.money import Breaker, BudgetAccount
from annotation.models.outbox import Heartbeat, IdempotencyKey, Outbox
from annotation.models.projects import Invitation, Membership, Project, Role, User
from annotation.models.tokens import ApiToken, Scope
from annotation.models.work import RevisionKind, Verdict

__all__ = [
    "ApiToken",
    "Batch",
    "Breaker",
    "BudgetAccount",
    "Call",
    "CallOutcome",
    "Caption",
    "CaptionOpening",
    "CaptionReview",
    "CaptionRevision",
    "CaptionWorkingCopy",
    "Clip",
    "Draft",
    "DraftingSettings",
    "Event",
    "FrameSet",
    "Heartbeat",
    "IdempotencyKey",
    "Invitation",
    "Job",
    "JobStatus",
    "Membership",
    "Outbox",
    "Project",
    "Prompt",
    "PromptChoice",
    "RevisionKind",
    "Role",
    "Run",
    "Scope",
    "Upload",
    "User",
    "Verdict",
]
