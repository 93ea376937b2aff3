"""Pictures and sound of one film against each other: a camera that hangs holds one of them while the other goes on."""

from schemas.checks.sound import LENGTH
from schemas.integrity import Check, CheckResult, examines
from workers.media.streams.pictures import PictureReader
from workers.media.streams.sound import SoundReader
from workers.media.streams.walk import Walk

_TAIL_S = 1.0
_TAIL_SHARE = 0.02
"""What one may go on after the other: encoders fill their last block, cameras stop one device after the other."""

_GRAVE_S = 3.0


@examines(LENGTH)
def check_lengths(check: Check, walk: Walk) -> CheckResult | None:
    """Compare how long the longest stream of pictures and that of sound go on; what lacks either has nothing to compare."""
    readers = walk.readers.values()
    pictures = [one for one in readers if isinstance(one, PictureReader) and one.packets]
    sounds = [one for one in readers if isinstance(one, SoundReader)]
    if not pictures or not sounds:
        return None
    seen_s, heard_s = max(one.length_s for one in pictures), max(map(_heard_s, sounds))
    tail_s = max(_TAIL_S, _TAIL_SHARE * max(seen_s, heard_s))
    said = {"pictures": f"{seen_s:.1f}", "sound": f"{heard_s:.1f}", "at_seconds": int(min(seen_s, heard_s))}
    if heard_s - seen_s > tail_s:
        is_grave = seen_s < heard_s / 2 and heard_s - seen_s > _GRAVE_S
        return check.found("pictures-stop" if is_grave else "pictures-shorter", **said)
    if seen_s - heard_s > tail_s:
        return check.found("sound-shorter", **said)
    return check.held()


def _heard_s(one: SoundReader) -> float:
    """Return how long a sound is: by what was decoded, for containers may give its packets any time."""
    return one.length_s if one.context is None or one.left_out or one.lost else one.heard_s
