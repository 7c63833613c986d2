"""What the pages of prompts show: each prompt with the version in use, its versions, and the drafts that each made."""

from dataclasses import dataclass

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Func, IntegerField, OuterRef, QuerySet

from annotation.drafting.kinds import kind_of_prompt, registered
from annotation.errors import BadInput
from annotation.models import Draft, Project, Prompt
from annotation.prompt_files import prompt_files
from annotation.services.prompts import chosen, versions_of

MOST_COUNTED = 10_000
"""Drafts of one version that are counted: a page must not read a million rows to print a number."""
MOST_SHOWN = 50


@dataclass(frozen=True)
class PromptLine:
    """is_asked: asked by itself; others go with those that are. drafts: up to MOST_COUNTED, made by the one in use."""

    name: str
    in_use: Prompt
    versions: int
    drafts: int
    is_asked: bool


@dataclass(frozen=True)
class VersionLine:
    prompt: Prompt
    drafts: int
    is_in_use: bool


def prompt_names() -> list[str]:
    """Every prompt: those of the kinds in their order, then those that go with them."""
    asked = [name for kind in registered() for name in kind.prompt_names]
    return asked + [name for name in prompt_files() if name not in asked]


def prompt_lines(project: Project) -> list[PromptLine]:
    """All prompts. 2 queries, and up to 2 for each prompt."""
    in_use = {name: chosen(project, name) for name in prompt_names()}
    counts = dict(Prompt.objects.of(project).order_by().values_list("name").annotate(Count("version", distinct=True)))
    drafts = _drafts_of(project, [prompt.pk for prompt in in_use.values()])
    return [
        PromptLine(name, prompt, counts.get(name, 0), drafts[prompt.pk], kind_of_prompt(name) is not None)
        for name, prompt in in_use.items()
    ]


def version_lines(project: Project, name: str) -> list[VersionLine]:
    """The versions that the project can use, the newest first; the one in use is always among them."""
    in_use = chosen(project, name)
    versions = versions_of(project, name)[:MOST_SHOWN]
    if in_use.version not in [prompt.version for prompt in versions]:
        versions.append(in_use)
    drafts = _drafts_of(project, [prompt.pk for prompt in versions])
    return [VersionLine(prompt, drafts[prompt.pk], prompt.version == in_use.version) for prompt in versions]


def version_named(project: Project, name: str, version: str, *, field: str = "version") -> Prompt:
    """Raises BadInput, for another project's version as for none."""
    prompt = Prompt.objects.of(project).filter(name=name, version=version).first()
    if prompt is None:
        raise BadInput({field: "there is no such version"})
    return prompt


def _drafts_of(project: Project, prompts: list[int]) -> dict[int, int]:
    """How many drafts of the project's clips each prompt made, up to MOST_COUNTED: 1 query."""
    made = Draft.objects.filter(job__prompt=OuterRef("pk"), clip__project=project).order_by().values("pk")
    number = Func(ArraySubquery(made[:MOST_COUNTED]), function="cardinality", output_field=IntegerField())
    counted: QuerySet[Prompt] = Prompt.objects.filter(pk__in=prompts).order_by()
    return dict(counted.annotate(number=number).values_list("pk", "number"))
