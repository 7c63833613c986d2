from annotation.models.captions import Caption, CaptionOpening, CaptionReview, CaptionRevision, CaptionWorkingCopy
from annotation.models.clips import Clip, ClipHashes, Upload
from annotation.models.drafts import Draft, DraftFlags, DraftingSettings, FrameSet, Prompt, PromptChoice
from annotation.models.events import Event
from annotation.models.jobs import Batch, Call, CallOutcome, Job, JobStatus, Run
from annotation.models.money import Breaker, BudgetAccount
from annotation.models.notifications import Notification
from annotation.models.outbox import Heartbeat, IdempotencyKey, Outbox
from annotation.models.projects import Invitation, Membership, Project, Role, User
from annotation.models.queue import (
    CaptionComment,
    CaptionLease,
    CaptionSkip,
    CaptionSubmission,
    ClipFlag,
    SkipReason,
)
from annotation.models.screening import Scene, SceneHash, SourceVideo, ThresholdSet, VideoBatch
from annotation.models.tokens import ApiToken, Scope
from annotation.models.video_uploads import VideoChunk, VideoUpload
from annotation.models.work import LeaseEnd, LeaseWork, RevisionKind, Verdict

__all__ = [
    "ApiToken",
    "Batch",
    "Breaker",
    "BudgetAccount",
    "Call",
    "CallOutcome",
    "Caption",
    "CaptionComment",
    "CaptionLease",
    "CaptionOpening",
    "CaptionReview",
    "CaptionRevision",
    "CaptionSkip",
    "CaptionSubmission",
    "CaptionWorkingCopy",
    "Clip",
    "ClipFlag",
    "ClipHashes",
    "Draft",
    "DraftFlags",
    "DraftingSettings",
    "Event",
    "FrameSet",
    "Heartbeat",
    "IdempotencyKey",
    "Invitation",
    "Job",
    "JobStatus",
    "LeaseEnd",
    "LeaseWork",
    "Membership",
    "Notification",
    "Outbox",
    "Project",
    "Prompt",
    "PromptChoice",
    "RevisionKind",
    "Role",
    "Run",
    "Scene",
    "SceneHash",
    "Scope",
    "SkipReason",
    "SourceVideo",
    "ThresholdSet",
    "Upload",
    "User",
    "Verdict",
    "VideoBatch",
    "VideoChunk",
    "VideoUpload",
]
