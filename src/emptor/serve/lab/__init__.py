"""The lab: where engineers and merchandisers see how a page came about, compare, judge and steer it."""

from emptor.serve.lab.routes import router

__all__ = ["router"]
