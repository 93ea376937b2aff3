"""Records of fixed equipment: batches, opinions, ties."""
