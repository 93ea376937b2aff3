"""Where a request comes from, as far as the network itself tells it: the peer, or the hop that a known proxy names.

Any header can be written by anybody. One counts only where the peer that sent it is a proxy of ours, and then only
as far back as the proxies go that we know: the first hop that is none of them is the address.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

UNKNOWN = "unknown"
"""Where the peer has no address: a socket file. All of it counts as one."""

_SITE_BITS = 64
"""One site has a /64 of IPv6 to itself (RFC 4291 section 2.5.4): whoever has one, has all of it."""


def networks(text: str) -> tuple[Network, ...]:
    """Read addresses and networks, separated by commas; the bits below a network's mask must be zero.

    Raises:
        ValueError: one of them is neither.
    """
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def parsed(text: str) -> Address | None:
    """Read one hop as peers and proxies spell it: with or without port, brackets and zone; None when it is none."""
    bare = text.strip().strip('"')
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        found = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def counted(found: Address | None) -> str:
    """Return what tries are counted by: an IPv4 address, or the /64 of an IPv6 one."""
    if found is None:
        return UNKNOWN
    if isinstance(found, IPv4Address):
        return str(found)
    return str(ip_network((found, _SITE_BITS), strict=False))


def origin(peer: str | None, forwarded: Iterable[str], proxies: Sequence[Network]) -> str:
    """Return where a request comes from, in the form that is counted.

    Args:
        peer: The other end of the connection.
        forwarded: Every X-Forwarded-For of the request, in order; the last hop was written by the peer.
        proxies: The proxies of ours. A peer that is none of them is the address itself, whatever it sent.
    """
    found = parsed(peer or "")
    hops = [hop for line in forwarded for hop in line.split(",")]
    while hops and is_proxy(found, proxies):
        named = parsed(hops.pop())
        if named is None:
            break
        found = named
    return counted(found)


def is_proxy(found: Address | None, proxies: Sequence[Network]) -> bool:
    """Say whether an address is a proxy of ours."""
    return found is not None and any(found in network for network in proxies)
