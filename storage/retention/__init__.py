"""For how long recordings are kept: asked for, entered, and renewed by night."""
