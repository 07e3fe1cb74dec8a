"""A proposed cascade is another one with one stage changed, and reads as it was written."""

from __future__ import annotations

import tomllib

import pytest

from emptor.shop.config import CascadeOptions
from emptor.shop.proposals import as_table, as_toml, base_of, proposed


def cascade(*stages: dict[str, object], **rest: object) -> CascadeOptions:
    return CascadeOptions.model_validate({"stages": list(stages), **rest})


FOUND = {
    "stage": "retrieve",
    "method": "hybrid",
    "depth": 400,
    "options": {"channels": {"lexical": 1.0, "personal": 2.0}},
}
CUT = {"stage": "prerank", "method": "cut", "depth": 50}
RANKED = {"stage": "rank", "method": "affinity", "depth": 20, "options": {"weight": 0.3}}
MOVED = {"stage": "relevance", "method": "grades", "depth": 300}


def depths(stages: list[dict[str, object]]) -> list[object]:
    return [own.get("depth") for own in stages]


def test_a_retriever_stands_beside_the_channels_that_there_are() -> None:
    found, ranked = proposed(cascade(FOUND, RANKED), "retrieve", "smar", version="3")
    assert found["options"]["channels"] == {"lexical": 1.0, "personal": 2.0, "smar": 1.0} and found["model"] == "3"
    assert (ranked["method"], ranked["depth"]) == ("affinity", 20)
    (first, _) = proposed(cascade(RANKED), "retrieve", "smar")
    assert first["options"]["channels"] == {"lexical": 1.0, "smar": 1.0}


def test_a_stage_takes_the_place_and_the_depth_of_the_one_there_is() -> None:
    stages = proposed(cascade(FOUND, CUT, MOVED | {"depth": 40}, RANKED), "prerank", "hccp")
    assert [own["method"] for own in stages] == ["hybrid", "hccp", "grades", "affinity"]
    assert depths(stages) == [400, 50, 40, 20] and stages[1]["fallback"] == "cut"
    stages = proposed(cascade(FOUND, MOVED, RANKED), "rank", "dnn", options={"best": 20})
    assert [own["method"] for own in stages] == ["hybrid", "grades", "dnn"] and depths(stages) == [400, 300, 20]
    assert stages[2]["options"] == {"best": 20}, "options of another method are none of this one"


def test_what_is_changed_is_the_promoted_cascade_while_there_is_one() -> None:
    cascades = {"default": cascade(FOUND), "page": cascade(FOUND, RANKED)}
    assert base_of(cascades, "page") is cascades["page"]
    assert base_of(cascades, None) is base_of(cascades, "gone") is cascades["default"]


def test_another_model_of_the_same_kind_changes_nothing_else() -> None:
    page = {
        **{"stage": "rerank", "method": "armmt", "depth": 200, "budget_ms": 60, "fallback": "mmr"},
        "options": {"best": 20, "then": "dpp", "balance": 0.9},
    }
    (_, again) = proposed(cascade(FOUND, page), "rerank", "armmt", version="2", kin=("armmt", "prm"))
    assert again == page | {"model": "2"}
    assert proposed(cascade(FOUND, page), "rerank", "prm", kin=("armmt", "prm"))[1] == page | {"method": "prm"}
    far = {"stage": "rerank", "method": "mmr", "depth": 200, "budget_ms": 60, "options": {"best": 200}}
    (_, new) = proposed(cascade(FOUND, far), "rerank", "prm", kin=("armmt", "prm"))
    assert new["budget_ms"] == 30 and "options" not in new, "a rule's are none of a network's"


def test_a_new_stage_stands_where_it_belongs_and_depths_never_grow() -> None:
    stages = proposed(cascade(FOUND, RANKED), "prerank", "hccp")
    assert [own["stage"] for own in stages] == ["retrieve", "prerank", "rank"] and depths(stages) == [1000, 200, 20]
    stages = proposed(cascade(FOUND, MOVED), "rank", "dnn")
    assert [own["stage"] for own in stages] == ["retrieve", "relevance", "rank"] and depths(stages) == [400, 300, 300]
    for stage in ("retrieve", "prerank", "rank"):
        for own in (cascade(FOUND), cascade(FOUND, CUT), cascade(RANKED), cascade(FOUND, CUT, MOVED | {"depth": 9})):
            CascadeOptions.model_validate({"stages": proposed(own, stage, "m")})


@pytest.mark.parametrize("name", ["plain", "with space", 'quo"te', "über"])
def test_what_is_written_is_read_again(name: str) -> None:
    base = cascade(FOUND, RANKED, deadline_ms=90, explore={"share": 0.1, "depth": 5})
    stages = proposed(base, "retrieve", name)
    read = tomllib.loads(as_table(name, stages, note="why", base=base))["cascade"][name]
    assert CascadeOptions.model_validate(read) == CascadeOptions.model_validate(
        {"stages": stages, "deadline_ms": 90, "explore": {"share": 0.1, "depth": 5}}
    )
    assert tomllib.loads(f"a = {as_toml([1, True, {name: 'x'}])}") == {"a": [1, True, {name: "x"}]}
