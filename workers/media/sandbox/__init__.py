"""Where foreign bytes are decoded: the child, its locks and floor, and the parent's side of the pipe."""
