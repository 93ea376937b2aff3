"""Sound by its own frames, pages and chunks, and what decoded samples are like."""
