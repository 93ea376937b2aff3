"""Export packages and what goes into them."""
