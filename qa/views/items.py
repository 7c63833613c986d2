"""The QA workspace: a clip's questions beside the clip and its approved caption.

Each card is a form of its own and works without JavaScript; with it, cards save as one types. The questions of a clip
are handed in together.
"""

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
from annotation.models import Caption
from annotation.services.captions import note_opening
from annotation.states import State
from annotation.views.pages import ProjectPage, project_page, refuse_unknown_fields
from qa.categories import FACTS, Category
from qa.content import LETTERS, content_from_draft
from qa.models import QAItem
from qa.services import items
from qa.views.cards import CONTENT_FIELDS, Card, Typed, blank_card, cards_of, typed_content, whole_number

_FIELDS = CONTENT_FIELDS | {
    *("verb", "question_id", "etag", "reason", "category"),
    *("seen_id", "seen_etag", "seen_number"),
}


@never_cache
@require_http_methods(["GET", "POST"])
def qa_workspace(request: HttpRequest, slug: str, clip_id: str) -> HttpResponse:
    page = project_page(request, slug, right="edit")
    caption = page.caption(clip_id)
    if request.method == "POST":
        refuse_unknown_fields(request, _FIELDS)
        return _act(request, page, caption)
    if caption.state != State.APPROVED:
        return render(
            request, "qa/qa_workspace.html", page.context(current="clips", clip=caption.clip, caption=caption)
        )
    note_opening(caption=caption, user=page.user)
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
            # The words survive, on top of what is there now; nothing becomes a revision before the next press.
            content = typed_content(request)
            items.rebase(item=_item(request, page, caption), user=page.user, content=content)
        return _show(request, page, caption, refused=error, typed=_typed(request, verb, error))


def _typed(request: HttpRequest, verb: str, error: BadInput | StaleRevision) -> Typed:
    if verb == "submit":
        return Typed(refusals=error.detail.get("fields", {}))
    question_id, content = request.POST.get("question_id", ""), typed_content(request)
    whole = len(content["options"]) == len(LETTERS)  # else the form is none of ours, and its words are no question
    return Typed(
        {question_id: content} if whole else {}, {question_id: error.message}, isinstance(error, StaleRevision)
    )


def _save(request: HttpRequest, page: ProjectPage, caption: Caption, argument: str) -> HttpResponse:
    item = _item(request, page, caption)
    items.save(item=item, user=page.user, etag=request.POST.get("etag"), content=typed_content(request))
    messages.success(request, "Saved.")
    return _back_to(page, caption, item)


def _accept(request: HttpRequest, page: ProjectPage, caption: Caption, argument: str) -> HttpResponse:
    """The draft exactly as it is; words that were changed on the page are not thrown away for it."""
    item = _item(request, page, caption)
    content = content_from_draft(item.draft.payload) if item.draft else {}
    if typed_content(request) != {**content, "question": content.get("question", "").replace("\r\n", "\n")}:
        raise BadInput({"question": "you have changed this draft: press Save"})
    items.save(item=item, user=page.user, etag=request.POST.get("etag"), content=content)
    messages.success(request, "Accepted as drafted.")
    return _back_to(page, caption, item)


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
    return _back_to(page, caption, item)


def _move_up(request: HttpRequest, page: ProjectPage, caption: Caption, argument: str) -> HttpResponse:
    return _move(request, page, caption, argument, by=-1)


def _move_down(request: HttpRequest, page: ProjectPage, caption: Caption, argument: str) -> HttpResponse:
    return _move(request, page, caption, argument, by=1)


def _compare(request: HttpRequest, page: ProjectPage, caption: Caption, argument: str) -> HttpResponse:
    """The page found out that somebody was faster: show their words and what was typed here."""
    raise StaleRevision("Somebody saved a newer revision.")


def _discard(request: HttpRequest, page: ProjectPage, caption: Caption, argument: str) -> HttpResponse:
    item = _item(request, page, caption)
    items.discard(item=item, user=page.user)
    return _back_to(page, caption, item)


def _drop(request: HttpRequest, page: ProjectPage, caption: Caption, argument: str) -> HttpResponse:
    item = _item(request, page, caption)
    reason = request.POST.get("reason", "").replace("\r\n", "\n")
    items.drop(item=item, user=page.user, etag=request.POST.get("etag"), reason=reason)
    messages.success(request, f"{item.question_id} is dropped.")
    return _back_to(page, caption, item)


def _add(request: HttpRequest, page: ProjectPage, caption: Caption, argument: str) -> HttpResponse:
    category, content = request.POST.get("category"), typed_content(request)
    item = items.add_item(clip=caption.clip, user=page.user, category=category, content=content)
    messages.success(request, "Added.")
    return _back_to(page, caption, item)


def _submit(request: HttpRequest, page: ProjectPage, caption: Caption, argument: str) -> HttpResponse:
    seen = dict(zip(request.POST.getlist("seen_id"), request.POST.getlist("seen_etag"), strict=False))
    handed_in = items.submit_unit(clip=caption.clip, user=page.user, seen=seen)
    plural = "question was" if len(handed_in) == 1 else "questions were"
    messages.success(request, f"{len(handed_in)} {plural} submitted for review.")
    return redirect("clips", page.project.slug)


def _withdraw(request: HttpRequest, page: ProjectPage, caption: Caption, argument: str) -> HttpResponse:
    items.withdraw_unit(clip=caption.clip, user=page.user)
    return redirect("qa_workspace", page.project.slug, caption.clip.clip_id)


def _reopen(request: HttpRequest, page: ProjectPage, caption: Caption, argument: str) -> HttpResponse:
    item = _item(request, page, caption)
    reason, number = request.POST.get("reason", ""), whole_number(request, "seen_number")
    items.reopen(item=item, user=page.user, reason=reason, seen_number=number)
    return _back_to(page, caption, item)


_VERBS: dict[str, Callable[[HttpRequest, ProjectPage, Caption, str], HttpResponse]] = {
    "save": _save,
    "accept": _accept,
    "up": _move_up,
    "down": _move_down,
    "compare": _compare,
    "discard": _discard,
    "drop": _drop,
    "add": _add,
    "submit": _submit,
    "withdraw": _withdraw,
    "reopen": _reopen,
}
_KEEPS_WORDS = ("save", "accept", "up", "down", "compare", "add", "submit")
"""Verbs whose forms hold words that must be shown again, or name the cards that are in the way."""


def _item(request: HttpRequest, page: ProjectPage, caption: Caption) -> QAItem:
    question_id = request.POST.get("question_id", "")
    item = items.item_for(page.user, slug=page.project.slug, question_id=question_id)
    if item.clip_id != caption.clip_id:
        raise NotVisible
    return item


def _back_to(page: ProjectPage, caption: Caption, item: QAItem) -> HttpResponse:
    return redirect(f"{reverse('qa_workspace', args=[page.project.slug, caption.clip.clip_id])}#q-{item.question_id}")


def _show(
    request: HttpRequest,
    page: ProjectPage,
    caption: Caption,
    *,
    refused: BadInput | StaleRevision | None = None,
    typed: Typed | None = None,
) -> HttpResponse:
    text = caption.approved_revision.text if caption.approved_revision else ""
    sentences, typed = segments(text), typed or Typed()
    cards = cards_of(page, caption.clip, sentences=sentences, typed=typed)
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
            _section(category, cards, blank_card(category, sentences=sentences, typed=typed, added_category=added))
            for added in [request.POST.get("category", "")]
            for category in Category
        ],
        open_cards=open_cards,
        in_the_way=[card for card in open_cards if not card.is_ready],
        ready=sum(card.is_ready for card in open_cards),
        key_spread=_key_spread(cards),
        may_withdraw=not open_cards and State.IN_REVIEW in states,
        may_reopen=page.may("reopen"),
        refused=refused,
    )
    status = 200 if refused is None else 412 if isinstance(refused, StaleRevision) else 400
    return render(request, "qa/qa_workspace.html", context, status=status)


def _section(category: Category, cards: list[Card], blank: Card) -> dict[str, Any]:
    mine = [card for card in cards if card.item and card.item.category == category]
    live = [card for card in mine if card.item and card.item.state != State.DROPPED]
    return {
        "category": category,
        "facts": FACTS[category],
        "cards": mine,
        "live": live,
        "ready": sum(card.is_ready for card in live),
        "blank": blank,
    }


def _key_spread(cards: list[Card]) -> list[tuple[str, int]]:
    """How many keys stand at each letter: a benchmark must not favour one place."""
    live = [card for card in cards if card.item and card.item.state != State.DROPPED and not card.is_sealed]
    letters = [card.key_option.letter for card in live if card.key_option]
    return [(letter, letters.count(letter)) for letter in LETTERS]
