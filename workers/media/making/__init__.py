"""Copies for viewing, made of a recording in a child of their own: never evidence, always with a parent."""
