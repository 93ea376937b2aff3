"""What things are, and every rule that can be decided without I/O.

Law of this folder: standard library, pydantic and cryptography only. No clock, no randomness, no
logging, no file, no socket: time, seeds and keys come in as arguments, so that a court's verifier, a phone and
the server decide alike.
"""
