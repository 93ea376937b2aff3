"""How a leaf names things: `noun/uuid`. A noun has 1 to 16 letters a-z, an id is a lower-case uuid.

So a name has at most 53 bytes, and no name of a chain can be read as the 64 + n bytes of a step of one.
"""

import re
from typing import Annotated
from uuid import UUID

from pydantic import Field

UUID_FORM = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
SERVICES = ("api", "worker", "signer", "exporter", "keeper")

Uuid = Annotated[str, Field(pattern=rf"^{UUID_FORM}$")]
Reference = Annotated[str, Field(pattern=rf"^[a-z]{{1,16}}/{UUID_FORM}$")]
AccountReference = Annotated[str, Field(pattern=rf"^account/{UUID_FORM}$")]
CertificateReference = Annotated[str, Field(pattern=rf"^certificate/{UUID_FORM}$")]
AgencyReference = Annotated[str, Field(pattern=rf"^agency/{UUID_FORM}$")]
CaseReference = Annotated[str, Field(pattern=rf"^case/{UUID_FORM}$")]
DeviceReference = Annotated[str, Field(pattern=rf"^device/{UUID_FORM}$")]
IntakeReference = Annotated[str, Field(pattern=rf"^intake/{UUID_FORM}$")]
MonitoringReference = Annotated[str, Field(pattern=rf"^monitoring/{UUID_FORM}$")]
RecordingReference = Annotated[str, Field(pattern=rf"^recording/{UUID_FORM}$")]
ReviewReference = Annotated[str, Field(pattern=rf"^review/{UUID_FORM}$")]
EvidenceReference = Annotated[str, Field(pattern=rf"^(recording|monitoring)/{UUID_FORM}$")]
GroundReference = Annotated[str, Field(pattern=rf"^(recording|monitoring|fact)/{UUID_FORM}$")]
DrawnReference = Annotated[str, Field(pattern=rf"^(case|recording)/{UUID_FORM}$")]

ACTOR_FORM = rf"((account|device|party)/{UUID_FORM}|service/({'|'.join(SERVICES)}))"
_ACTOR = re.compile(ACTOR_FORM)
_REFERENCE = re.compile(rf"[a-z]{{1,16}}/{UUID_FORM}")


def reference(noun: str, ident: UUID) -> str:
    """Return `noun/uuid`.

    Raises:
        ValueError: the noun is not 1 to 16 letters a-z.
    """
    made = f"{noun}/{ident}"
    if not is_reference(made):
        raise ValueError(f"{noun!r} is no noun")
    return made


def is_reference(text: str) -> bool:
    """Say whether the text is `noun/uuid`."""
    return _REFERENCE.fullmatch(text) is not None


def is_actor(text: str) -> bool:
    """Say whether the text names somebody who may act: `account/…`, `device/…`, `party/…` or `service/<process>`."""
    return _ACTOR.fullmatch(text) is not None


def noun_of(name: str) -> str:
    """Return the noun of `noun/id`."""
    return name.partition("/")[0]


def ident_of(name: str) -> str:
    """Return the id of `noun/id`."""
    return name.partition("/")[2]
