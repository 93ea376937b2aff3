"""Legal review: rounds, grounds and findings."""
