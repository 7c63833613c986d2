"""`manage draft`: pre-generate drafts of all that waits; with --wait by workers of its own, until all is done."""

import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from annotation.errors import DomainError
from annotation.models import JobStatus, Run
from annotation.services.drafting import RunProgress, cost_of, failures_of, make_run, progress_of
from haic_annotate.management.actors import add_actor, add_project, find_actor, find_project
from haic_annotate.management.amounts import usd
from haic_annotate.own_workers import workers

CHILDREN = 8
"""They wait for the network, not for a processor."""
POLL_SECONDS = 0.2
SHOWN_FAILURES = 10


class Command(BaseCommand):
    help = "Draft captions of clips that wait for one, or questions of clips whose caption is approved."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_project(parser)
        parser.add_argument("--kind", required=True, choices=Run.Kind.values)
        parser.add_argument("--batch", action="store_true", help="in bulk, at half the price, within a day")
        parser.add_argument("--limit", type=int, metavar="N", help="at most N drafts")
        parser.add_argument("--wait", action="store_true", help="bring workers and wait until all is done")
        add_actor(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project, actor = find_project(options["project"]), find_actor(options["actor"])
        if options["wait"] and not settings.ANTHROPIC_API_KEY:
            raise CommandError("ANTHROPIC_API_KEY is not set: nobody can be asked. Without --wait the jobs would wait.")
        try:
            run = make_run(
                project=project, user=actor, kind=options["kind"], limit=options["limit"], is_batch=options["batch"]
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        total = progress_of(run).total
        self.stdout.write(f"run {run.pk}: {total} to draft, {run.known} known, {run.withheld} withheld")
        if options["wait"] and total:
            with workers("draft", queues="drafting,default", children=CHILDREN):
                self._wait(run)
        if options["wait"]:
            self._report(run)

    def _wait(self, run: Run) -> None:
        """Until all has ended, or what is left waits for a person (money, a breaker)."""
        said = ""
        while True:
            progress = progress_of(run)
            line = _line(progress)
            if line != said and self.stdout.isatty():
                self.stdout.write(line, ending="\r")
            said = line
            if progress.ended + progress.counts.get(JobStatus.PAUSED, 0) == progress.total:
                return
            time.sleep(POLL_SECONDS)

    def _report(self, run: Run) -> None:
        progress = progress_of(run)
        settled, reserved = cost_of(run)
        self.stdout.write(_line(progress))
        for job in list(failures_of(run))[:SHOWN_FAILURES]:
            self.stdout.write(f"  {job.clip.clip_id} {job.kind}: {job.reason}: {job.detail}")
        self.stdout.write(f"cost {usd(settled)} USD, {usd(reserved)} USD reserved for calls whose outcome is unknown")
        undone = progress.total - progress.counts.get(JobStatus.DONE, 0)
        if undone:
            raise CommandError(f"{undone} of {progress.total} gave no draft; see above")


def _line(progress: RunProgress) -> str:
    parts = [f"{progress.counts[status]} {status}" for status in JobStatus.values if progress.counts.get(status)]
    return ", ".join(parts) or "nothing to do"
