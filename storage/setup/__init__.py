"""What brings a store into being: the embedded database, the data folder, the schema."""
