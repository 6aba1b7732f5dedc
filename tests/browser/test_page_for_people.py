"""The page of a study in a real browser: readable on a phone and a desktop, light and dark, and loading nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from reporting.page import write_page
from reporting.results import Results
from reporting.summary import Ended, FailedStep
from run_results import PRIMARY, config, write_run

HOSTILE = "<script>window.hacked = 1</script>" + "x" * 200


@pytest.fixture(scope="module", params=["finished", "failed"])
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder: Path = tmp_path_factory.mktemp("run")
    untested = replace(PRIMARY, id="H2", question=HOSTILE, verdict="not testable", reason=HOSTILE, effect=None)
    results = Results(write_run(folder / "results", failed=1, tests=[PRIMARY, untested], text=HOSTILE, warning=HOSTILE))
    finished = request.param == "finished"
    steps = [] if finished else [FailedStep(HOSTILE, None)]
    write_page(folder / "index.html", Ended(results, config(study={"name": HOSTILE[:80]}), finished, steps, [HOSTILE]))
    return (folder / "index.html").as_uri()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_it_and_it_loads_and_runs_nothing(
    browser: Browser, address: str, width: int, scheme: str
) -> None:
    said: list[str] = []
    asked: list[str] = []
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    assert page.title() == HOSTILE[:80]
    expect(page.locator(".badge").first).to_have_text("SYNTHETIC DATA")
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 24, 27)"
    assert dark == (scheme == "dark"), "the stylesheet is in force"
    assert page.evaluate("document.images[0].naturalWidth") == 40
    violations = Axe().run(page).response["violations"]
    assert [(found["id"], found["nodes"][0]["html"][:200]) for found in violations] == []
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    page.close()
