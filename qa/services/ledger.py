"""What the ledger of drafting has to know about questions."""

from annotation.models import Project
from annotation.states import State
from qa.models import QAItem


def approved_questions(project: Project) -> int:
    """Approved questions that had a draft made here: 1 query."""
    return QAItem.objects.filter(clip__project=project, state=State.APPROVED, draft__job__isnull=False).count()
