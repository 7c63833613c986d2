"""The prompts of a project: what each version says, which one is used, and what a version gives on a few clips."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from annotation.caption_content import DraftError
from annotation.drafting.kinds import kind_of_prompt
from annotation.errors import BadInput, NotVisible
from annotation.forms import PromptChoiceForm, PromptTryForm, PromptVersionForm, add_problems
from annotation.models import Prompt
from annotation.services import prompt_tries, prompt_versions
from annotation.services.error_profiles import ErrorProfile, error_profiles
from annotation.services.prompt_versions import VersionLine, prompt_names, version_named
from annotation.services.prompts import add_version, choose
from annotation.views.pages import ProjectPage, page_or_partial, project_page
from annotation.word_diff import side_by_side

_VERSIONS = frozenset({"a", "b"})


@require_safe
def prompts(request: HttpRequest, slug: str) -> HttpResponse:
    page = project_page(request, slug, right="configure")
    lines = prompt_versions.prompt_lines(page.project)
    context = page.context(
        current="drafting", section="prompts", lines=lines, most_counted=prompt_versions.MOST_COUNTED
    )
    return render(request, "annotation/drafting/prompts.html", context)


@require_http_methods(["GET", "POST"])
def prompt(request: HttpRequest, slug: str, prompt_name: str) -> HttpResponse:
    """GET compares the versions `a` and `b`; POST adds a version."""
    page = _page(request, slug, prompt_name, parameters=_VERSIONS)
    if request.method == "GET":
        return _show(request, page, prompt_name)
    form = PromptVersionForm(request.POST)
    if form.is_valid():
        known = {line.prompt.version for line in prompt_versions.version_lines(page.project, prompt_name)}
        try:
            made = add_version(project=page.project, user=page.user, name=prompt_name, **form.cleaned_data)
        except BadInput as error:
            add_problems(form, error)
        else:
            is_new = made.version not in known
            said = "is kept; it is not in use yet." if is_new else "was there already: its text is the same."
            messages.success(request, f"Version {made.version[:8]} {said}")
            return redirect(f"{reverse('prompt', args=[slug, prompt_name])}?b={made.version}")
    return _show(request, page, prompt_name, version_form=form)


@require_http_methods(["POST"])
def prompt_choose(request: HttpRequest, slug: str, prompt_name: str) -> HttpResponse:
    page = _page(request, slug, prompt_name)
    form = PromptChoiceForm(request.POST)
    if not form.is_valid():
        raise BadInput({field: " ".join(map(str, errors)) for field, errors in form.errors.items()})
    chosen = choose(project=page.project, user=page.user, name=prompt_name, version=form.cleaned_data["version"])
    messages.success(request, f"Version {chosen.version[:8]} is in use. Drafts that were made before stay as they are.")
    return redirect("prompt", slug, prompt_name)


@require_http_methods(["POST"])
def prompt_try(request: HttpRequest, slug: str, prompt_name: str) -> HttpResponse:
    page = _page(request, slug, prompt_name, right="draft")
    lines = prompt_versions.version_lines(page.project, prompt_name)
    form = _try_form(lines, request.POST)
    if form.is_valid():
        version = version_named(page.project, prompt_name, form.cleaned_data["version"])
        try:
            jobs = prompt_tries.try_on(
                project=page.project, user=page.user, prompt=version, clips=form.cleaned_data["clips"]
            )
        except BadInput as error:
            add_problems(form, error)
        else:
            clips = "1 clip" if len(jobs) == 1 else f"{len(jobs)} clips"
            messages.success(request, f"Version {version.version[:8]} is being tried on {clips}.")
            return redirect(f"{reverse('prompt', args=[slug, prompt_name])}#tries")
    return _show(request, page, prompt_name, try_form=form)


def _page(
    request: HttpRequest,
    slug: str,
    prompt_name: str,
    *,
    right: str = "configure",
    parameters: frozenset[str] = frozenset(),
) -> ProjectPage:
    """Raises as `project_page`, and NotVisible for a prompt that nobody knows."""
    page = project_page(request, slug, right=right, parameters=parameters)
    if prompt_name not in prompt_names():
        raise NotVisible
    return page


def _try_form(lines: list[VersionLine], data: Any = None, *, initial: dict[str, str] | None = None) -> PromptTryForm:
    form = PromptTryForm(data, initial=initial)
    form.fields["version"].choices = [(line.prompt.version, _label(line)) for line in lines]  # type: ignore[attr-defined]
    return form


def _label(line: VersionLine) -> str:
    return f"{line.prompt.version[:8]} · {line.prompt.title}{' · in use' if line.is_in_use else ''}"


def _show(
    request: HttpRequest,
    page: ProjectPage,
    name: str,
    *,
    version_form: PromptVersionForm | None = None,
    try_form: PromptTryForm | None = None,
) -> HttpResponse:
    lines = prompt_versions.version_lines(page.project, name)
    in_use = next(line.prompt for line in lines if line.is_in_use)
    first, second = _compared(request, page, name, lines)
    drafts = {line.prompt.version: line.drafts for line in lines}
    tries = prompt_tries.tries_of(page.project, name)
    suggested = {"version": second.version, "clips": " ".join(prompt_tries.clips_to_try(page.project, name))}
    is_refused = bool((version_form and version_form.errors) or (try_form and try_form.errors))
    context = page.context(
        current="drafting",
        section="prompts",
        prompt_name=name,
        lines=lines,
        most_counted=prompt_versions.MOST_COUNTED,
        choices=[(line.prompt.version, _label(line)) for line in lines],
        in_use=in_use,
        first=first,
        second=second,
        first_drafts=drafts.get(first.version, 0),
        second_drafts=drafts.get(second.version, 0),
        rows=side_by_side(first.text, second.text),
        version_form=version_form or PromptVersionForm(initial={"title": in_use.title, "text": in_use.text}),
        try_form=try_form or _try_form(lines, initial=suggested),
        is_asked=kind_of_prompt(name) is not None,
        tries=tries,
        is_trying=any(not one.is_over for one in tries),
        has_key=bool(settings.ANTHROPIC_API_KEY),
        draft_errors=DraftError.labels,
        profiles=_profiles(page, name, lines),
    )
    if is_refused:
        return render(request, "annotation/drafting/prompt.html", context, status=400)
    return page_or_partial(request, "annotation/drafting/prompt.html", "tries", context)


def _profiles(page: ProjectPage, name: str, lines: list[VersionLine]) -> list[tuple[VersionLine, ErrorProfile]]:
    """Of the versions whose captions somebody has judged, the newest first. Only captions are judged so."""
    if name != "caption":
        return []
    known = error_profiles(page.project, [line.prompt.version for line in lines])
    return [(line, known[line.prompt.version]) for line in lines if line.prompt.version in known]


def _compared(request: HttpRequest, page: ProjectPage, name: str, lines: list[VersionLine]) -> tuple[Prompt, Prompt]:
    """Those that the address names; else the newest against the one in use, or against the one before it."""
    second = request.GET.get("b")
    later = version_named(page.project, name, second, field="b") if second else lines[0].prompt
    first = request.GET.get("a")
    if first:
        return version_named(page.project, name, first, field="a"), later
    others = [line for line in lines if line.prompt.version != later.version]
    earlier = next((line for line in others if line.is_in_use), others[0] if others else None)
    return (earlier.prompt if earlier else later), later
