"""Serving a shop over HTTP: an API, pictures, events, and a search page.

    serve(Path("my-shop"), port=8000, on_ready=print)

`create_app` is the ASGI application for a server of one's own; `read_traces` reads what was logged.
"""

from emptor.serve.app import create_app
from emptor.serve.run import serve
from emptor.serve.traces import read_traces

__all__ = ["create_app", "read_traces", "serve"]
