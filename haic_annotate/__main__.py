"""What `./haic` starts: `up`, or a management command with the services that it needs."""

import os
import signal
import subprocess
import sys
import time
from argparse import ArgumentError, ArgumentParser

from haic_annotate.data_folder import DataFolder, split_data
from haic_annotate.embedded import CannotStart, services
from haic_annotate.first_start import HOME, bring_up_to_date
from haic_annotate.processes import die_with_parent

OWNER_COMMANDS = {"migrate", "makemigrations", "sqlmigrate", "createcachetable", "pgtrigger"}
ALONE_COMMANDS = {"help", "check_qa", "check_captions", "parse_answers", "check_descriptions"}
"""Commands that need no service."""
ALONE_WITH_FILE = {"verify_history"}
"""Commands that need none when they are given a file to look at."""


def manage(arguments: list[str]) -> int:
    """Run a management command with the services it needs: the running ones, or some for its own time."""
    arguments, data = split_data(arguments)
    name = arguments[0] if arguments else "help"
    if name in ALONE_COMMANDS or {"--help", "-h"} & set(arguments) or _looks_at_file(arguments):
        alone = {"SECRET_KEY": "unused-by-commands-without-services", "DATABASE_URL": "postgres:///unused"}
        return _run_command(arguments or ["help"], {**alone, **os.environ, "HAIC_DATA": str(data)})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
        with services(data) as running:  # starts nothing: no lock is needed
            return _run_command(arguments, running.env)
    folder = DataFolder(data)
    told = _own_or_hear(folder)
    if told is not None:
        return _run_command(arguments, told)
    with services(data) as running:
        if name not in OWNER_COMMANDS:
            bring_up_to_date(folder, running, say=_aside)
        return _run_command(arguments, running.env)


def _looks_at_file(arguments: list[str]) -> bool:
    """Whether the command is one of ALONE_WITH_FILE and a file stands among its options."""
    if not arguments or arguments[0] not in ALONE_WITH_FILE:
        return False
    parser = ArgumentParser(add_help=False, exit_on_error=False)
    parser.add_argument("file", nargs="?")
    for option in ("--project", "-v", "--verbosity", "--settings", "--pythonpath"):
        parser.add_argument(option)
    try:
        return parser.parse_known_args(arguments[1:])[0].file is not None
    except ArgumentError:  # the command itself says what is wrong with them
        return False


def _aside(line: str) -> None:
    print(f"haic: {line}", file=sys.stderr)  # noqa: T201 - a command's own output stays clean


def _own_or_hear(folder: DataFolder) -> dict[str, str] | None:
    """None when the folder is ours now; else the environment of the services that run for it."""
    began = time.monotonic()
    is_said = False
    while not folder.lock():
        told = folder.running()
        if told is not None:
            return told
        if time.monotonic() - began > 1 and not is_said:
            _aside(f"waiting for another command that uses {folder.path}")
            is_said = True
        time.sleep(0.1)
    return None


def _run_command(arguments: list[str], env: dict[str, str]) -> int:
    if arguments[0] in OWNER_COMMANDS and "DATABASE_OWNER_URL" in env:
        env = {**env, "DATABASE_URL": env["DATABASE_OWNER_URL"]}
    process = subprocess.Popen(
        [sys.executable, str(HOME / "manage.py"), *arguments], env=env, preexec_fn=die_with_parent
    )
    try:
        code = process.wait()
    except KeyboardInterrupt:
        code = _wait_for_interrupted(process)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(10)
    return code if code >= 0 else 128 - code


def _wait_for_interrupted(process: subprocess.Popen[bytes]) -> int:
    """A terminal's Ctrl-C has reached the command as well: a second one would break its farewell."""
    try:
        return process.wait(2)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        return process.wait()


def main() -> int:
    command, *arguments = sys.argv[1:] or ["manage"]
    try:
        if command == "up":
            from haic_annotate.supervisor import up

            return up(arguments)
        return manage(arguments)
    except CannotStart as error:
        _aside(str(error))
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
