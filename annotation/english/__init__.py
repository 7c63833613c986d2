"""How English speaks of people, numbers, guesses and what can be seen.

Pure functions that know nothing of captions' rules, of the database or of a request. `annotation/caption_checks.py`,
`annotation/flags_for_browsers.py`, `qa/item_checks` and `qa/folding.py` read by it. `plain_sentences.py` takes a
caption as written, with its marks, and `plain_text.py` any text; the others read what these return.
"""
