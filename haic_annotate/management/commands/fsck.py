"""`manage fsck`: files without rows, rows without files, rows past their deadline."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import StoreAway
from qa.services.file_check import problems_of_files


class Command(BaseCommand):
    help = "Compare files and rows; list rows that are stuck. Changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--deep", action="store_true", help="also read every served video and compare its digest")

    def handle(self, *args: Any, deep: bool, **options: Any) -> None:
        count = 0
        try:
            for problem in problems_of_files(deep=deep):
                count += 1
                self.stdout.write(problem)
        except StoreAway as error:
            raise CommandError(error.message) from error
        if count:
            raise CommandError(f"{count} problems")
        self.stdout.write("files and rows agree")
