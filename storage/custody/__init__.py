"""The custody log: acts are written to it, read from it, and signed."""
