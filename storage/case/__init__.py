"""Cases: ties, facts, gates, submissions."""
