"""The Celery app. Tasks are entry points that call services; they are found by name, nobody imports them."""

import gc
import os
from typing import Any

from billiard.process import current_process
from celery import Celery
from celery.signals import task_prerun, worker_init, worker_process_init, worker_ready
from django.conf import settings
from django.db import close_old_connections

from haic_annotate.guard import refuse_unsafe_start
from haic_annotate.processes import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "haic_annotate.settings")
app = Celery("haic_annotate")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["annotation", "qa"])


@worker_process_init.connect
def _die_with_the_worker(**kwargs: object) -> None:
    die_with_parent(parent=current_process()._parent_pid)  # type: ignore[attr-defined]


@worker_init.connect
def _refuse_unsafe_start(**kwargs: object) -> None:
    refuse_unsafe_start()


@worker_init.connect
def _load_what_children_share(**kwargs: object) -> None:
    from annotation.drafting.client import load  # needs the apps, which the worker has loaded by now

    if settings.ANTHROPIC_API_KEY:
        load()
    gc.freeze()  # else the first collection of each child would write to, and so copy, every page that they share


@worker_ready.connect
def _notice_when_it_is_deaf(sender: Any = None, **kwargs: object) -> None:
    from haic_annotate.hearing import listen  # which sends by this app

    listen(sender.hostname)


@task_prerun.connect
def _leave_connections_that_died(sender: Any = None, **kwargs: object) -> None:
    """A connection lasts as long as in the server: CONN_MAX_AGE, and it is tried before a task uses it."""
    if not sender.request.is_eager:
        close_old_connections()
