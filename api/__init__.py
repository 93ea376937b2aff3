"""What is asked: parse, authorise, one storage call, answer.

Law of this folder: no SQL, no object store client, no Celery and no decoder. A transaction commits before the
answer is sent (`Depends(begin, scope="function")`); the media path never buffers a body.
"""
