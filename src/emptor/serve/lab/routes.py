"""The lab's routes. Pages are made in a thread of their own, so that a long look never slows a search."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import quote, unquote

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from emptor.errors import EmptorError
from emptor.merchandise import add_rule, end_rule
from emptor.serve.forms import read_form
from emptor.serve.html import render
from emptor.serve.lab import judging, pages
from emptor.serve.lab.asked import LabAsked
from emptor.serve.lab.guard import guard
from emptor.serve.lab.rulecheck import check_rule
from emptor.serve.models import printable
from emptor.serve.service import Service

AUTHOR = "emptor_author"
MAX_AUTHOR = 100
_NO_STORE = {"Cache-Control": "no-store"}
_REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
"""The report is one file that carries its styles and charts; it has no scripts, and none may run."""


def router(service: Service, *, hosts: Collection[str] | None) -> APIRouter:
    """The routes over one service.

    Args:
        hosts: names under which the lab answers; None for any.
    """

    async def guarded(request: Request) -> None:
        guard(request, hosts)

    routes = APIRouter(
        prefix="/lab",
        include_in_schema=False,
        dependencies=[Depends(guarded)],
        default_response_class=HTMLResponse,
    )

    async def show(
        request: Request,
        template: str,
        make: Callable[[], dict[str, Any]],
        *,
        status: int = 200,
        author: str | None = None,
    ) -> Response:
        engine = service.engine
        author = _author(request) if author is None else author

        def work() -> str:
            return render(template, **pages.frame(engine, template, author), **make())

        return HTMLResponse(await service.labs.run(work), status, headers=_NO_STORE)

    @routes.get("")
    async def waterfall(request: Request) -> Response:
        asked = LabAsked.read(request.query_params)
        return await show(request, "lab/waterfall.html", lambda: pages.waterfall_page(service, asked))

    @routes.get("/channels")
    async def channels(request: Request) -> Response:
        asked = LabAsked.read(request.query_params)
        return await show(request, "lab/channels.html", lambda: pages.channels_page(service, asked))

    @routes.get("/compare")
    async def compare(request: Request) -> Response:
        asked = LabAsked.read(request.query_params)
        return await show(request, "lab/compare.html", lambda: pages.compare_page(service, asked))

    @routes.get("/judge")
    async def judge(request: Request) -> Response:
        asked = LabAsked.read(request.query_params)
        return await show(request, "lab/judge.html", lambda: pages.judge_page(service, asked))

    @routes.post("/judge")
    async def grade(request: Request) -> Response:
        form = await read_form(request)
        query = printable(form.get("q", ""))[:1000]
        author = printable(form.get("author", _author(request))).strip()[:MAX_AUTHOR]
        if form.get("pick") != "":  # a blank pick is the button that only keeps the author's name
            text, _, picked = form.get("pick", "").partition(":")
            text, product_id = form.get("grade", text), form.get("product_id", picked)[:256]
            if not text.isdecimal() or len(text) > 2:
                raise EmptorError(f"grade {text[:20]!r}: expected a whole number")
            engine = service.engine

            def write() -> None:
                if engine.view.row(product_id) is None:
                    raise EmptorError(f"product {product_id[:80]!r} is not in the shop")
                judging.grade(service.shop.path, query=query, product_id=product_id, grade=int(text), author=author)

            await service.labs.run(write)
        response: Response
        if request.headers.get("accept", "").startswith("application/json"):
            response = JSONResponse({"so_far": await service.labs.run(lambda: judging.so_far(service.shop.path))})
        else:
            response = RedirectResponse(_back(form.get("back", ""), LabAsked(q=query).url("/judge")), 303)
        _remember(response, author)
        return response

    @routes.get("/queries")
    async def queries(request: Request) -> Response:
        only_zero = request.query_params.get("only") == "zero"
        return await show(request, "lab/queries.html", lambda: pages.queries_page(service, only_zero=only_zero))

    @routes.get("/stages")
    async def stages(request: Request) -> Response:
        return await show(request, "lab/stages.html", lambda: pages.stages_page(service))

    @routes.get("/rules")
    async def rules(request: Request) -> Response:
        asked = LabAsked.read(request.query_params)
        return await show(request, "lab/rules.html", lambda: pages.rules_page(service, asked))

    @routes.post("/rules")
    async def change_rules(request: Request) -> Response:
        typed = {name: printable(value).strip() for name, value in (await read_form(request)).items()}
        form, engine = dict(typed), service.engine
        author = form.pop("author", _author(request))[:MAX_AUTHOR]
        back = form.pop("back", "")
        ended = form.pop("end", None)
        if (place := form.get("position", "")).isdecimal() and len(place) < 10:  # people count from 1
            form["position"] = str(int(place) - 1)
        if form.get("kind") != "pin":
            form.pop("position", None)
        if form.get("kind") not in ("boost", "bury"):
            form.pop("factor", None)

        def change() -> None:
            if form.get("position") == "-1":
                raise EmptorError("the rule cannot be stored: position 0; expected 1 (the first place) or more")
            if ended is not None:
                end_rule(service.shop.path, ended, author=author)
            else:
                add_rule(service.shop.path, form, author=author, check=lambda rule: check_rule(engine, rule))
            engine.refresh()  # who edits a rule sees it at once; other servers take it up within a second

        try:
            await service.labs.run(change)
        except EmptorError as error:
            if ended is not None or "text/html" not in request.headers.get("accept", ""):
                raise
            told = str(error)  # the form again, as it was filled in
            return await show(
                request,
                "lab/rules.html",
                lambda: pages.rules_page(service, LabAsked(), draft=typed, error=told),
                status=400,
                author=author,
            )
        response = RedirectResponse(_back(back, "/lab/rules"), 303)
        _remember(response, author)
        return response

    @routes.get("/experiments")
    async def experiments(request: Request) -> Response:
        return await show(request, "lab/experiments.html", lambda: pages.experiments_page(service))

    @routes.get("/experiments/training")
    async def training(request: Request) -> Response:
        html = await service.labs.run(lambda: pages.training_html(service))
        return HTMLResponse(html, headers=_NO_STORE)

    @routes.get("/evaluation")
    async def evaluation(request: Request) -> Response:
        return await show(request, "lab/evaluation.html", lambda: pages.evaluation_page(service))

    @routes.get("/evaluation/report")
    async def report(request: Request) -> Response:
        engine = service.engine
        html = await service.labs.run(lambda: pages.report_html(engine))
        return HTMLResponse(html, headers={**_NO_STORE, "Content-Security-Policy": _REPORT_POLICY})

    return routes


def _author(request: Request) -> str:
    return printable(unquote(request.cookies.get(AUTHOR, "")))[:MAX_AUTHOR]


def _remember(response: Response, author: str) -> None:
    response.set_cookie(AUTHOR, quote(author), httponly=True, samesite="lax", path="/lab")


def _back(address: str, otherwise: str) -> str:
    """Where to go after a change: a page of the lab, whatever the form says."""
    known = address == "/lab" or address.startswith(("/lab?", "/lab/"))
    return address if known and "\\" not in address and "//" not in address.partition("?")[0] else otherwise
