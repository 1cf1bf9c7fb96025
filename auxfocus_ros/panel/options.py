"""How the page is served: where, to whom, and how much of it.

Beyond the loopback address a page that moves a lens is served only to who has the token; that rule is checked here, before
anything listens.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path

from auxfocus_ros.errors import ConfigurationError

STATIC = Path(__file__).parent / "static"
MIN_TOKEN = 16
_TOKEN = re.compile(r"[A-Za-z0-9._~-]+")
_ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")


@dataclass(frozen=True)
class ServerOptions:
    """Options of the server.

    host: an IP address of this machine, or 'localhost'. port: 0: any free one. token: empty: none is asked for, which is possible
    on the loopback address alone. allowed_origins: further pages that may open the sockets, as 'http://host:port'.
    helm_timeout_s: how long a question for the helm may be left unanswered. stream_rate_hz: most pictures per second to one
    viewer. max_viewers: sockets of one kind that are open at a time. requests_per_s: of one viewer. heartbeat_s: how long a
    socket may be silent before it is asked whether it still lives; after half as long again it is closed. idle_s: how long a
    connection may take for its request. static: folder of the page's files.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    token: str = ""
    allowed_origins: tuple[str, ...] = ()
    helm_timeout_s: float = 5.0
    stream_rate_hz: float = 60.0
    max_viewers: int = 16
    requests_per_s: float = 150.0
    heartbeat_s: float = 10.0
    idle_s: float = 10.0
    static: Path = STATIC

    def __post_init__(self) -> None:
        """Raises ConfigurationError: an option that cannot be, or a page open to the network without a token."""
        address = self.address
        if not 0 <= self.port <= 65535:
            raise ConfigurationError(f"port is {self.port}, it must be 0 to 65535")
        if self.token and len(self.token) < MIN_TOKEN:
            raise ConfigurationError(f"token has {len(self.token)} characters, it must have {MIN_TOKEN} or more")
        if self.token and not _TOKEN.fullmatch(self.token):
            raise ConfigurationError("token must consist of letters, digits and - . _ ~, so that it can stand in an address")
        for origin in self.allowed_origins:
            if not _ORIGIN.fullmatch(origin):
                raise ConfigurationError(f"allowed_origins has {origin!r}, it must be as http://host or https://host:port")
        if not self.token and not address.is_loopback:
            raise ConfigurationError(
                f"host is {self.host}, which others can reach: set a token of {MIN_TOKEN} characters or more, or host 127.0.0.1"
            )
        strangers = [host for host in self.allowed_hosts if not is_loopback_name(host)]
        if not self.token and strangers:
            raise ConfigurationError(f"allowed_origins names {strangers[0]}, which is not this machine: set a token as well")
        positive = ("helm_timeout_s", "stream_rate_hz", "max_viewers", "requests_per_s", "heartbeat_s", "idle_s")
        for name in positive:
            if not getattr(self, name) > 0:
                raise ConfigurationError(f"{name} is {getattr(self, name)}, it must be more than 0")

    @property
    def address(self) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
        """The address to listen on. Raises ConfigurationError where `host` is no address."""
        try:
            return ipaddress.ip_address("127.0.0.1" if self.host == "localhost" else self.host)
        except ValueError:
            raise ConfigurationError(
                f"host is {self.host!r}, it must be an IP address of this machine: 127.0.0.1, or 0.0.0.0 for all"
            ) from None

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        """Names of the hosts in `allowed_origins`, without their ports."""
        return tuple(match[1].strip("[]") for match in map(_ORIGIN.fullmatch, self.allowed_origins) if match)


def is_loopback_name(name: str) -> bool:
    """Whether a host's name or address can only mean this machine."""
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
