"""Traces of editing in what a photo says about itself. They explain and accuse nobody: cameras name programs too."""

import re

import simplejpeg

from schemas.checks.stills import EDITS
from schemas.integrity import Check, CheckResult, examines
from workers.media.metadata.xmp import Iptc, Xmp
from workers.media.still.still import Seen

_EDITORS = re.compile(
    r"photoshop|lightroom|gimp|snapseed|picsart|meitu|美图|美颜|醒图|faceu|vsco|pixelmator|affinity|paint\.net|paint ?shop"
    r"|photoscape|photos? ?editor|acdsee|faststone|irfanview|imagemagick|graphicsmagick|capture one|luminar|canva"
    r"|windows photo|microsoft.*photo|picasa|xnview|darktable|rawtherapee|corel|polish|remini|b612|facetune|逗拍|天天p图",
    re.IGNORECASE,
)
"""Programs that change pictures; the firmware of a camera names itself, which is no trace."""

_ASPECT_SLACK = 0.04
_LETTERBOXED = frozenset({(160, 120), (120, 160), (320, 240), (240, 320)})
"""Thumbnails of these sizes are written with black bars by cameras of every aspect."""


@examines(EDITS)
def check_edits(check: Check, seen: Seen, xmp: Xmp, iptc: Iptc) -> CheckResult:
    """Say what names an editor, else whether the thumbnail fits the picture."""
    if not xmp.is_readable:
        return check.found("xmp-unreadable")
    software = _editor(seen, xmp, iptc)
    if software:
        return check.found("edited-by-software", software=software)
    misfit = _misfit(seen)
    if misfit:
        return check.found("thumbnail-misfit", thumbnail=misfit, picture=f"{seen.width}×{seen.height}")
    return check.held()


def _editor(seen: Seen, xmp: Xmp, iptc: Iptc) -> str:
    stated = [seen.exif.exif.software if seen.exif and seen.exif.exif else None, iptc.program, *xmp.editors]
    named = [one for one in stated if one and _EDITORS.search(one)]
    if not named and xmp.has_history:
        named = list(xmp.editors) or ["XMP"]
    return "、".join(dict.fromkeys(named))


def _misfit(seen: Seen) -> str:
    """Return the size of the thumbnail inside where its shape is another than the picture's, lying or standing."""
    if not seen.thumbnail or not seen.width or not seen.height:
        return ""
    try:
        height, width, _, _ = simplejpeg.decode_jpeg_header(seen.thumbnail, strict=False)
    except (ValueError, KeyError):
        return ""
    if (width, height) in _LETTERBOXED or not width or not height:
        return ""
    shape, small = _shape(seen.width, seen.height), _shape(width, height)
    return f"{width}×{height}" if abs(shape - small) > _ASPECT_SLACK * shape else ""


def _shape(width: int, height: int) -> float:
    return max(width, height) / min(width, height)
