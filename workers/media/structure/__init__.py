"""Films by their bytes, before a demuxer sees them: boxes, chunks, elements and packets."""
