"""`manage evaluate --project SLUG --release V --model M --setting S`: put the questions of a release to a model."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from annotation.errors import DomainError
from haic_annotate.management.actors import add_actor, add_project, find_actor, find_project
from haic_annotate.management.amounts import usd
from qa.models import EvaluationRun, Setting
from qa.models.runs import MOST_TRIES
from qa.services.evaluation import checked_wish, put_questions, start_run
from qa.services.evaluation_estimates import EvaluationEstimate, estimate_run
from qa.services.releases import release_of
from qa.services.run_figures import count_run, progress_of

POLL_SECONDS = 2.0


class Command(BaseCommand):
    help = (
        "Put the questions of a release, or of all that is approved now, to a model."
        " The work is done by the drafting workers; what an earlier run asked already is not paid for again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_project(parser)
        parser.add_argument("--release", metavar="1.0.0", help="without it, what is approved now")
        parser.add_argument("--setting", required=True, choices=Setting.values)
        parser.add_argument(
            "--model", default="", help="under test; none where captions of people or drafts are judged"
        )
        parser.add_argument("--judge", default="", help="who answers from captions")
        parser.add_argument("--frames", type=int, help="without it, as many as the project's drafting shows")
        parser.add_argument("--tries", type=int, default=1, metavar=f"1-{MOST_TRIES}", help="how often each is put")
        parser.add_argument("--limit", type=int, help="of questions, in the order of clips")
        parser.add_argument("--batch", action="store_true", help="through the batch API: half the price, within a day")
        parser.add_argument("--dry-run", action="store_true", help="say what it would put and cost, and ask nothing")
        parser.add_argument("--wait", action="store_true", help="until all is answered, or nothing goes on")
        add_actor(parser)

    def handle(
        self,
        *args: Any,
        project: str,
        release: str | None,
        setting: str,
        batch: bool,
        wait: bool,
        dry_run: bool,
        actor: str | None,
        **more: Any,
    ) -> None:
        named = {name: more[name] for name in ("model", "judge", "frames", "tries", "limit")}
        try:
            found, user = find_project(project), find_actor(actor)
            frozen = release_of(found, release) if release else None
            wish = checked_wish(setting=setting, is_batch=batch, **named)
            if dry_run:
                self._estimate(estimate_run(project=found, release=frozen, wish=wish))
                return
            run = start_run(project=found, user=user, release=frozen, wish=wish)
            put_questions(run.pk)
        except DomainError as error:
            raise CommandError(error.message) from error
        run.refresh_from_db(fields=["questions"])
        self.stdout.write(f"run {run.uid}: {run.questions} questions, {run.tries} tries each")
        if wait:
            self._wait(run)

    def _estimate(self, found: EvaluationEstimate) -> None:
        self.stdout.write(
            f"{found.questions} questions, at most {found.calls} calls: {usd(found.low)} to {usd(found.high)} USD"
        )

    def _wait(self, run: EvaluationRun) -> None:
        progress = progress_of(run)
        while not progress.is_over:
            time.sleep(POLL_SECONDS)
            progress = progress_of(run)
            self.stdout.write(f"{timezone.now():%H:%M:%S} {progress.answered} of {progress.asked} answered")
        figures = count_run(run)
        average = "–" if figures.average is None else f"{figures.average.percent:.1f}"
        self.stdout.write(f"Avg. {average}, {figures.answers} answers, {figures.unparsed} that settle on nothing")
        for name, share in figures.by_category.items():
            self.stdout.write(f"  {name}: {share.percent:.1f} of {share.answers}")
        if progress.stuck:
            raise CommandError(f"{progress.stuck} were not answered: see the run's page for why")
