"""The portable history: a file that holds all that was written and judged, checks itself, and can be taken in again.

`records` says what a line consists of; `writing` makes the lines from rows, `verifying` proves a file without any
database, `restoring` makes rows of it. The file is described in docs/export-format.md.
"""
