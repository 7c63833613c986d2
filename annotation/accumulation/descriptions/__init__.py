"""How descriptions of videos are read for acts: `annotation/accumulation/verbs.py` is the door.

`writing.py` takes a description apart, `languages.py` says what it is written in, `english.py` reads English by its
grammar, `inflected.py` other languages with spaces, `unspaced.py` Chinese and Japanese. Pure functions, nothing is
loaded before the first description; the words lie in `annotation/accumulation/verb_lexicon/`.
"""
