"""The roles by which people acted, each named once for the table of a page."""

from collections.abc import Iterable

from schemas.office import Held, Office


def each_once(told: Iterable[tuple[str, Held]]) -> list[tuple[str, Office]]:
    """Return who acted by which role, in the order in which they first did."""
    return list(dict.fromkeys((actor, office) for actor, held in told for office in held))
