"""What each page of the lab shows: the values of its template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.evaluate.page import report_page
from emptor.serve.errors import NotFound
from emptor.serve.html import render
from emptor.serve.lab import judging
from emptor.serve.lab.asked import LabAsked
from emptor.serve.lab.channels import FRONT, channels
from emptor.serve.lab.comparing import compare
from emptor.serve.lab.experiments import read_experiments
from emptor.serve.lab.querylog import read_queries, read_stages
from emptor.serve.lab.reranking import reranked
from emptor.serve.lab.training import watch
from emptor.serve.lab.waterfall import Product, waterfall
from emptor.serve.service import Service

EVALUATION = "evaluation.json"
"""Where the demo, and `emptor evaluate SHOP --json SHOP/evaluation.json`, leave the report that the lab shows."""
MAX_EVALUATION = 200_000_000
JUDGED = 30
_FIELDS = ("category", "filter", "words", "note")
PAGES = (
    ("", "lab/waterfall.html", "Waterfall"),
    ("/channels", "lab/channels.html", "Channels"),
    ("/compare", "lab/compare.html", "Compare"),
    ("/judge", "lab/judge.html", "Judge"),
    ("/rules", "lab/rules.html", "Rules"),
    ("/queries", "lab/queries.html", "Queries"),
    ("/stages", "lab/stages.html", "Stages"),
    ("/evaluation", "lab/evaluation.html", "Evaluation"),
    ("/experiments", "lab/experiments.html", "Experiments"),
)


def frame(engine: Engine, template: str, author: str) -> dict[str, Any]:
    """What every page of the lab needs."""
    return {
        "shop_name": engine.shop.options.name or "Shop",
        "tabs": [(f"/lab{path}", label, own == template) for path, own, label in PAGES],
        "cascades": engine.cascade_names,
        "promoted": engine.promoted,
        "off": engine.off,
        "author": author,
    }


def error_html(engine: Engine, sentence: str) -> str:
    """An error as a page of the lab."""
    return render("lab/error.html", **frame(engine, "", ""), sentence=sentence)


def waterfall_page(service: Service, asked: LabAsked) -> dict[str, Any]:
    engine = service.engine
    own = None if asked.blank else waterfall(engine, asked)
    return {
        "asked": asked,
        "own": own,
        "reranked": None if own is None else reranked(engine, asked.cascade, own.stages),
        "unknown": bool(asked.product) and engine.view.row(asked.product) is None,
    }


def channels_page(service: Service, asked: LabAsked) -> dict[str, Any]:
    return {"asked": asked, "own": None if asked.blank else channels(service.engine, asked), "front": FRONT}


def compare_page(service: Service, asked: LabAsked) -> dict[str, Any]:
    engine = service.engine
    if not asked.against:
        asked = replace(asked, against=_other(engine, asked.cascade))
    ready = not asked.blank and bool(asked.against)
    return {"asked": asked, "own": compare(engine, asked) if ready else None}


def _other(engine: Engine, cascade: str) -> str:
    """The cascade to compare with where none is named: the first that is another, by whatever name; "" for none."""
    own = engine.cascades.get(cascade)
    names = [name for name in engine.cascade_names if name != cascade]
    others = [name for name in names if own is None or engine.cascades[name].hash != own.hash]
    return next(iter([*others, *names]), "")


def judge_page(service: Service, asked: LabAsked) -> dict[str, Any]:
    engine = service.engine
    products: list[Product] = []
    if asked.q:
        products = [Product.of(hit.product) for hit in engine.page(asked.ask(k=JUDGED)).results]
    path = service.shop.path
    return {
        "asked": asked,
        "products": products,
        "known": judging.grades_of(path, asked.q) if asked.q else {},
        "grades": judging.GRADES,
        "so_far": judging.so_far(path),
        "file": judging.NAME,
    }


def queries_page(service: Service, *, only_zero: bool) -> dict[str, Any]:
    log = read_queries(service.shop.path, service.shop.events, only_zero=only_zero)
    urls = [LabAsked(q=own["query"], filters=tuple(own["filters"])).url("") for own in log.queries]
    return {"log": log, "urls": urls, "only_zero": only_zero}


def stages_page(service: Service) -> dict[str, Any]:
    stages, degraded = read_stages(service.shop.path)
    worst = max((stage["p99"] for stage in stages), default=0.0)
    names = sorted(service.engine.cascade_names, key=lambda name: name == "default")  # whose budgets count last
    cascades = [service.engine.cascades[name] for name in names]
    every = [stage for own in cascades for stage in own.options.stages]
    budgets = {(stage.stage, method): stage.budget_ms for stage in every for method in (stage.method, stage.fallback)}
    return {"stages": stages, "degraded": degraded, "worst": worst or 1.0, "budgets": budgets}


def rules_page(
    service: Service, asked: LabAsked, *, draft: Mapping[str, str] | None = None, error: str | None = None
) -> dict[str, Any]:
    """
    Args:
        draft: the form as it was filled in, where it could not be stored; error: why.
    """
    engine = service.engine
    rules = engine.rules.every
    active = [rule for rule in reversed(rules) if rule.active]
    blank = {"kind": "pin", "query": asked.q, "product_id": asked.product, "position": "1", "factor": "3"}
    back = asked.url("", product="") if asked.q else "/lab/rules"
    return {
        "asked": asked,
        "active": active,
        "ended": [rule for rule in reversed(rules) if not rule.active][:50],
        "titles": {rule.id: _title(engine, rule.product_id) for rule in active if rule.product_id is not None},
        "draft": {**dict.fromkeys(_FIELDS, ""), **blank, "back": back, **(draft or {})},
        "error": error,
        "faults": engine.rule_faults,
    }


def _title(engine: Engine, product_id: str) -> str:
    row = engine.view.row(product_id)
    return "not in the shop now" if row is None else Product.of(engine.view.card(row)).title


def evaluation_page(service: Service) -> dict[str, Any]:
    manifest = service.shop.manifest()
    path = service.shop.path / EVALUATION
    return {
        "has_report": path.is_file(),
        "promotions": list(reversed(manifest.promotions)) if manifest else [],
        "gate": service.shop.options.gate,
        "shop_path": service.shop.path,
    }


def experiments_page(service: Service) -> dict[str, Any]:
    path = service.shop.path
    return {"watched": watch(path), "experiments": read_experiments(path)}


def training_html(service: Service) -> str:
    """The part of the experiments page that changes while something is trained; "" where nothing ever was."""
    watched = watch(service.shop.path)
    return "" if watched is None else render("lab/training.html", watched=watched)


def report_html(engine: Engine) -> str:
    """The shop's evaluation as a page with charts. Raises NotFound where there is none."""
    path: Path = engine.shop.path / EVALUATION
    if not path.is_file() or path.stat().st_size > MAX_EVALUATION:
        raise NotFound(
            f"there is no report; `emptor evaluate SHOP --judgements FILE --json SHOP/{EVALUATION}` makes it"
        )
    try:
        return report_page(orjson.loads(path.read_bytes()))
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise EmptorError(f"{EVALUATION} cannot be read ({error!r}); write it again with `emptor evaluate`") from None
