"""The reference device and the offline verifier: they run without the server's packages."""
