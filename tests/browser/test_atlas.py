"""The atlas in a real browser: what people do with it, and texts that try to be more than texts."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, expect

from atlas_tables import build_page, study_tables

HOSTILE = [
    "<script>window.hacked = 1</script>", "</script><img src=x onerror='window.hacked = 2'>",
    "javascript:window.hacked=3",
    "\u202eevil \u2066text 🎬", "x" * 10_000, "<!-- <script> -->", "data:text/html,<script>window.hacked=4</script>",
    "https://example.org/reel/1?a=<b>&c='\"", "plain caption", "&lt;b&gt; \u2028 line",
    "👩\u200d👩\u200d👧 می\u200cخواهم",
]  # fmt: skip
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("atlas")
    return build_page(folder, study_tables(40, HOSTILE), "--name", "A <b>study</b>", "--synthetic", "true").as_uri()


def place_of(page: Page, creator: str) -> tuple[float, float]:
    """Where a creator's dot is in the window."""
    page.evaluate(f"location.hash = 'creator={creator}'")
    expect(page.locator("#selected")).to_have_text(creator)
    page.keyboard.press("p")
    page.keyboard.press("n")  # brings her or him into the middle
    expect(page.locator("#selected")).to_have_text(creator)
    page.wait_for_timeout(400)
    box = page.locator("#map").bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_it_opens_from_disk_and_says_what_it_is(opened: Open) -> None:
    page = opened()
    assert page.title() == "A <b>study</b>"
    expect(page.locator(".badge")).to_have_text("SYNTHETIC DATA")
    expect(page.locator("#inspector")).to_contain_text("40 creators, 40 reels, 40 follows")
    assert page.locator("#legend li").count() == 4
    assert page.locator("canvas").count() == 2  # pictures and outlines below, dots above


def test_pointing_at_a_dot_shows_a_card_and_a_click_opens_the_creator(opened: Open) -> None:
    page = opened()
    x, y = place_of(page, "creator_00004")
    page.keyboard.press("Escape")
    expect(page.locator("#selected")).to_have_text("Nothing selected")
    page.mouse.move(x - 3, y)
    page.mouse.move(x, y)
    expect(page.locator("#card")).to_be_visible()
    expect(page.locator("#card")).to_contain_text("creator_00004")
    page.mouse.click(x, y)
    expect(page.locator("#selected")).to_have_text("creator_00004")
    expect(page.locator("#inspector")).to_contain_text("A street at dusk, number 4.")
    assert "creator=creator_00004" in page.url


def test_a_drag_moves_the_map_and_the_dots_are_where_they_are_seen(opened: Open) -> None:
    page = opened()
    x, y = place_of(page, "creator_00008")
    page.keyboard.press("Escape")
    page.mouse.move(x + 30, y + 30)
    page.mouse.down()
    page.mouse.move(x + 60, y + 45, steps=4)
    page.mouse.move(x + 130, y + 80, steps=4)
    page.mouse.up()
    page.wait_for_timeout(900)
    moved = page.locator("#map canvas").evaluate_all("all => all.map((canvas) => canvas.style.transform)")
    assert moved == ["", ""]
    page.mouse.click(x + 100, y + 50)
    expect(page.locator("#selected")).to_have_text("creator_00008")


def test_hostile_texts_are_shown_as_texts_and_links_lead_to_the_web_only(opened: Open) -> None:
    page = opened()
    for number, text in enumerate(HOSTILE):
        page.evaluate(f"location.hash = 'creator=creator_{number:05d}'")
        expect(page.locator("#selected")).to_have_text(f"creator_{number:05d}")
        shown = page.locator("#inspector .name").text_content() or ""
        assert shown == "".join(c for c in text if c not in "\u202e\u2066")
        links = page.locator("#inspector a")
        assert links.count() == int(text.startswith("https:"))
        if links.count():
            assert (links.first.get_attribute("href") or "").startswith("https://example.org/")
            assert "noopener" in (links.first.get_attribute("rel") or "")
    assert page.locator("#inspector script, #inspector img[onerror], #legend script").count() == 0


def test_a_search_marks_what_it_finds_and_counts_it(opened: Open) -> None:
    page = opened()
    page.keyboard.press("/")
    page.keyboard.type('"number 17"')
    expect(page.locator("#selected")).to_have_text("1 creator found")
    page.keyboard.press("Enter")
    expect(page.locator("#selected")).to_have_text("creator_00017")
    expect(page.locator("#inspector mark").first).to_have_text("number 17")
    page.locator("#search").fill("no such thing anywhere")
    expect(page.locator("#selected")).to_have_text("0 creators found")
    page.locator("#search").fill("<script>")
    expect(page.locator("#inspector .list li").first).to_be_visible()


def test_the_legend_filters_and_selects(opened: Open) -> None:
    page = opened()
    page.keyboard.press("t")
    expect(page.locator("#table caption")).to_contain_text("40 creators")
    page.locator("#legend li").first.locator("input").uncheck()
    expect(page.locator("#table caption")).to_contain_text("30 creators")
    assert "hidden=0" in page.url
    page.locator("#legend li").nth(1).locator("button").click()
    expect(page.locator("#inspector h3", has_text="creators")).to_have_text("10 creators")


def test_colours_by_number_have_a_scale(opened: Open) -> None:
    page = opened()
    page.locator("#colour").select_option("followers")
    expect(page.locator("#legend .scale")).to_contain_text("100,000")
    expect(page.locator("#legend .scale")).to_contain_text("logarithmic")
    assert "colour=followers" in page.url


def pixels_like(page: Page, colour: tuple[int, int, int]) -> int:
    """How many pixels of the map have about this colour."""
    picture = Image.open(io.BytesIO(page.locator("#map").screenshot())).convert("RGB")
    return int((np.abs(np.asarray(picture, int) - colour).max(axis=2) < 30).sum())


def test_follows_go_out_in_orange_come_in_in_blue_and_can_be_switched_off(opened: Open) -> None:
    """Cluster 0 is blue, so it is hidden; what remains of either colour are lines."""
    orange, blue = (224, 135, 65), (65, 150, 198)  # on white
    page = opened("#creator=creator_00011&hidden=0&outlines=none&names=0")
    page.wait_for_timeout(500)
    assert pixels_like(page, orange) > 40
    assert pixels_like(page, blue) > 40
    page.locator("summary", has_text="Show").click()
    page.locator("#edges").select_option("none")
    page.keyboard.press("Escape")
    page.wait_for_timeout(500)
    assert pixels_like(page, orange) == pixels_like(page, blue) == 0
    page.evaluate("location.hash = 'cluster=2&hidden=0&outlines=none&names=0'")  # of a whole cluster
    page.wait_for_timeout(500)
    assert pixels_like(page, orange) > 200
    assert pixels_like(page, blue) > 200


def test_whom_a_creator_follows_is_listed_and_can_be_opened(opened: Open) -> None:
    page = opened("#creator=creator_00011")
    page.locator("summary", has_text="Followed by 1 of the cohort").click()
    page.locator("details", has_text="Followed by 1").locator("button").click()
    expect(page.locator("#selected")).to_have_text("creator_00010")
    expect(page.locator("#selected")).to_be_focused()


def test_outlines_and_names_can_be_chosen_and_switched_off(opened: Open) -> None:
    page = opened()
    page.locator("summary", has_text="Show").click()
    seen = []
    for choose in (
        lambda: None,
        lambda: page.locator("#outlines").select_option("ellipses"),
        lambda: page.locator("#outlines").select_option("none"),
        lambda: page.locator("#names").uncheck(),
    ):
        choose()
        page.wait_for_timeout(400)
        seen.append(page.locator("#map").screenshot())
    assert len(set(seen)) == 4


def test_the_focus_stays_where_it_is(opened: Open) -> None:
    page = opened()
    box = page.locator("#legend input").nth(1)
    box.focus()
    page.keyboard.press("Space")
    expect(page.locator("#legend input").nth(1)).to_be_focused()
    expect(page.locator("#legend input").nth(1)).not_to_be_checked()
    page.locator("#legend button").nth(2).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#legend button").nth(2)).to_be_focused()
    page.keyboard.press("t")
    page.locator("#table thead button").nth(3).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#table thead button").nth(3)).to_be_focused()


def test_another_address_moves_the_open_page(opened: Open) -> None:
    page = opened()
    page.wait_for_timeout(300)
    whole = page.locator("#map").screenshot()
    page.evaluate("location.hash = 'view=0.2_0.2_11'")
    page.wait_for_timeout(500)
    assert page.locator("#map").screenshot() != whole
    page.locator("#farther").click()
    assert "view=0.2000_0.2000_10.5000" in page.url


def test_the_address_brings_everything_back(opened: Open) -> None:
    page = opened(
        "#cluster=1&colour=membership&hidden=2&search=street&page=table&outlines=none&names=0&edges=none&view=0.5_0.5_9"
    )
    expect(page.locator("#search")).to_have_value("street")
    expect(page.locator("#colour")).to_have_value("membership")
    expect(page.locator("#table")).to_be_visible()
    assert not page.locator("#names").is_checked()
    for name in ("outlines", "edges"):
        assert page.locator(f"#{name}").input_value() == "none"
    assert not page.locator("#legend li").nth(2).locator("input").is_checked()
    assert (page.locator("#selected").text_content() or "").startswith("1 ")
    page = opened("#creator=nobody&cluster=99&colour=shoe&hidden=x&view=a_b_c")  # of another study
    expect(page.locator("#selected")).to_have_text("Nothing selected")


def test_everything_can_be_done_with_the_keyboard(opened: Open) -> None:
    page = opened()
    page.keyboard.press("n")
    expect(page.locator("#selected")).to_have_text("creator_00000")
    page.keyboard.press("n")  # the next of the same cluster
    expect(page.locator("#selected")).to_have_text("creator_00004")
    before = page.url
    page.locator("#map").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("+")
    expect(page).not_to_have_url(before)
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("t")
    page.locator("#table tbody button").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#selected")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#selected")).to_have_text("Nothing selected")
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_the_table_is_a_table_and_sorts(opened: Open) -> None:
    page = opened("#page=table")
    header = page.locator("#table thead th", has_text="followers")
    header.locator("button").click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    header.locator("button").click()
    expect(header).to_have_attribute("aria-sort", "descending")
    assert page.locator("#table tbody tr").first.locator("td", has_text="100,000").count() == 1
    last = page.locator("#table tbody th", has_text="creator_00039")
    last.locator("button").click()
    expect(page.locator("dl").first).to_contain_text("no place on the map")


def test_dark_and_light(opened: Open) -> None:
    page = opened(color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 24, 27)"
    page.locator("#theme").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert "theme=light" in page.url


def test_on_a_phone(opened: Open) -> None:
    page = opened(viewport={"width": 390, "height": 780}, has_touch=True, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box, panel = (page.locator(selector).bounding_box() for selector in ("#map", "aside"))
    assert box
    assert panel
    assert box["height"] > 200
    assert panel["y"] >= box["y"] + box["height"] - 1
    page.locator("#legend li").first.locator("button").tap()
    expect(page.locator("#inspector h3", has_text="creators")).to_be_visible()


def test_a_study_without_a_cluster_or_a_place_has_a_table(opened: Open, tmp_path: Path) -> None:
    rows = study_tables(5, HOSTILE) | {name: [] for name in ("coordinates", "clusters", "names", "edges")}
    page = opened(at=build_page(tmp_path, rows).as_uri())
    expect(page.locator("#legend li")).to_have_count(0)
    page.keyboard.press("t")
    expect(page.locator("#table tbody tr")).to_have_count(5)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_that_keeps_people_out(opened: Open, theme: str) -> None:
    page = opened(f"#theme={theme}")
    colours = ("colour=followers", "colour=region&facets=[%22age%22,%22paid%22]", "colour=joined")
    pages = ("page=table", "page=mixing", "page=findings", "page=compare&beside=cluster.0&cluster=1", "between=0.1")
    area = "area=0.1_0.1_0.9_0.1_0.5_0.9&edges=all"
    for shown in ("", "creator=creator_00000", "cluster=1", "search=dusk", *pages, area, *colours, "keys"):
        page.evaluate(f"location.hash = 'theme={theme}&{shown}'")
        if shown == "keys":
            page.keyboard.press("?")
            expect(page.locator("#keys")).to_be_visible()
        found = Axe().run(page)
        assert not found.response["violations"], f"{shown}: {found.generate_report()}"


def test_a_column_of_ones_own_colours_filters_and_is_in_panel_table_and_search(opened: Open) -> None:
    page = opened("#page=table")
    groups = page.locator("#colour optgroup").evaluate_all("all => all.map((one) => one.label)")
    assert groups == ["own columns", "reels of a creator", "measures (mean of the reels)"]
    page.select_option("#colour", "region")
    values = page.locator("#legend .values li")
    said = sorted(" ".join(text.split()) for text in values.all_inner_texts())
    assert said == ["north (14)", "not known (13)", "south (13)"]
    page.locator("#legend .values label", has_text="south").locator("input").uncheck()
    expect(page.locator("#table caption")).to_contain_text("27 creators")
    expect(page.locator("#legend .filtered")).to_contain_text("Filtered by region: 27 of 40 creators")
    page.select_option("#colour", "cluster")
    expect(page.locator("#legend .filtered")).to_contain_text("27 of 40")  # whichever column colours
    again = opened(page.evaluate("location.hash"))
    expect(again.locator("#table caption")).to_contain_text("27 creators")
    again.locator("#legend .filtered button").click()
    expect(again.locator("#table caption")).to_contain_text("40 creators")
    assert "filters" not in again.evaluate("location.hash")
    again.fill("#search", "note 17")
    again.locator("#table tbody button").click()
    panel = again.locator("#inspector")
    for words in ("note 17", "2024-06-01", "2024-05-31 17:00", "37"):
        expect(panel.locator("dl").first).to_contain_text(words)
    expect(panel.locator("details", has_text="Measures").locator("dl")).to_contain_text("light lightness")
    expect(again.locator("#table thead")).to_contain_text("joined")


@pytest.mark.parametrize(
    ("column", "first", "last", "left"),
    [("age", "25", "30", 6), ("joined", "2024-02-01", "2024-03-01", 8), ("light_lightness", "2", "", 25)],
)
def test_numbers_dates_and_measures_are_filtered_by_a_range(
    opened: Open, column: str, first: str, last: str, left: int
) -> None:
    """What is not known is in no range: the last creator has no measures."""
    page = opened(f"#page=table&colour={column}")
    for end, text in (("from", first), ("to", last)):
        box = page.locator(f"[data-key='{end} {column}']")
        box.fill(text)
        box.blur()
    expect(page.locator("#table caption")).to_contain_text(f"{left} creators")
    assert page.locator(f"[data-key='from {column}']").input_value() == first
    again = opened(page.evaluate("location.hash"))
    expect(again.locator("#table caption")).to_contain_text(f"{left} creators")


def test_filters_of_an_address_that_make_no_sense_are_left_out(opened: Open) -> None:
    for hash in ('{"age":3,"nothing":{"from":1},"note":{"hide":[1]}}', "{", "[]", "null"):  # noqa: A001
        page = opened(f"#page=table&filters={quote(hash)}")
        expect(page.locator("#table caption")).to_contain_text("40 creators")
