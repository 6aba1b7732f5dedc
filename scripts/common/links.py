"""Connections to the addresses that links lead to, where links come from files of anybody.

A link in an export or in a service's answer can name any host: `localhost`, a router, a cloud machine's metadata. Each
hop of a download is resolved here, all addresses are checked, and the connection is made to a checked address, so that
a name server that answers differently the next moment changes nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from contextlib import suppress
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import select_proxy
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, LocationParseError, NameResolutionError, NewConnectionError
from urllib3.util import parse_url
from urllib3.util.connection import allowed_gai_family, create_connection

from common.session import Session

# No hosts of the public internet have these addresses. Which of them `is_global` knows depends on the Python.
PRIVATE = tuple(
    map(
        ipaddress.ip_network,
        [
            # IANA's registries of special-purpose addresses: what is not globally reachable, or belongs to a protocol.
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
            *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
            *("203.0.113.0/24", "224.0.0.0/3", "::/96", "64:ff9b:1::/48", "100::/63", "2001::/23", "2001:db8::/32"),
            *("3fff::/20", "5f00::/16", "fc00::/7", "fe80::/9", "ff00::/8"),
            "168.63.129.16/32",  # the service of a cloud (Azure) that each of its machines reaches under this address
        ],
    )
)
# Addresses of IPv6 whose last 32 bits are an address of IPv4 that a gateway translates to (RFC 6052).
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


class PrivateAddressError(Exception):
    """A link leads to an address that is not on the public internet; the message names host and address."""


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet.

    Args:
        address: of IPv4 or IPv6, also with a zone (`fe80::1%eth0`).
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        carried = [inner for inner in (found.ipv4_mapped, found.sixtofour, *(found.teredo or ())) if inner]
        if found in TRANSLATED:
            carried.append(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF))
        if carried:
            return all(is_public(str(inner)) for inner in carried)
    return found.is_global and not (found.is_reserved or any(found in network for network in PRIVATE))


def public_addresses(host: str, port: int) -> list[str]:
    """The addresses of a host, however it is written (a name, `0x7f.1`, `2130706433`).

    Raises:
        PrivateAddressError: one of them is not public.
        OSError: the host has no address.
        LocationParseError: it is no name of a host.
    """
    bare = host.strip("[]")
    try:
        answers = socket.getaddrinfo(bare, port, allowed_gai_family(), socket.SOCK_STREAM)
    except UnicodeError:
        raise LocationParseError(f"'{host}', label empty or too long") from None
    addresses = list(dict.fromkeys(str(answer[4][0]) for answer in answers))
    for address in addresses:
        if not is_public(address):
            shown = address if address == bare else f"{bare} ({address})"
            raise PrivateAddressError(f"{shown} is a private address; video.allow_private: true allows it")
    return addresses


class _Checked(HTTPConnection):
    """A connection to public addresses only."""

    def _new_conn(self) -> socket.socket:
        refused: Exception | None = None
        try:
            for address in public_addresses(self.host, self.port):
                try:
                    # The name stays the connection's host, which a certificate is checked against.
                    return create_connection(
                        (address, self.port),
                        self.timeout,
                        source_address=self.source_address,
                        socket_options=self.socket_options,
                    )
                except OSError as error:
                    refused = error
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        if isinstance(refused, TimeoutError):
            raise ConnectTimeoutError(self, f"{self.host}: no connection in time") from refused
        raise NewConnectionError(self, f"no connection: {refused}") from refused


class _CheckedTLS(_Checked, HTTPSConnection):
    """The same for https."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Checked


class _PoolTLS(HTTPSConnectionPool):
    ConnectionCls = _CheckedTLS


class _PublicOnly(HTTPAdapter):
    """Sends requests to public addresses only; each hop of a redirect comes here anew."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _PoolTLS}

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        if select_proxy(str(request.url), options.get("proxies") or {}):
            # The proxy resolves the name; where this machine can, too, it must be a public one.
            url = parse_url(str(request.url))
            with suppress(OSError):
                public_addresses(str(url.host), url.port or 443)
        return super().send(request, *arguments, **options)


def open_session(allow_private: bool) -> Session:
    """A session for links of untrusted files.

    Args:
        allow_private: also reach this machine and the network it is in (`video.allow_private`).
    """
    session = Session()
    session.max_redirects = 5
    if not allow_private:
        for scheme in ("http://", "https://"):
            session.mount(scheme, _PublicOnly())
    return session
