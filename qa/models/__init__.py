from qa.models.items import BlindAnswer, QAItem, QAReview, QARevision, QAWorkingCopy
from qa.models.releases import Release, ReleaseItem

__all__ = ["BlindAnswer", "QAItem", "QAReview", "QARevision", "QAWorkingCopy", "Release", "ReleaseItem"]
