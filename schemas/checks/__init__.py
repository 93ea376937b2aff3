"""Every check, declared once: what it proves and what not, what it may find, and the words for it."""
