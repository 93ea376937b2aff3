"""What HTTP clients of tests trust: the authorities of this machine, read once.

A client that is not told reads them itself, which takes longer than a request; tests make clients by the thousand.
"""

import httpx

TRUST = httpx.create_ssl_context()
