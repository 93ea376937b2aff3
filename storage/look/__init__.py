"""Looks at evidence: what begins and ends one, and who reads who looked."""
