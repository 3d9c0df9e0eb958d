"""Recognises a password in an address, where it must not stand. Pure."""

import re

__all__ = ["holds_password"]

_PASSWORD = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#@:\[]*:(?!\d+[/?#])[^@]+@")
"""`scheme://user:password@`; a number that a slash follows is a port, and an `@` after it is of the path."""


def holds_password(address: str) -> bool:
    """Return whether a URL has a password before its host; those in a query are not recognised."""
    return _PASSWORD.match(address) is not None
