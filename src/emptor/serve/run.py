"""`serve`: the application in a process of its own."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

import uvicorn

from emptor.errors import EmptorError
from emptor.serve.app import create_app
from emptor.serve.lab.guard import LOOPBACK
from emptor.serve.painted import Painter

KEEP_ALIVE_S = 15
SWITCH_S = 0.001
"""A search thread gives way to the event loop after so long: by default it would be 5 ms, and under overload the loop,
which has to say no to most, would stand in line for each of them.
"""
SHUTDOWN_S = 10


def serve(
    shop: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    log_level: str = "warning",
    with_lab: bool | None = None,
    with_shoppers: bool | None = None,
    painter: Painter | None = None,
    on_ready: Callable[[str, bool], None] = lambda url, has_lab: None,
) -> None:
    """Serve a shop until the process is told to end (Ctrl-C, SIGTERM). Prints nothing.

    Args:
        port: 0 takes a free one.
        with_lab: serve the lab at /lab; by default where the shop listens on loopback only, since whoever reaches the
            lab may edit its rules.
        with_shoppers: visitors may shop as one of the users in the log; by default where shop.toml says so.
        painter: called with a product_id and a size in pixels where a picture is asked for in a larger size than the
            shop has it; gives a JPEG, or None where it has none (yet).
        on_ready: called with the address and whether the lab is there, once requests are answered, from another thread.
    Raises: EmptorError where there is no shop, it cannot be opened, or the port is taken.
    """
    failures: list[Exception] = []

    def failed(error: Exception) -> None:
        failures.append(error)
        server.should_exit = True

    listener = listen(host, port)
    with listener:
        url = address(listener)
        local = ip_address(listener.getsockname()[0]).is_loopback
        has_lab = local if with_lab is None else with_lab
        app = create_app(
            Path(shop),
            on_ready=lambda: on_ready(url, has_lab),
            on_failure=failed,
            with_lab=has_lab,
            lab_hosts=LOOPBACK if local else None,
            with_shoppers=with_shoppers,
            painter=painter,
        )
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                log_level=log_level,
                access_log=False,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=SHUTDOWN_S,
                server_header=False,
                proxy_headers=False,  # nothing here depends on who a proxy says is asking
            )
        )
        sys.setswitchinterval(SWITCH_S)
        with suppress(KeyboardInterrupt):  # uvicorn has ended in good order by then
            server.run(sockets=[listener])
    if failures:
        raise failures[0]


def listen(host: str, port: int) -> socket.socket:
    """A bound socket. Raises EmptorError where that address cannot be had."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(where)
        except OSError:
            listener.close()
            raise
    except (OSError, OverflowError, UnicodeError) as error:
        raise EmptorError(
            f"cannot listen on {host}:{port} ({getattr(error, 'strerror', None) or error}); "
            "end what uses the port, or choose another with --port (0 takes a free one)"
        ) from None
    return listener


def address(listener: socket.socket) -> str:
    """The address at which a browser on this machine reaches the socket."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
