"""What happens later: tasks that take an id, can be run again at any time, and own no state.

Law of this folder: a task reads, works outside the transaction, and writes its result together with the end
of its job in one transaction that is void when the lease was lost. Decoders of foreign bytes run in a child.
"""
