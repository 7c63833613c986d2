from qa.models.audits import Audit, AuditItem, AuditMark
from qa.models.exports import Export
from qa.models.items import BlindAnswer, QAItem, QAReview, QARevision, QAWorkingCopy
from qa.models.probes import DraftProbe, ProbeTry
from qa.models.queue import CountedCaption, CountedItem, QAComment, QALease, QASet, QASkip, QASubmission
from qa.models.releases import Release, ReleaseItem, ReleaseKind, ReleaseSettings, ReleaseTally
from qa.models.runs import (
    Answer,
    AskedQuestion,
    BenchmarkScore,
    CountedStatistics,
    EvaluationRun,
    LeakFlag,
    LeakSettings,
    RunFigures,
    Setting,
    WrittenCaption,
)

__all__ = [
    "Answer",
    "AskedQuestion",
    "Audit",
    "AuditItem",
    "AuditMark",
    "BenchmarkScore",
    "BlindAnswer",
    "CountedCaption",
    "CountedItem",
    "CountedStatistics",
    "DraftProbe",
    "EvaluationRun",
    "Export",
    "LeakFlag",
    "LeakSettings",
    "ProbeTry",
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
    "RunFigures",
    "Setting",
    "WrittenCaption",
]
