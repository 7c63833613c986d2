"""Rules of the house that a reader would have to remember, checked instead; each is seen to catch a bad line."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

CODE = [path for name in ("annotation", "qa", "haic_annotate") for path in (settings.BASE_DIR / name).rglob("*.py")]
CODE = [path for path in CODE if "migrations" not in path.parts]
TEMPLATES = list((settings.BASE_DIR / "templates").rglob("*.html"))
SCRIPTS = list((settings.BASE_DIR / "static/js").rglob("*.js"))

WRITES_STATE = re.compile(r"\.state\s*=[^=]|update\([^)]*\bstate\s*=")
UNSAFE_TEMPLATE = re.compile(r"\|\s*safe\b|\sstyle=\"|\son[a-z]+=\"|<script>|autoescape off")
UNSAFE_PYTHON = re.compile(r"mark_safe|\.objects\.all\(\)\.filter\(\*\*|csrf_exempt")
UNSAFE_SCRIPT = re.compile(r"innerHTML|insertAdjacentHTML|\beval\(|new Function\(|document\.write")


def offenders(paths: list[Path], pattern: re.Pattern[str], *, allowed: tuple[str, ...] = ()) -> list[str]:
    return [
        f"{path.relative_to(settings.BASE_DIR)}:{number}: {line.strip()}"
        for path in paths
        if path.relative_to(settings.BASE_DIR).as_posix() not in allowed
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if pattern.search(line)
    ]


def test_only_workflow_writes_a_state() -> None:
    assert offenders(CODE, WRITES_STATE, allowed=("annotation/workflow.py",)) == []
    assert offenders([settings.BASE_DIR / "annotation/workflow.py"], WRITES_STATE) != []


def test_no_template_switches_escaping_or_the_policy_off_s20() -> None:
    assert offenders(TEMPLATES, UNSAFE_TEMPLATE) == []
    for bad in ("{{ text|safe }}", '<p style="x">', '<a onclick="x()">', "<script>x()</script>"):
        assert UNSAFE_TEMPLATE.search(bad)
    for good in ("{{ text }}", '<script type="module" src="x">', "it is safe"):
        assert not UNSAFE_TEMPLATE.search(good)


def test_no_code_marks_text_safe_s20() -> None:
    assert offenders(CODE, UNSAFE_PYTHON) == []


def test_no_script_writes_markup_s20() -> None:
    assert offenders(SCRIPTS, UNSAFE_SCRIPT) == []
    assert UNSAFE_SCRIPT.search("node.innerHTML = text")


def test_no_migration_is_missing(db: None) -> None:
    call_command("makemigrations", "--check", "--dry-run", stdout=StringIO())


def test_the_lock_names_no_registry_and_every_package_has_a_hash() -> None:
    text = (settings.BASE_DIR / "requirements.txt").read_text()
    assert "://" not in text
    assert "--index-url" not in text
    pins = re.findall(r"^[a-z0-9][a-z0-9.-]*==.*\\$", text, flags=re.MULTILINE)
    assert len(pins) == len(re.findall(r"^[a-z0-9][a-z0-9.-]*==", text, flags=re.MULTILINE)) > 50


@pytest.mark.parametrize(
    "name", ["README.md", "LICENSE", "NOTICE", "CHANGELOG.md", ".env.example", "docs/architecture.md"]
)
def test_the_usual_files_are_there(name: str) -> None:
    assert (settings.BASE_DIR / name).stat().st_size > 100


def test_every_variable_that_is_read_stands_in_the_example() -> None:
    read = re.compile(r"env\.\w+\(\s*\"([A-Z_]+)\"|environ(?:\.get)?[\[(]\s*\"([A-Z_]+)\"")
    names = {first or second for path in CODE for first, second in read.findall(path.read_text())}
    example = (settings.BASE_DIR / ".env.example").read_text()
    known = set(re.findall(r"^([A-Z_]+)=", example, flags=re.MULTILINE))
    assert names - known - {"DJANGO_SETTINGS_MODULE", "PYTHONPATH", "PATH"} == set()
