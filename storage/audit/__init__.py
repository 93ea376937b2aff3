"""Supervision: populations, draws, scores, rechecks."""
