"""What every page keeps for people with a keyboard or a screen reader: axe-core's rules, and a few of our own."""

from __future__ import annotations

from typing import Any

import pytest

GRAVE = ("serious", "critical")


def assert_accessible(page: Any) -> None:
    """Fail on a violation of serious or critical impact, naming the elements; skip where axe is not installed."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    found = axe.Axe().run(page).response
    assert found["passes"], "axe ran"
    told = [
        f"{own['impact']} {own['id']}: {own['help']}: " + "; ".join(node["html"][:160] for node in own["nodes"][:5])
        for own in found["violations"]
        if own["impact"] in GRAVE
    ]
    assert not told, f"{page.url} at {page.viewport_size['width']} px\n" + "\n".join(told)
    assert page.locator("h1").count() == 1, "one heading says what the page is"
    assert page.locator("main").count() == 1 and page.title().strip()


def focus_stops(page: Any, most: int = 400) -> list[str]:
    """Press Tab from the top of the page to its end; the elements that get the focus, each seen and marked.

    Fails where the focus goes to something invisible, or is not to be seen on it.
    """
    stops: list[str] = []
    for _ in range(most):
        page.keyboard.press("Tab")
        told = page.evaluate(_FOCUS)
        if told is None or (stops and told["name"] == stops[0]):
            return stops
        assert told["seen"], f"the focus is on something that cannot be seen: {told['name']}"
        assert told["marked"], f"the focus is not visible on {told['name']}"
        stops.append(told["name"])
    raise AssertionError(f"more than {most} stops")


_FOCUS = """() => {
  const own = document.activeElement;
  if (!own || own === document.body) return null;
  // the stand-in of a hidden checkbox is its label
  const shown = own.matches(".toggle") ? document.querySelector(`label[for=${own.id}]`) : own;
  const box = shown.getBoundingClientRect();
  const style = getComputedStyle(shown);
  return {
    name: own.outerHTML.slice(0, 160),
    seen: box.width > 0 && box.height > 0 && box.right > 0 && box.left < innerWidth
      && box.bottom > 0 && box.top < innerHeight,
    marked: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 || own.matches(".skip"),
  };
}"""
