"""The names of trained retrievers, for who must know them without loading torch."""

NAMES = (
    *("text_only", "image_only", "clip_style", "late_sum", "late_mlp", "gated_fusion", "concatenation"),
    *("smar", "smar_co_attention", "smar_category_gate", "smar_no_gate", "smar_soft"),
)
"""Those of `retrieve.models`; each is a channel of retrieval once it is trained."""
