"""People, clips and questions whose every word is a text that would run, if a page let it."""

from annotation.models import Caption, Clip, Project, Role, User
from annotation.services import captions
from annotation.services.drafts import store_draft
from qa.models import QAItem
from qa.services import items
from tests.doors.payloads import PAYLOADS
from tests.factories import ClipFactory, MembershipFactory, UserFactory, add_drafted_item
from tests.qa.scenes import fresh


def packed(texts: list[str], most: int) -> list[str]:
    """As few texts of at most so many characters as hold all of these whole."""
    made = [texts[0]]
    for text in texts[1:]:
        if len(made[-1]) + 1 + len(text) <= most:
            made[-1] += f" {text}"
        else:
            made.append(text)
    return made


NAMES = packed(PAYLOADS, 150)


def named(project: Project, payload: str, role: Role, number: int) -> User:
    user = UserFactory.create(username=f"{role}{number}", first_name=payload, last_name="")
    MembershipFactory.create(project=project, user=user, role=role)
    return user


def hostile_clip(project: Project, clip_id: str, payload: str, text: str, people: list[str]) -> Clip:
    clip = ClipFactory.create(
        project=project,
        clip_id=clip_id,
        description=payload,
        source=payload,
        license=payload,
        source_id=payload,
        original_name=payload,
        metadata={payload: payload},
        subtitles=f"WEBVTT\n\n00:00.000 --> 00:01.000\n{payload}\n",
    )
    said = {"caption": text, "people": described(people)}
    store_draft(clip=clip, kind="caption", model=payload, payload=said)
    return clip


def described(people: list[str]) -> list[dict[str, str]]:
    return [{"key": f"P{place}", "description": one} for place, one in enumerate(people, start=1)]


def caption_of(clip: Clip) -> Caption:
    return Caption.objects.for_review_page().get(clip=clip)


def hand_in(clip: Clip, author: User, text: str, people: list[str]) -> None:
    caption = caption_of(clip)
    etag = captions.words_for(caption, author).etag
    captions.submit(caption=caption, user=author, etag=etag, text=text, people=described(people))


def one_after_the_other(group: list[str]) -> str:
    return " ".join(f"[00:0{place}.0] {payload}" for place, payload in enumerate(group, start=1))


def hostile_question(clip: Clip, payload: str, author: User) -> QAItem:
    options = [f"{payload} {letter}" for letter in "wxyz"]
    said = {"question": payload, "options": options, "answer_index": 0}
    item = add_drafted_item(clip=clip, category="count", model=payload, payload=said)
    words = items.words_for(fresh(item), author)
    evidence = [{"start_ms": None, "text": payload}]
    items.save(item=fresh(item), user=author, etag=words.etag, content={**words.content, "evidence": evidence})
    return item
