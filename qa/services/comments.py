"""Notes beside the questions of a clip. What a thread is and who may write: annotation/services/comments.py."""

from annotation.models import User
from annotation.services.comments import MOST_SHOWN, Beside, Thread, as_threads
from qa.models import QAComment, QAItem


def beside_question(item: QAItem) -> Beside:
    return Beside(item.clip, QAComment.objects.filter(item=item), {"item": item}, item.question_id)


def threads_of_questions(items: list[QAItem], user: User) -> dict[int, list[Thread]]:
    """Question's row id -> its threads, of the newest MOST_SHOWN notes beside any of them. 1 query.

    For pages that know that the person has not to answer one of the clip's questions blind.
    """
    comments = QAComment.objects.visible_to(user).filter(item__in=items).select_related("author", "done_by")
    found: dict[int, list[QAComment]] = {item.pk: [] for item in items}
    for comment in comments.order_by("-pk")[:MOST_SHOWN]:
        found[comment.item_id].append(comment)
    return {item_id: as_threads(notes) for item_id, notes in found.items()}
