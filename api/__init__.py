"""What is asked: parse, authorise, one storage call, answer.

Law of this folder: no SQL, no object store client, no Celery and no decoder. A transaction commits before the
answer is sent (`Depends(begin, scope="function")`); the media path never buffers a body.
"""

import gc

gc.set_threshold(10_000)
"""What imports make stays, some 300,000 objects: to look for cycles among them every 700 costs a tenth of the start."""
