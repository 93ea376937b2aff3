"""What is kept: the only code that changes evidence.

Law of this folder: each change of evidence and its custody entry commit together, inside one method of one
collection. Bytes are streamed outside the transaction. Nothing here knows HTTP, Celery or a decoder.
"""
