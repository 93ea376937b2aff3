"""Films and sounds by their streams: one pass over all packets, each told to the reader of its stream."""
