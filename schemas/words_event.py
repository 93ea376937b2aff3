"""What each custody event is called; the same on every list, in every command: its class says it."""

from schemas.event import Event
from schemas.leaves import LEAVES
from schemas.words import vocabulary

EVENTS = vocabulary(
    Event,
    {Event(event): (kind.spec.words.zh, kind.spec.words.en) for (event, _), kind in LEAVES.items()},
)
