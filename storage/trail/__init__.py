"""The access trail: noting in the transaction of what is noted, reading, and the seal of a day."""
