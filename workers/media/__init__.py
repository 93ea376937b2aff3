"""Looking into media: sniff the type, decode strictly, read facts, make small pictures.

Nothing here changes a recording. Every decoder runs in a child (`Sandbox`), because a file from the field is
an attack until shown otherwise; importing this package loads no decoder.
"""

from workers.media.result import Derivative, Limits, Probe, Stop
from workers.media.sandbox.parent import Sandbox
from workers.media.work import Lane

__all__ = ["Derivative", "Lane", "Limits", "Probe", "Sandbox", "Stop"]
