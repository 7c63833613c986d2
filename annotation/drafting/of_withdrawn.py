"""Jobs about withdrawn clips: nothing more is asked for them, and what comes back is thrown away."""

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from annotation.models import Clip, Job, JobStatus

REASON = "withdrawn"
OF_WITHDRAWN = Q(clip__in=Clip.objects.withdrawn())


def cancel_withdrawn(jobs: QuerySet[Job]) -> int:
    """Those of them that are about a withdrawn clip; how many."""
    return jobs.filter(OF_WITHDRAWN).update(
        status=JobStatus.CANCELLED, reason=REASON, finished_at=Now(), lease_until=None
    )
