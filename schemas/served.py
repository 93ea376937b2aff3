"""What a server is asked by, as a certificate has to name it: names, addresses, and what covers them."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import NamedTuple

from schemas.address import Address, Network
from schemas.refusals_command import AUTHORITY_NAMES

LOOPBACK_NAMES = ("localhost",)
LOOPBACK = (IPv4Address("127.0.0.1"), IPv6Address("::1"))


class Served(NamedTuple):
    """Names (`*.name` is every name one below it) and networks; a single address is a network of one."""

    names: tuple[str, ...]
    networks: tuple[Network, ...]

    @property
    def addresses(self) -> tuple[Address, ...]:
        """The single addresses: a certificate can hold no network."""
        return tuple(one.network_address for one in self.networks if one.num_addresses == 1)

    @property
    def hosts(self) -> tuple[str, ...]:
        """What others than this machine may ask by, addresses first, as they stand in a URL."""
        addresses = [one for one in self.addresses if not one.is_loopback]
        names = [one for one in self.names if one not in LOOPBACK_NAMES and not one.startswith("*")]
        return (*(f"[{one}]" if one.version == 6 else str(one) for one in addresses), *names)  # noqa: PLR2004 - IPv6

    def covers(self, other: "Served") -> bool:
        """Say whether constraints of these names and networks permit all of `other` (RFC 5280, 4.2.1.10)."""
        above = [one.removeprefix("*.") for one in self.names]
        are_named = all(
            any(name == one or name.endswith(f".{one}") for one in above)
            for name in (one.removeprefix("*.") for one in other.names)
        )
        return are_named and all(any(_holds(one, inner) for one in self.networks) for inner in other.networks)


def _holds(outer: Network, inner: Network) -> bool:
    return outer.version == inner.version and (
        outer.network_address <= inner.network_address  # type: ignore[operator] # of one version
        and inner.broadcast_address <= outer.broadcast_address  # type: ignore[operator] # of one version
    )


def served_by(entries: Iterable[str]) -> Served:
    """Return what is served, from the entries of `API_HOSTS` and the address that is listened on; loopback is always.

    Raises:
        Invalid: `*` is among them: an authority for every name is not made.
    """
    names, networks = list(LOOPBACK_NAMES), [ip_network(one) for one in LOOPBACK]
    for entry in (one.strip().lower() for one in entries):
        try:
            network = ip_network(entry.strip("[]"), strict=False)
        except ValueError:
            names.append(entry)
            continue
        if not (network.network_address.is_unspecified or network.network_address.is_loopback):
            networks.append(network)
    if "*" in names:
        raise AUTHORITY_NAMES(
            "API_HOSTS=*：自建证书机构须有确定的名称 an authority of our own needs names: list them"
        )
    return Served(tuple(dict.fromkeys(names)), tuple(dict.fromkeys(networks)))
