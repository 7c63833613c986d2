"""Prompts: those that came with the product, those that a project adds, and which one it uses."""

from annotation.access import require
from annotation.errors import BadInput
from annotation.models import Project, Prompt, PromptChoice, User
from annotation.prompt_files import prompt_files, version_of
from annotation.text import checked_text
from annotation.transactions import in_transaction

PROMPT_CHARACTERS = 60_000


def shipped(name: str) -> Prompt:
    """The version that came with the product, as a row. Raises BadInput for a name that nobody knows."""
    file = prompt_files().get(name)
    if file is None:
        raise BadInput({"name": f"there is no prompt “{name[:40]}”"})
    version = version_of(file.text)
    found = Prompt.objects.filter(name=name, project=None, version=version).first()
    if found is not None:
        return found
    row = Prompt(name=name, project=None, version=version, title=file.title, text=file.text)
    Prompt.objects.bulk_create([row], ignore_conflicts=True)
    return Prompt.objects.get(name=name, project=None, version=version)


def seed_prompts() -> None:
    """A row for each prompt that came with the product, so that no page has to make one. Safe to run many times."""
    for name in prompt_files():
        shipped(name)


def chosen(project: Project, name: str) -> Prompt:
    """The version that the project uses. Raises BadInput for a name that nobody knows."""
    choice = PromptChoice.objects.filter(project=project, name=name).select_related("prompt").first()
    return choice.prompt if choice is not None else shipped(name)


def versions_of(project: Project, name: str) -> list[Prompt]:
    """All that the project can use, the newest first."""
    shipped(name)
    return list(Prompt.objects.of(project).filter(name=name).select_related("created_by").order_by("-id"))


@in_transaction
def add_version(*, project: Project, user: User, name: str, title: object, text: object) -> Prompt:
    """Another text is another version; the same text is the same row. Raises RightMissing, BadInput."""
    require(user, "configure", project=project)
    words = checked_text(text, field="text", most=PROMPT_CHARACTERS, blank=False)
    heading = checked_text(title, field="title", most=120, blank=False)
    shipped(name)
    version = version_of(words)
    known = Prompt.objects.of(project).filter(name=name, version=version).first()
    if known is not None:
        return known
    return Prompt.objects.create(
        name=name, project=project, version=version, title=heading, text=words, created_by=user
    )


@in_transaction
def choose(*, project: Project, user: User, name: str, version: str) -> Prompt:
    """Make a version the one that the project uses. Raises RightMissing, BadInput."""
    require(user, "configure", project=project)
    prompt = Prompt.objects.of(project).filter(name=name, version=version).first()
    if prompt is None:
        raise BadInput({"version": "there is no such version"})
    PromptChoice.objects.update_or_create(project=project, name=name, defaults={"prompt": prompt, "chosen_by": user})
    return prompt
