"""Capturing hardware with its own key: how it is enrolled, comes in, and is revoked."""
