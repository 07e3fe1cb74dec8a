"""The retrieval networks by name, and the sizes they come in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emptor.learn.registry import Builder, one_of
from emptor.retrieve.models.clip_style import ClipStyle
from emptor.retrieve.models.concatenation import Concatenation
from emptor.retrieve.models.gated_fusion import GatedFusion
from emptor.retrieve.models.image_only import ImageOnly
from emptor.retrieve.models.inputs import InputSpec
from emptor.retrieve.models.late_fusion import LateFusion
from emptor.retrieve.models.retriever import Retriever
from emptor.retrieve.models.smar import SMAR
from emptor.retrieve.models.text_only import TextOnly

MODELS: dict[str, Builder[Retriever]] = {
    "text_only": Builder(TextOnly),
    "image_only": Builder(ImageOnly),
    "clip_style": Builder(ClipStyle),
    "late_sum": Builder(LateFusion),
    "late_mlp": Builder(LateFusion, {"fusion": "mlp"}),
    "gated_fusion": Builder(GatedFusion),
    "concatenation": Builder(Concatenation),
    "smar": Builder(SMAR),
    "smar_co_attention": Builder(SMAR, {"fusion": "co_attention"}),
    "smar_category_gate": Builder(SMAR, {"gate": "item_category"}),
    "smar_no_gate": Builder(SMAR, {"gate": "none"}),
    "smar_soft": Builder(SMAR, {"hard": False}),
}
"""Every network by its name. smar_no_gate is served by f_m, whatever is asked."""

PRESETS: dict[str, Mapping[str, Any]] = {
    "small": {
        "width": 64,
        "heads": 4,
        "layers": 1,
        "fusion_layers": 1,
        "joint_layers": 2,
        "vector": 64,
        "query_tokens": 8,
        "text_tokens": 24,
    },
    "paper": {
        "width": 256,
        "heads": 4,
        "layers": 2,
        "fusion_layers": 2,
        "joint_layers": 4,
        "vector": 128,
        "query_tokens": 32,
        "text_tokens": 64,
    },
}
"""The sizes they come in.

small: for a CPU. SMAR takes 0.41 million multiply-adds for a query of 8 tokens, and for a product of 24 and a picture
as 302 numbers with 679 names 3.4, of which 0.5 are the naming; with 64 pixels a side (17 image tokens) 6.3.

paper: of the order that the method was meant for, though its own widths are not public; for 49 feature vectors of a
picture, or one. Layers of 2 to 4 are its range.
"""


def build(name: str, spec: InputSpec, *, preset: str = "small", **options: Any) -> Retriever:
    """The network of a name.

    Args: name: of MODELS. spec: see InputSpec. preset: of PRESETS. options: in the place of the preset's and defaults.
    Raises: EmptorError for an unknown name, preset or option, naming the known ones.

    Example:
        >>> from emptor.retrieve.models.example import example
        >>> spec, batch = example()
        >>> build("smar", spec, width=16, heads=2)(batch).scores.shape
        torch.Size([4, 4])
    """
    builder = MODELS[one_of("model", name, tuple(MODELS))]
    sizes = PRESETS[one_of("preset", preset, tuple(PRESETS))]
    sizes = {option: value for option, value in sizes.items() if option in builder.options}
    return builder(spec, **{**sizes, **builder.defaults, **options})
