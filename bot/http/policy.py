"""The hosts that a request may reach: one named policy for each kind of URL.

A URL that the operator wrote into the settings or the environment may be on a private network. One from a post or
another server may not, unless `[site] private_addresses` allows it: otherwise a post could make the bot send requests
into its own network.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

from bot.config import Config

#: RFC 6052: an IPv4 address in its last 32 bits, for networks that speak IPv6 only.
_NAT64: Final = IPv6Network("64:ff9b::/96")
#: Host and port → its addresses; raises OSError if it has none.
Resolve = Callable[[str, int], Sequence[str]]

_HTTPS: Final = ("https",)
_HTTP_TOO: Final = ("https", "http")


def is_public(address: str) -> bool:
    """Whether an IP address is on the public internet: not on this machine, not on its network, and not reserved."""
    try:
        ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        inner = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
        if ip in _NAT64:
            return is_public(str(IPv4Address(int(ip) & 0xFFFF_FFFF)))
        if any(part is not None for part in inner):
            return all(part is None or is_public(str(part)) for part in inner)
        if ip.is_site_local:
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback)


def anywhere(_address: str) -> bool:
    """Allow every address."""
    return True


def nowhere(_address: str) -> bool:
    """Allow no address."""
    return False


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectPolicy:
    """What a client may connect to."""

    may_reach: Callable[[str], bool] = is_public  #: whether the client may connect to this IP address
    schemes: Collection[str] = _HTTPS
    proxies: bool = False  #: whether to use the environment's proxies; hosts behind a proxy are not checked


#: For addresses from the settings or the environment: the operator chose them.
FROM_OPERATOR: Final = ConnectPolicy(may_reach=anywhere, schemes=_HTTP_TOO, proxies=True)


def policy_of_site(config: Config) -> ConnectPolicy:
    """For the pages, feeds, hubs and pictures around the site. All of this is public, so plain http is allowed."""
    return ConnectPolicy(may_reach=_reach_of(config), schemes=_HTTP_TOO)


def policy_of_uploads(config: Config) -> ConnectPolicy:
    """For pictures on other hosts that are uploaded with an announcement: https only: the bot publishes them."""
    return ConnectPolicy(may_reach=_reach_of(config))


def _reach_of(config: Config) -> Callable[[str], bool]:
    return anywhere if config.site.private_addresses else is_public
