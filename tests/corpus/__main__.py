"""`python -m tests.corpus`: make the corpus, look at it, print the table; 1 when less is found than must be."""

import argparse
import json
import sys
import time

from tests.corpus.report import is_good, lines
from tests.corpus.run import jobs, look_in_pieces, tenth


def main() -> int:
    """Run as asked for on the command line."""
    asked = argparse.ArgumentParser(prog="python -m tests.corpus", description=__doc__)
    asked.add_argument("--tenth", type=int, metavar="SEED", help="only a tenth, drawn by this seed")
    asked.add_argument("--seed", type=int, default=1, help="seed of the whole corpus (1)")
    asked.add_argument("--medium", help="only files of this medium")
    asked.add_argument("--processes", type=int, default=2)
    asked.add_argument(
        "--json", action="store_true", help="one line of JSON a file: what is true, what was said"
    )
    options = asked.parse_args()
    chosen = jobs() if options.tenth is None else tenth(options.tenth)
    chosen = [one for one in chosen if options.medium in {None, one[0]}]
    begun = time.monotonic()
    seed = options.seed if options.tenth is None else options.tenth
    rows = look_in_pieces(chosen, seed, options.processes)
    if options.json:
        for one in rows:
            print(json.dumps(one._asdict(), ensure_ascii=False))
    else:
        print("\n".join(lines(rows)))
        print(f"seed {seed}, {len(rows)} files, {time.monotonic() - begun:.0f} s")
    return 0 if is_good(rows, is_drawn=options.tenth is not None) else 1


if __name__ == "__main__":
    sys.exit(main())
