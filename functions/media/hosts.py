"""Where media may be fetched from: the channel's allow-list, and no private address behind a public name.

https://owasp.org/www-community/attacks/Server_Side_Request_Forgery. The address is judged when the connection
is made, by the very look-up that it uses: a name that was public a moment ago does not help.
"""

from enum import Enum
from ipaddress import IPv6Address, ip_address
from socket import AddressFamily
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver

PORTS = {"https": 443, "http": 80}


class Reach(Enum):
    """How far a URL may be trusted."""

    NONE = "none"
    PUBLIC = "public"  # a public address, over https
    NAMED = "named"  # this origin, whatever its address


class PrivateAddress(OSError):
    """An allowed name leads to an address that is not public."""


def reach(url: str, hosts: tuple[str, ...]) -> Reach:
    """Judge a URL by an allow-list of origins and domain names (see `MediaSource.media_hosts`)."""
    place = origin(url)
    if place is None:
        return Reach.NONE
    if place in {origin(host) for host in hosts if "://" in host}:
        return Reach.NAMED
    scheme, name, port = place
    domains = [host for host in hosts if "://" not in host]
    below = any(name == domain or name.endswith(f".{domain}") for domain in domains)
    return Reach.PUBLIC if below and (scheme, port) == ("https", 443) else Reach.NONE


def origin(url: str) -> tuple[str, str, int] | None:
    """Give scheme, host and port; None for what is no plain web address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if not url.isprintable() or parts.scheme not in PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname, port or PORTS[parts.scheme]


class PublicResolver(AbstractResolver):
    """Looks names up and keeps the public addresses; raises PrivateAddress when none is left."""

    def __init__(self) -> None:
        self._inner = DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AddressFamily.AF_INET
    ) -> list[ResolveResult]:
        """Look a name up."""
        found = await self._inner.resolve(host, port, family)
        public = [result for result in found if is_public(result["host"])]
        if not public:
            raise PrivateAddress("no public address")
        return public

    async def close(self) -> None:
        """Close what looks up."""
        await self._inner.close()


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the open internet's."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return found.is_global and not found.is_multicast
