"""Whether what is sent to an address can be read on the way.

Plain HTTP and plain TCP are for this machine and for a network of its own: containers find each other by bare names,
and a private network by private addresses or names that the public name system does not have. Anywhere else whoever
carries the bytes reads a bot's token, and what people write.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import parse_qs, urlsplit

NEAR = (".local", ".internal", ".localhost", ".lan", ".home.arpa", ".svc")
"""Ends of names that are no public names."""
ENCIPHERED = ("require", "verify-ca", "verify-full")
"""What PostgreSQL's `sslmode` is to be where others carry the connection; with any other value an answer that TLS is
not to be had is believed."""


def is_near(host: str) -> bool:
    """Whether a host is this machine, or one of a network of its own."""
    host = host.strip("[]").rstrip(".").lower()
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(NEAR)
    return address.is_loopback or address.is_private or address.is_link_local


def what_is_wrong(address: str) -> str:
    """What is wrong about the address of a service that is spoken to over HTTP; empty when nothing is."""
    try:
        parts = urlsplit(address)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        scheme, host, port = "", None, None
    if not host or port == 0 or scheme not in ("http", "https"):
        return "is not an address that begins with https://"
    if scheme == "http" and not is_near(host):
        return "begins with http://, and what is sent there could be read on the way"
    return ""


def is_open(database: str, sslmode: str = "") -> bool:
    """Whether a database's address leads over a network of others without asking for TLS. `sslmode` is what libpq is
    told from elsewhere."""
    try:
        parts = urlsplit(database)
        query = parse_qs(parts.query)
    except ValueError:
        return False
    if not parts.scheme.startswith("postgres"):
        return False
    hosts = [parts.hostname or "", *query.get("host", [])]
    far = any(host and not host.startswith("/") and not is_near(host) for host in hosts)
    return far and query.get("sslmode", [sslmode])[-1] not in ENCIPHERED
