from annotation.models.captions import Caption, CaptionOpening, CaptionReview, CaptionRevision, CaptionWorkingCopy
from annotation.models.clips import Clip, Upload
from annotation.models.drafts import Draft
from annotation.models.events import Event
from annotation.models.jobs import Heartbeat, IdempotencyKey, Outbox
from annotation.models.projects import Invitation, Membership, Project, Role, User
from annotation.models.tokens import ApiToken, Scope
from annotation.models.work import RevisionKind, Verdict

__all__ = [
    "ApiToken",
    "Caption",
    "CaptionOpening",
    "CaptionReview",
    "CaptionRevision",
    "CaptionWorkingCopy",
    "Clip",
    "Draft",
    "Event",
    "Heartbeat",
    "IdempotencyKey",
    "Invitation",
    "Membership",
    "Outbox",
    "Project",
    "RevisionKind",
    "Role",
    "Scope",
    "Upload",
    "User",
    "Verdict",
]
