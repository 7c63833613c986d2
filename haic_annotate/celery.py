"""The Celery app. Tasks are entry points that call services; they are found by name, nobody imports them."""

import os

from celery import Celery
from celery.signals import worker_init, worker_process_init

from haic_annotate.guard import refuse_unsafe_start
from haic_annotate.processes import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "haic_annotate.settings")
app = Celery("haic_annotate")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["annotation", "qa"])


@worker_process_init.connect
def _die_with_the_worker(**kwargs: object) -> None:
    die_with_parent()


@worker_init.connect
def _refuse_unsafe_start(**kwargs: object) -> None:
    refuse_unsafe_start()
