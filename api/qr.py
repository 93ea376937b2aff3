"""QR codes of addresses: for a phone to open what stands on another screen."""

import segno


def code_of(address: str) -> segno.QRCode:
    """Return the QR code of an address."""
    return segno.make(address, error="m", micro=False)


def picture_of(address: str, *, scale: int) -> str:
    """Return it as an SVG to stand in a page, `scale` pixels a module, black on white."""
    picture: str = code_of(address).svg_inline(scale=scale, light="white", svgclass=None, lineclass=None)
    return picture
