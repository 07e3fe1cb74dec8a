"""The lab: where engineers and merchandisers see how a page came about, compare, judge and steer it."""

from emptor.serve.lab.pages import error_html
from emptor.serve.lab.routes import router

__all__ = ["error_html", "router"]
