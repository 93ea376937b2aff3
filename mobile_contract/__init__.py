"""The contract with field devices: formats, vectors, and a reference device that follows them."""
