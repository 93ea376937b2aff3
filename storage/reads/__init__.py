"""Named read models: what a noun tells other nouns of its rows. Tables and schemas below, nothing is written here.

A table is read by its own noun, by what stands here under a name, and by the few that gather everything: home
duties, packages, `fsck`. `tests/unit/test_architecture.py` holds the list, so that a new reader is a decision.
"""
