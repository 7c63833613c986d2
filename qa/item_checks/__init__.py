"""The rules of questions, one module for what each looks at. `qa/checks.py` is the door and says their order."""
