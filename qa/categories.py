"""The five categories of questions, as data, in the order of the paper's Table 1."""

from dataclasses import dataclass

from django.db import models


class Category(models.TextChoices):
    INTERACTION = "interaction", "Interaction"
    ACTION_DETAILS = "action_details", "Action Details"
    ACTION_SEQUENCE = "action_sequence", "Action Sequence"
    COUNT = "count", "Count"
    ATTRIBUTE = "attribute", "Attribute"


OPTION_WORDS = 15
"""The most words that an option of Action Sequence may have."""


@dataclass(frozen=True)
class CategoryFacts:
    """asks_about: one line for the people who write and judge questions. form: what the checks hold it to, or ""."""

    asks_about: str
    form: str


FACTS: dict[Category, CategoryFacts] = {
    Category.INTERACTION: CategoryFacts("What people do to or with each other; names both by traits.", ""),
    Category.ACTION_DETAILS: CategoryFacts(
        "A precise movement, posture or expression; names the body part and the direction.", ""
    ),
    Category.ACTION_SEQUENCE: CategoryFacts(
        "The order of actions.",
        f"What does … do immediately after / just before …? Each option has at most {OPTION_WORDS} words.",
    ),
    Category.COUNT: CategoryFacts(
        "How often an action happens, not how many people there are.",
        "Starts with “How many”; the options are definite numbers, in words or digits, all different.",
    ),
    Category.ATTRIBUTE: CategoryFacts("What a person looks like.", "The options are values of one attribute."),
}

ORDER: dict[str, int] = {category.value: place for place, category in enumerate(Category)}
"""Where a category stands wherever questions are listed."""
