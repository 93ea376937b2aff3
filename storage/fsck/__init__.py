"""What re-derives everything. Above all that it judges, imported by none of it."""
