"""The Django project: wiring, and the programs that run it."""
