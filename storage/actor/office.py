"""The roles by which people acted, for pages and answers about what they did; the caller has looked at the thing."""

from collections.abc import Iterable, Mapping

from schemas.ids import AccountId
from schemas.leaf import Leaf
from schemas.office import Held
from schemas.presence import Attendance
from schemas.recording import Recording
from storage.collection import Collection
from storage.custody.values import Logged
from storage.reads.office import Moment, offices_at, offices_of
from storage.reads.recording import declared_at


class Offices(Collection):
    """What the register of roles said of people when they acted."""

    def of(self, entries: Iterable[Logged]) -> Mapping[str, Held]:
        """Return id of a leaf → the roles by which its actor acted, as known then."""
        return offices_of(self._connection, [one.leaf for one in entries if isinstance(one.leaf, Leaf)])

    def at_capture(self, recording: Recording, attendance: Attendance | None) -> Mapping[AccountId, Held]:
        """Return the roles of the people whom a capture names, at its corrected time, as known when it was declared."""
        at, manifest_id = recording.corrected_at, recording.manifest_id
        if attendance is None or at is None or manifest_id is None:
            return {}
        known = declared_at(self._connection, manifest_id)
        people = {one.person for one in attendance.named if one.person is not None}
        held = offices_at(self._connection, (Moment(one, at, known) for one in people))
        return {one: held[Moment(one, at, known)] for one in people}
