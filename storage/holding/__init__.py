"""The life of devices beside their keys: what they are, how they were found, and who had them."""
