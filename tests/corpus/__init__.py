"""Ground truth: files whose state is known, made anew from a seed (README.md)."""
