"""Tiny models with random weights, saved on the spot as any real one is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, processors

SMALL: dict[str, Any] = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
}
SIGHT = {**SMALL, "image_size": 32, "patch_size": 8}
WORDS = ["[PAD]", "[UNK]", "[END]", "red", "blue", "mug", "lamp"]
SPEECH = {
    **SMALL,
    "vocab_size": len(WORDS),
    "max_position_embeddings": 20,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
PROCESSOR = {
    "do_rescale": True,
    "do_normalize": True,
    "image_mean": [0.4, 0.5, 0.6],
    "image_std": [0.2, 0.3, 0.4],
    "size": {"height": 32, "width": 32},
}


def saved(folder: Path, model: Any, processor: dict[str, Any] | None = None, *, words: bool = False) -> Path:
    """The folder, with the model in it, and with its processor and tokenizer where there are any."""
    model.save_pretrained(folder)
    if processor is not None:
        (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    if words:
        tokenizer = Tokenizer(models.WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        tokenizer.post_processor = processors.TemplateProcessing("$A [END]", None, [("[END]", 2)])
        transformers.PreTrainedTokenizerFast(
            tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", eos_token="[END]"
        ).save_pretrained(folder)
    return folder


def vision(kind: str) -> Any:
    """A model of pictures: vit, dinov2, clip (vision tower alone), or of both: clip2, chinese_clip, siglip."""
    torch.manual_seed(0)
    match kind:
        case "vit":
            return transformers.ViTModel(transformers.ViTConfig(**SIGHT))
        case "dinov2":
            return transformers.Dinov2Model(transformers.Dinov2Config(**SIGHT, mlp_ratio=2))
        case "clip":
            return transformers.CLIPVisionModel(transformers.CLIPVisionConfig(**SIGHT))
        case "clip2":
            both = transformers.CLIPConfig(text_config=SPEECH, vision_config=SIGHT, projection_dim=8)
            return transformers.CLIPModel(both)
        case "chinese_clip":
            both = transformers.ChineseCLIPConfig(text_config=SPEECH, vision_config=SIGHT)
            return transformers.ChineseCLIPModel(both)
        case "siglip":
            return transformers.SiglipModel(transformers.SiglipConfig(text_config=SPEECH, vision_config=SIGHT))
    raise AssertionError(kind)


def bert() -> Any:
    torch.manual_seed(0)
    return transformers.BertModel(transformers.BertConfig(**SMALL, vocab_size=len(WORDS)))
