"""What re-derives everything from bytes. Above all that it judges, resting on none of it, imported by none of it.

Every check reads for itself, by plain SQL over `storage.tables` and through the port of the object store; the rules are
those of `schemas`. Nothing is selected that the driver could choke on: times are compared inside the database or read as
text, documents are read as text. So a value that somebody with all rights put there is a fault with a name, never the
end of the run.
"""
