"""The data model: what a product and an event are, field by field, as Arrow schemas.

Everything that is stored, imported or exported speaks these field names.
"""

from __future__ import annotations

import pyarrow as pa

FORMAT_VERSION = 1
"""Version of the shop folder; a newer shop than the code is refused with a clear sentence."""

TIME = pa.timestamp("us", tz="UTC")

PRODUCT = pa.schema(
    [
        pa.field("product_id", pa.string(), nullable=False),
        pa.field("title", pa.string()),
        pa.field("description", pa.string()),
        pa.field("category", pa.list_(pa.string())),  # path from the department down
        pa.field("brand", pa.string()),
        pa.field("attributes", pa.map_(pa.string(), pa.list_(pa.string()))),
        pa.field("price", pa.float64()),
        pa.field("currency", pa.string()),
        pa.field("image", pa.string()),  # as the source named it: a path, a file name or a URL
        pa.field("image_file", pa.string()),  # name in the shop's image store; null: no usable picture
        pa.field("seller_id", pa.string()),
        pa.field("listed_at", TIME),
        pa.field("in_stock", pa.bool_()),
    ]
)
"""A product. `in_stock` is true unless the source says otherwise; every field but product_id may be null."""

EVENT = pa.schema(
    [
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("request_id", pa.string()),
        pa.field("time", TIME, nullable=False),  # the server's clock
        pa.field("client_time", TIME),  # the client's claim, kept but not trusted
        pa.field("user_id", pa.string()),
        pa.field("session_id", pa.string()),
        pa.field("scenario", pa.string()),  # search | recommend | chat
        pa.field("query", pa.string()),
        pa.field("action", pa.string(), nullable=False),  # impression | click | add_to_cart | purchase | ...
        pa.field("product_id", pa.string()),
        pa.field("position", pa.int64()),  # from 0 over the whole list
        pa.field("price", pa.float64()),
        pa.field("quantity", pa.int64()),
        pa.field("cascade", pa.string()),  # hash of the cascade that made the page
        pa.field("explored", pa.bool_()),
        pa.field("propensity", pa.float64()),  # 1.0 when the page was deterministic
        pa.field("extra", pa.string()),  # JSON object: fields of other systems, kept word for word
    ]
)
"""Something a user did or saw. Events are only ever appended."""

MAX_ID = 256
MAX_TITLE = 4_000
MAX_DESCRIPTION = 100_000
MAX_ATTRIBUTES = 500
MAX_VALUE = 2_000
"""Bounds in characters (MAX_ATTRIBUTES: values of one product); what is longer is refused, never cut silently."""
