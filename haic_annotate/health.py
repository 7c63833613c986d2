"""`/healthz`: the process lives. `/readyz`: it can serve. Broker and workers may be away: people work on."""

from datetime import timedelta

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from annotation.models import Heartbeat
from annotation.workflow import database_now

WORKER_SILENCE = timedelta(minutes=2)
_migrated: set[str] = set()


@login_not_required
@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when database and migrations are right; what else is wrong stands under `degraded`."""
    try:
        pending = _pending_migrations()
        if pending:
            return JsonResponse({"ready": False, "reason": f"{pending} migrations are pending"}, status=503)
        degraded = [name for name, fine in (("broker", _broker_answers()), ("workers", _workers_answer())) if not fine]
    except (DatabaseError, InterfaceError):
        return JsonResponse({"ready": False, "reason": "the database does not answer"}, status=503)
    return JsonResponse({"ready": True, "degraded": degraded})


def _pending_migrations() -> int:
    """How many; asked of the database until it is 0 once, as migrations do not go back under a running server."""
    if "yes" in _migrated:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return 0
    executor = MigrationExecutor(connection)
    pending = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if not pending:
        _migrated.add("yes")
    return pending


def _broker_answers() -> bool:
    url = settings.CELERY_BROKER_URL.replace("redis+socket://", "unix://", 1)
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=0.5, socket_timeout=0.5) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def _workers_answer() -> bool:
    last = Heartbeat.objects.filter(name="worker").first()
    return last is not None and last.at > database_now() - WORKER_SILENCE
