"""Video files in: what a file is, whether it is whole, and the copy of it that is served.

Everything here works on paths and bytes. Nothing knows the database.
"""
