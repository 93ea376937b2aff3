"""`python -m tests.stand`."""

import sys

from tests.stand.command import main

sys.exit(main())
