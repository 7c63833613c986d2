"""The checks of a caption's words for its page: what stands there before, and without, JavaScript."""

from typing import Any

from annotation.caption_checks import Caption, flags_of
from annotation.caption_content import CaptionContent
from annotation.caption_flags import FlagReason, open_flags
from annotation.flags_for_browsers import for_browsers
from annotation.models import Clip


def checks_context(content: CaptionContent, clip: Clip, *, is_editable: bool) -> dict[str, Any]:
    """flags: the open ones of the words as they stand; flag_reasons: value and label, for the dialog of Submit.

    checked: the same for JavaScript, so that it need not ask as soon as the page is there; None where nobody may edit.
    """
    words = Caption(content.text, clip.duration_ms)
    flags = flags_of(words)
    return {
        "flags": open_flags(flags, content.dismissed),
        "flag_reasons": FlagReason.choices,
        "checked": {"text": content.text, **for_browsers(words, flags)} if is_editable else None,
    }
