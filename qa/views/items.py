"""The QA workspace: a clip's questions beside the clip and its approved caption.

Each card is a form of its own and works without JavaScript; with it, cards save as one types. The questions of a clip
are handed in together.
"""

import random
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotation.caption_format import segments
from annotation.errors import BadInput, NotVisible, StaleRevision
from annotation.models import Caption, LeaseWork
from annotation.services.captions import note_opening
from annotation.states import State
from annotation.strict_json import NotJSON, read_json
from annotation.views.pages import ProjectPage, project_page, refuse_unknown_fields, whole_number
from annotation.views.queue import go_to_next, queue_context
from qa.categories import FACTS, Category
from qa.content import LETTERS, content_from_draft, marks_of
from qa.models import QAItem
from qa.services import items
from qa.services.items import QAWords
from qa.services.merging import keep_stale
from qa.services.reviews import confirm
from qa.services.sets import set_of
from qa.services.targets import targets_of
from qa.views.cards import CONTENT_FIELDS, Card, Typed, blank_card, cards_of, typed_content

_FIELDS = CONTENT_FIELDS | {
    *("verb", "question_id", "etag", "reason", "category"),
    *("seen_id", "seen_etag", "seen_number", "watched"),
}
_OVERRIDE = "why-"
"""Beginning of the fields that say why a question goes in although a check blocks it: `why-<rule>|<question id>`."""


@never_cache
@require_http_methods(["GET", "POST"])
def qa_workspace(request: HttpRequest, slug: str, clip_id: str) -> HttpResponse:
    page = project_page(request, slug, right="edit")
    caption = page.caption(clip_id)
    if request.method == "POST":
        refuse_unknown_fields(request, _FIELDS, each=(_OVERRIDE,))
        return _act(request, page, caption)
    if caption.state != State.APPROVED:
        return render(
            request, "qa/qa_workspace.html", page.context(current="clips", clip=caption.clip, caption=caption)
        )
    return _show(request, page, caption)


def _act(request: HttpRequest, page: ProjectPage, caption: Caption) -> HttpResponse:
    """One verb of the page's forms; what was typed is shown again when it could not be taken."""
    verb, _, argument = request.POST.get("verb", "").partition(":")
    act = _VERBS.get(verb)
    if act is None:
        raise BadInput({"verb": "is unknown"})
    try:
        return act(request, page, caption, argument)
    except BadInput as error:
        if verb not in _KEEPS_WORDS:
            raise
        return _show(request, page, caption, refused=error, typed=_typed(request, verb, error))
    except StaleRevision as error:
        if verb not in _KEEPS_WORDS:
            raise
        if verb != "submit":
            _keep_stale(request, page, caption)
        return _show(request, page, caption, refused=error, typed=_typed(request, verb, error))


def _keep_stale(request: HttpRequest, page: ProjectPage, caption: Caption) -> QAWords:
    """The words survive, with what they began from; nothing becomes a revision before they are merged."""
    item, etag = _item(request, page, caption), request.POST.get("etag")
    return keep_stale(item=item, user=page.user, etag=etag, content=typed_content(request))


def _typed(request: HttpRequest, verb: str, error: BadInput | StaleRevision) -> Typed:
    if verb == "submit":
        return Typed(refusals=error.detail.get("fields", {}), reasons=_reasons(request))
    question_id, content = request.POST.get("question_id", ""), typed_content(request)
    whole = len(content["options"]) == len(LETTERS)  # else the form is none of ours, and its words are no question
    return Typed({question_id: content} if whole else {}, {question_id: error.message})


def _save(request: HttpRequest, page: ProjectPage, caption: Caption, argument: str) -> HttpResponse:
    item = _item(request, page, caption)
    items.save(item=item, user=page.user, etag=request.POST.get("etag"), content=typed_content(request))
    messages.success(request, "Saved.")
    return _back_to(page, item)


def _accept(request: HttpRequest, page: ProjectPage, caption: Caption, argument: str) -> HttpResponse:
    """The draft exactly as it is; words that were changed on the page are not thrown away for it."""
    item = _item(request, page, caption)
    content = content_from_draft(item.draft.payload) if item.draft else {}
    if typed_content(request) != {**content, "question": content.get("question", "").replace("\r\n", "\n")}:
        raise BadInput({"question": "you have changed this draft: press Save"})
    items.save(item=item, user=page.user, etag=request.POST.get("etag"), content=content)
    messages.success(request, "Accepted as drafted.")
    return _back_to(page, item)


def _move(request: HttpRequest, page: ProjectPage, caption: Caption, option_id: str, *, by: int) -> HttpResponse:
    """An option one place up or down, kept as unsaved words: the key goes with its option."""
    item = _item(request, page, caption)
    content = typed_content(request)
    options = content["options"]
    place = next((place for place, option in enumerate(options) if option["id"] == option_id), None)
    if place is None:
        raise BadInput({"options": "there is no such option"})
    options.insert(min(max(place + by, 0), len(options)), options.pop(place))
    items.autosave(item=item, user=page.user, etag=request.POST.get("etag"), content=content)
    return _back_to(page, item)


def _move_up(request: HttpRequest, page: ProjectPage, caption: Caption, argument: str) -> HttpResponse:
    return _move(request, page, caption, argument, by=-1)


def _move_down(request: HttpRequest, page: ProjectPage, caption: Caption, argument: str) -> HttpResponse:
    return _move(request, page, caption, argument, by=1)


def _shuffle(request: HttpRequest, page: ProjectPage, caption: Caption, argument: str) -> HttpResponse:
    """The options in another order, kept as unsaved words: the key goes with its option."""
    item, content = _item(request, page, caption), typed_content(request)
    before = content["options"]
    if len({option["id"] for option in before}) < len(LETTERS):
        raise BadInput({"options": f"must be {len(LETTERS)}"})
    while content["options"] == before:
        content["options"] = random.SystemRandom().sample(before, len(before))
    items.autosave(item=item, user=page.user, etag=request.POST.get("etag"), content=content)
    return _back_to(page, item)


def _unmark(request: HttpRequest, page: ProjectPage, caption: Caption, place: str) -> HttpResponse:
    """One mark less, kept as unsaved words. place: of the mark, from 0."""
    item, content = _item(request, page, caption), typed_content(request)
    if not place.isdecimal() or len(place) > 4 or int(place) >= len(marks_of(content)):
        raise BadInput({"marks": "there is no such mark"})
    del content["marks"][int(place)]
    items.autosave(item=item, user=page.user, etag=request.POST.get("etag"), content=content)
    return _back_to(page, item)


def _split(request: HttpRequest, page: ProjectPage, caption: Caption, argument: str) -> HttpResponse:
    item, content = _item(request, page, caption), typed_content(request)
    made = items.split_item(item=item, user=page.user, etag=request.POST.get("etag"), content=content)
    messages.success(request, f"{item.question_id} is two questions now: change {made.question_id} to ask the rest.")
    return _back_to(page, made)


def _compare(request: HttpRequest, page: ProjectPage, caption: Caption, argument: str) -> HttpResponse:
    """The page found out that somebody was faster: keep what was typed here, and show it beside theirs."""
    words, item = _keep_stale(request, page, caption), _item(request, page, caption)
    if words.base_number == item.head_number:
        return _back_to(page, item)
    return redirect("qa_merge", page.project.slug, item.question_id)


def _discard(request: HttpRequest, page: ProjectPage, caption: Caption, argument: str) -> HttpResponse:
    item = _item(request, page, caption)
    items.discard(item=item, user=page.user)
    return _back_to(page, item)


def _drop(request: HttpRequest, page: ProjectPage, caption: Caption, argument: str) -> HttpResponse:
    item = _item(request, page, caption)
    reason = request.POST.get("reason", "").replace("\r\n", "\n")
    items.drop(item=item, user=page.user, etag=request.POST.get("etag"), reason=reason)
    messages.success(request, f"{item.question_id} is dropped.")
    return _back_to(page, item)


def _add(request: HttpRequest, page: ProjectPage, caption: Caption, argument: str) -> HttpResponse:
    category, content = request.POST.get("category"), typed_content(request)
    item = items.add_item(clip=caption.clip, user=page.user, category=category, content=content)
    messages.success(request, "Added.")
    return _back_to(page, item)


def _submit(request: HttpRequest, page: ProjectPage, caption: Caption, argument: str) -> HttpResponse:
    seen = dict(zip(request.POST.getlist("seen_id"), request.POST.getlist("seen_etag"), strict=False))
    reasons, watched = _reasons(request), _watched(request)
    handed_in = items.submit_unit(clip=caption.clip, user=page.user, seen=seen, reasons=reasons, watched=watched)
    plural = "question was" if len(handed_in) == 1 else "questions were"
    messages.success(request, f"{len(handed_in)} {plural} submitted for review.")
    return go_to_next(request, page, kind="questions", work=LeaseWork.EDIT)


def _reasons(request: HttpRequest) -> dict[str, dict[str, str]]:
    reasons: dict[str, dict[str, str]] = defaultdict(dict)
    for name, reason in request.POST.items():
        if name.startswith(_OVERRIDE):
            rule, _, question_id = name.removeprefix(_OVERRIDE).partition("|")
            reasons[question_id][rule] = str(reason).replace("\r\n", "\n")
    return reasons


def _watched(request: HttpRequest) -> object:
    """Spans as the player tells them, JSON; none without JavaScript. Raises BadInput."""
    try:
        return read_json(request.POST.get("watched", "[]").encode("utf-8", "surrogatepass"))
    except NotJSON as error:
        raise BadInput({"watched": str(error)}) from error


def _withdraw(request: HttpRequest, page: ProjectPage, caption: Caption, argument: str) -> HttpResponse:
    items.withdraw_unit(clip=caption.clip, user=page.user)
    return redirect("qa_workspace", page.project.slug, caption.clip.clip_id)


def _reopen(request: HttpRequest, page: ProjectPage, caption: Caption, argument: str) -> HttpResponse:
    item = _item(request, page, caption)
    reason, number = request.POST.get("reason", ""), whole_number(request, "seen_number")
    items.reopen(item=item, user=page.user, reason=reason, seen_number=number)
    return _back_to(page, item)


def _confirm(request: HttpRequest, page: ProjectPage, caption: Caption, argument: str) -> HttpResponse:
    item = _item(request, page, caption)
    confirm(item=item, reviewer=page.user, seen_number=whole_number(request, "seen_number"))
    messages.success(request, f"{item.question_id} still holds.")
    return _back_to(page, item)


_VERBS: dict[str, Callable[[HttpRequest, ProjectPage, Caption, str], HttpResponse]] = {
    "save": _save,
    "accept": _accept,
    "up": _move_up,
    "down": _move_down,
    "shuffle": _shuffle,
    "unmark": _unmark,
    "split": _split,
    "compare": _compare,
    "discard": _discard,
    "drop": _drop,
    "add": _add,
    "submit": _submit,
    "withdraw": _withdraw,
    "reopen": _reopen,
    "confirm": _confirm,
}
_KEEPS_WORDS = ("save", "accept", "up", "down", "shuffle", "unmark", "split", "compare", "add", "submit")
"""Verbs whose forms hold words that must be shown again, or name the cards that are in the way."""


def _item(request: HttpRequest, page: ProjectPage, caption: Caption) -> QAItem:
    question_id = request.POST.get("question_id", "")
    item = items.item_for(page.user, slug=page.project.slug, question_id=question_id)
    if item.clip_id != caption.clip_id:
        raise NotVisible
    return item


def _back_to(page: ProjectPage, item: QAItem) -> HttpResponse:
    return redirect(back_to(page.project.slug, item))


def back_to(slug: str, item: QAItem) -> str:
    """The address of the question's card."""
    return f"{reverse('qa_workspace', args=[slug, item.clip.clip_id])}#q-{item.question_id}"


def _show(
    request: HttpRequest,
    page: ProjectPage,
    caption: Caption,
    *,
    refused: BadInput | StaleRevision | None = None,
    typed: Typed | None = None,
) -> HttpResponse:
    note_opening(caption=caption, user=page.user)
    text = caption.approved_revision.text if caption.approved_revision else ""
    sentences, typed = segments(text), typed or Typed()
    cards = cards_of(page, caption.clip, sentences=sentences, typed=typed)
    targets, added = targets_of(page.project), request.POST.get("category", "")
    open_cards = [card for card in cards if card.item and card.is_editable]
    states = {card.item.state for card in cards if card.item}
    context = page.context(
        current="clips",
        clip=caption.clip,
        caption=caption,
        text=text,
        segments=[
            {"start": part.start_ms / 1000, "text": part.text} for part in sentences if part.start_ms is not None
        ],
        sections=[
            _section(category, cards, targets[category], blank)
            for category in Category
            for blank in [blank_card(category, sentences=sentences, typed=typed, added_category=added)]
        ],
        open_cards=open_cards,
        in_the_way=[card for card in open_cards if not card.is_ready],
        ready=sum(card.is_ready for card in open_cards),
        key_spread=_key_spread(cards),
        may_withdraw=not open_cards and State.IN_REVIEW in states,
        may_reopen=page.may("reopen"),
        may_confirm=page.may("review"),
        refused=refused,
        **queue_context(page, set_of(caption.clip), may_skip=bool(open_cards) or states <= {State.DROPPED}),
        is_about_cards=bool(typed.refusals.keys() & {card.item.question_id for card in open_cards if card.item}),
    )
    status = 200 if refused is None else 412 if isinstance(refused, StaleRevision) else 400
    return render(request, "qa/qa_workspace.html", context, status=status)


def _section(category: Category, cards: list[Card], wanted: int, blank: Card) -> dict[str, Any]:
    mine = [card for card in cards if card.item and card.item.category == category]
    live = [card for card in mine if card.item and card.item.state != State.DROPPED]
    return {
        "category": category,
        "facts": FACTS[category],
        "cards": mine,
        "live": live,
        "ready": sum(card.is_ready for card in live),
        "wanted": wanted,
        "missing": max(0, wanted - len(live)),
        "blank": blank,
    }


def _key_spread(cards: list[Card]) -> list[tuple[str, int]]:
    """How many keys stand at each letter: a benchmark must not favour one place."""
    live = [card for card in cards if card.item and card.item.state != State.DROPPED and not card.is_sealed]
    letters = [card.key_option.letter for card in live if card.key_option]
    return [(letter, letters.count(letter)) for letter in LETTERS]
