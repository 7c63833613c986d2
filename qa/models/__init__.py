from qa.models.audits import Audit, AuditItem, AuditMark
from qa.models.exports import Export
from qa.models.items import BlindAnswer, QAItem, QAReview, QARevision, QAWorkingCopy
from qa.models.queue import CountedCaption, CountedItem, QAComment, QALease, QASet, QASkip, QASubmission
from qa.models.releases import Release, ReleaseItem, ReleaseKind, ReleaseSettings, ReleaseTally

__all__ = [
    "Audit",
    "AuditItem",
    "AuditMark",
    "BlindAnswer",
    "CountedCaption",
    "CountedItem",
    "Export",
    "QAComment",
    "QAItem",
    "QALease",
    "QAReview",
    "QARevision",
    "QASet",
    "QASkip",
    "QASubmission",
    "QAWorkingCopy",
    "Release",
    "ReleaseItem",
    "ReleaseKind",
    "ReleaseSettings",
    "ReleaseTally",
]
