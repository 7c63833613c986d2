"""The leak lab: questions that wait for a decision, all measures of one question, and the thresholds.

Keys and captions are told here: who still has to answer questions of a clip blind sees nothing of it.
"""

from django.contrib import messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotation.caption_format import without_marks
from annotation.errors import BadInput
from annotation.forms import add_problems
from annotation.models import Project
from annotation.views.pages import ProjectPage, project_page, refuse_unknown_fields, whole_number
from qa.evaluation.leak_lab import settings_of, standing_items
from qa.evaluation.leak_measures import MEASURES
from qa.forms import LeakSettingsForm
from qa.models import DraftProbe, LeakFlag, QAItem
from qa.services import leak_lab as service
from qa.services.items import item_for
from qa.services.probes_shown import counts_of
from qa.views.leak_cards import FlagRow, cards_of, measured

SHOWN = 10
"""Questions on a page."""
CURRENT = "evaluation"
_FIELDS = frozenset({"flag", "decision", "reason", "seen_answers"})


@never_cache
@require_http_methods(["GET", "POST"])
def leak_lab(request: HttpRequest, slug: str) -> HttpResponse:
    page = project_page(request, slug, right="review", parameters=frozenset({"after"}))
    if request.method == "POST":
        return _measure(request, page)
    waiting = _for_cards(_flagged(page.project))
    after = _after(request)
    found = list(waiting.filter(pk__gt=after).order_by("pk")[: SHOWN + 1])
    shown = found[:SHOWN]
    context = page.context(
        current=CURRENT,
        cards=cards_of(shown, page.user),
        waiting=waiting.count(),
        next_after=shown[-1].pk if len(found) > SHOWN else None,
        is_first=not after,
        last=service.last_measured(page.project),
        may_measure=page.may("configure"),
        may_return=page.may("reopen"),
        probes=_probe_figures(page.project),
    )
    return render(request, "qa/leak_lab/queue.html", context)


def _probe_figures(project: Project) -> list[tuple[str, int]]:
    """How many drafted questions came to what; nothing where none was ever probed. 1 query."""
    counts = counts_of(project)
    return [(one.label, counts.get(one.value, 0)) for one in DraftProbe.Outcome] if counts else []


def _measure(request: HttpRequest, page: ProjectPage) -> HttpResponse:
    refuse_unknown_fields(request, frozenset({"verb"}))
    if request.POST.get("verb") != "measure":
        raise BadInput({"verb": "must be measure"})
    found = service.measure(page.project, actor=page.user)
    messages.success(
        request,
        f"{found.questions:,} questions measured, {found.answered:,} of them with answers:"
        f" {found.made:,} new flags, {found.removed:,} taken back.",
    )
    return redirect("leak_lab", page.project.slug)


def _flagged(project: Project) -> QuerySet[QAItem]:
    own = service.open_flags(project).filter(item=OuterRef("pk"))
    return standing_items(project).filter(Exists(own))


def _for_cards(items: QuerySet[QAItem]) -> QuerySet[QAItem]:
    return items.select_related("clip__project", "clip__caption", "approved_revision", "caption_revision")


def _after(request: HttpRequest) -> int:
    """The last question of the page before. Raises BadInput."""
    value = request.GET.get("after", "0")
    if not value.isdecimal() or len(value) > 18:
        raise BadInput({"after": "must be a whole number"})
    return int(value)


@never_cache
@require_http_methods(["GET", "POST"])
def leak_lab_question(request: HttpRequest, slug: str, question_id: str) -> HttpResponse:
    page = project_page(request, slug, right="review")
    item = item_for(page.user, slug=slug, question_id=question_id)
    if request.method == "POST":
        refuse_unknown_fields(request, _FIELDS)
        return _decide(request, page, item)
    return _show(request, page, item)


def _decide(request: HttpRequest, page: ProjectPage, item: QAItem) -> HttpResponse:
    flag = service.flag_of(item, whole_number(request, "flag"))
    reason = request.POST.get("reason", "").replace("\r\n", "\n")
    try:
        service.decide(
            flag=flag,
            user=page.user,
            decision=request.POST.get("decision", ""),
            reason=reason,
            seen_answers=whole_number(request, "seen_answers"),
        )
    except BadInput as error:
        return _show(request, page, item, refused=FlagRow(flag, error.message, reason))
    done = "was kept" if request.POST["decision"] == LeakFlag.Decision.KEPT else "went back to its author"
    messages.success(request, f"{item.question_id} {done}.")
    return redirect("leak_lab", page.project.slug)


def _show(request: HttpRequest, page: ProjectPage, item: QAItem, *, refused: FlagRow | None = None) -> HttpResponse:
    context = page.context(current=CURRENT, item=item, may_return=page.may("reopen"), card=None)
    found = _for_cards(standing_items(page.project)).filter(pk=item.pk).first()
    if found is not None:  # of any other nothing may be told: somebody may have to answer it blind
        (card,) = cards_of([found], page.user, refused=refused)
        context["card"] = card
        if not card.is_sealed:
            verdict, rows = measured(found, service.habits_then(page.project))
            caption = found.caption_revision
            context |= {"verdict": verdict, "rows": rows, "caption": without_marks(caption.text) if caption else ""}
    return render(request, "qa/leak_lab/question.html", context, status=400 if refused else 200)


@require_http_methods(["GET", "POST"])
def leak_settings(request: HttpRequest, slug: str) -> HttpResponse:
    page = project_page(request, slug, right="configure")
    now = settings_of(page.project)
    initial = {name: getattr(now, name) for name in LeakSettingsForm.base_fields}
    form = LeakSettingsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            service.change_settings(project=page.project, user=page.user, **form.cleaned_data)
        except BadInput as error:
            add_problems(form, error)
        else:
            messages.success(request, "Settings of the leak lab saved. Flags follow when it measures next.")
            return redirect("leak_settings", slug)
    context = page.context(current=CURRENT, form=form, measures=MEASURES.values())
    return render(request, "qa/leak_lab/settings.html", context, status=400 if form.errors else 200)
