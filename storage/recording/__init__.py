"""Recordings: the transfer, the manifest, the received recording, the gaps of a device."""
