"""What a person sets for themselves: the keys of the workspaces."""

import re

from annotation.errors import BadInput
from annotation.models import User
from annotation.transactions import in_transaction

COMMANDS = 100
KEYS_OF_A_COMMAND = 4
KEY_CHARACTERS = 40

_COMMAND = re.compile(r"[a-z][a-z0-9-]{0,39}")


@in_transaction
def set_keys(*, user: User, keys: object) -> dict[str, list[str]]:
    """Make these a person's own keys, instead of those before. Raises BadInput.

    keys: a command's name -> at most 4 keys as the browser names them ("Ctrl+Space", "F8", ","); no keys are possible.
    """
    checked = checked_keys(keys)
    user.key_map = checked
    user.save(update_fields=["key_map"])
    return checked


def checked_keys(value: object) -> dict[str, list[str]]:
    """Raises BadInput that says which command is wrong."""
    if not isinstance(value, dict):
        raise BadInput({"keys": "must be an object: a command's name -> its keys"})
    if len(value) > COMMANDS:
        raise BadInput({"keys": f"has {len(value)} commands; at most {COMMANDS} are possible"})
    for name, combos in value.items():
        if not _COMMAND.fullmatch(name):
            raise BadInput({"keys": "a command's name is a to z, digits and -, at most 40 characters"})
        if not isinstance(combos, list) or len(combos) > KEYS_OF_A_COMMAND:
            raise BadInput({"keys": f"{name} must have a list of at most {KEYS_OF_A_COMMAND} keys"})
        if not all(_is_key(combo) for combo in combos):
            raise BadInput({"keys": f"{name}: a key is 1 to {KEY_CHARACTERS} characters that can be printed, no space"})
        if len(set(combos)) < len(combos):
            raise BadInput({"keys": f"{name} has the same key twice"})
    return value


def _is_key(combo: object) -> bool:
    if not isinstance(combo, str) or not 1 <= len(combo) <= KEY_CHARACTERS:
        return False
    return combo.isprintable() and " " not in combo
