"""Which network a caller is in: the address that the front end of Functions saw.

App Service's front end writes it, with the port, behind whatever the caller said in `X-Forwarded-For`: so
only the end of that header is true. Each proxy of one's own before the app (Front Door, a gateway) is one
more entry there, which the account's `proxies` counts.
"""

import re
from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address, ip_network

FORWARDED = "x-forwarded-for"
HOME = 64  # bits of an IPv6 address that are one customer's network; who has that has all addresses in it
_PORTED = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::[0-9]+)?|([0-9.]+):[0-9]+")


def network(headers: Mapping[str, str], proxies: int) -> str:
    """Give the caller's network; empty when nobody tells, so that all of those are one caller."""
    hops = headers.get(FORWARDED, "").split(",")
    hop = hops[max(0, len(hops) - 1 - proxies)].strip()
    if ported := _PORTED.fullmatch(hop):
        hop = ported[1] or ported[2]
    try:
        address = ip_address(hop)
    except ValueError:
        return ""
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ip_network((int(address), HOME), strict=False))
