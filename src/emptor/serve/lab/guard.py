"""Who may use the lab: it edits rules and shows queries, so a page of another site must not reach it."""

from __future__ import annotations

from collections.abc import Collection

from fastapi import Request

from emptor.serve.errors import Refused
from emptor.serve.forms import check_origin

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Names under which a server on loopback is reached; a page of another name that leads here is an attack."""

_PROXIED = {"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"}
"""What a proxy adds: through one, "loopback only" would mean everybody."""


def guard(request: Request, hosts: Collection[str] | None) -> None:
    """Refuse a name that is not among `hosts` (None: any), and whatever another site's page sends."""
    host = request.headers.get("host", "").lower()
    name = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
    if hosts is not None and name not in hosts:
        raise Refused("the lab answers under this machine's own names only, such as http://127.0.0.1")
    if hosts is not None and _PROXIED & set(request.headers.keys()):
        raise Refused("the lab does not answer through a proxy unless it is served with --lab")
    if request.method not in ("GET", "HEAD"):
        check_origin(request)
