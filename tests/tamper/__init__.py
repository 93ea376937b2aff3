"""The 45 tamper classes as fault injectors against the real stack, and the table of what named them."""
