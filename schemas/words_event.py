"""What each custody event is called; the same on every list, in every command: its class says it."""

from schemas.event import Event
from schemas.leaves import LEAVES
from schemas.words import vocabulary

_OLD = {
    Event.MONITORING_RECEIVE: ("接收非现场监管批次（旧）", "Monitoring batch received (old)"),
    Event.MONITORING_ACCEPT: ("审核有效", "Found valid"),
    Event.MONITORING_REJECT: ("审核无效", "Found invalid"),
}
_WORDS = {Event(event): kind.spec.words for (event, _), kind in LEAVES.items()}

EVENTS = vocabulary(Event, {event: (words.zh, words.en) for event, words in _WORDS.items()} | _OLD)
