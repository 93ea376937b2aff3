"""Tracks and telemetry: readers of each format, columns of points, and the checks of what lies between them."""
