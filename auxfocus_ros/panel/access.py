"""Who may come in: the name by which they call us, the page they come from, and the token they hold.

A page that any web site could drive would be open to the world even on the loopback address. So the Host header must be a name
of ours (else a site could have its own name resolve to 127.0.0.1), a socket's Origin must be our own page (browsers let any page
open sockets anywhere), and, where a token is set, it must be shown once and is a cookie from then on.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from auxfocus_ros.panel.options import ServerOptions, is_loopback_name

_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::[0-9]{1,5})?")
_BEARER = "bearer "


@dataclass(frozen=True)
class Refusal:
    """An HTTP status and its reason in words."""

    status: int
    text: str


class Access:
    """Decides by a request's headers; holds nothing that changes."""

    def __init__(self, options: ServerOptions) -> None:
        self._options = options
        # What the cookie holds opens the page but is not the token; from the token alone, so that it outlives a restart.
        key = options.token.encode()
        self.cookie_value = hmac.new(key, b"auxfocus operator panel", hashlib.sha256).hexdigest()
        self.cookie_name = f"auxfocus_panel_{self.cookie_value[:8]}"
        """Cookies are shared by all ports of a host: another panel with another token has another name."""
        own = socket.gethostname().lower()
        self._names = {*options.allowed_hosts} | (set() if options.address.is_loopback else {own, f"{own}.local"})

    def refuse_host(self, host: str | None) -> Refusal | None:
        """Why a request with this Host header is not answered."""
        match = _HOST.fullmatch((host or "").lower())
        name = (match[1] or match[2]) if match else ""
        if is_loopback_name(name) or name in self._names:
            return None
        if not self._options.address.is_loopback and _is_address(name):
            return None  # no name, so nobody can have it resolve to us
        return Refusal(403, "this page is not served under that name: use this machine's address, or name it in allowed_origins")

    def refuse_origin(self, origin: str | None, host: str | None) -> Refusal | None:
        """Why a socket of this Origin header is not opened; None for the header: not a browser."""
        if origin is None:
            return None
        lowered = origin.lower()
        own = {f"{scheme}://{(host or '').lower()}" for scheme in ("http", "https")}
        if lowered in own or lowered in self._options.allowed_origins:
            return None
        return Refusal(403, "sockets are for the operator's own page: name other pages in allowed_origins")

    def refuse_token(self, authorization: str | None, cookies: Mapping[str, str]) -> Refusal | None:
        """Why somebody with these credentials is not let in."""
        if not self._options.token:
            return None
        bearer = authorization or ""
        if bearer.lower().startswith(_BEARER) and self.is_token(bearer[len(_BEARER) :].strip()):
            return None
        if hmac.compare_digest(cookies.get(self.cookie_name, "").encode(errors="replace"), self.cookie_value.encode()):
            return None
        return Refusal(401, "a token is needed: open this page once with ?token=... at the end of its address")

    def is_token(self, shown: str) -> bool:
        """Whether this is the token; takes as long for a wrong one as for the right one."""
        return hmac.compare_digest(shown.encode(errors="replace"), self._options.token.encode())


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
