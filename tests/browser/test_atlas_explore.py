"""The atlas in a real browser: pictures on the map, taking things out, filtering, comparing, and going back."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from atlas_tables import build_page, study_tables
from sources.csv_tables import read_creators_csv

HOSTILE = "<script>window.hacked = 1</script> & more"
Open = Callable[..., Page]


def frames_in(folder: Path, colours: list[str]) -> list[Path]:
    """Zips like those of the stage `frames`, of one colour each, its middle frame of another."""
    made = []
    for colour in colours:
        path = folder / f"{colour}.zip"
        with zipfile.ZipFile(path, "w") as packed:
            for place, shown in enumerate(("black", colour, "black")):
                file = io.BytesIO()
                Image.new("RGB", (54, 96), shown).save(file, "JPEG")
                packed.writestr(f"{place}.jpg", file.getvalue())
            packed.writestr("frames.json", json.dumps({"frames": [{"file": f"{n}.jpg"} for n in range(3)]}))
        made.append(path)
    return made


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("explore")
    rows = study_tables(40, ["a plain text", HOSTILE], frames_in(folder, ["red"]))
    return build_page(folder, rows).as_uri()


def menu(page: Page, name: str) -> None:
    page.locator("header summary", has_text=name).click()


def saved(page: Page, button: str) -> str:
    menu(page, "Save")
    with page.expect_download() as download:
        page.locator(f"#save-{button}").click()
    page.keyboard.press("Escape")
    return Path(download.value.path()).read_text(encoding="utf-8")


def draw_box(page: Page) -> int:
    """Draw a box around the left half of the map; how many creators the page says are in it."""
    page.keyboard.press("b")
    box = page.locator("#map").bounding_box()
    assert box
    page.mouse.move(box["x"] + 60, box["y"] + 4)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 4, steps=3)
    page.mouse.up()
    expect(page.locator("#selected")).to_contain_text("in the area")
    return int((page.locator("#selected").text_content() or "").split()[0])


def test_the_middle_frame_is_on_the_map_and_a_click_on_it_opens_the_creator(opened: Open) -> None:
    page = opened("#outlines=none&names=0")
    page.wait_for_timeout(800)

    def red() -> list[tuple[int, int]]:
        shot = Image.open(io.BytesIO(page.locator("#map").screenshot())).convert("RGB")
        near = ((x, y) for x in range(60, shot.width, 4) for y in range(0, shot.height, 4))
        return [(x, y) for x, y in near if (p := shot.getpixel((x, y)))[0] > 200 > 100 > p[1] and p[2] < 90]

    found = red()
    assert len(found) > 200
    box = page.locator("#map").bounding_box()
    assert box
    x, y = next((x, y) for x, y in found if all((x + dx, y + dy) in found for dx in (-4, 0, 4) for dy in (-12, 0, 12)))
    page.mouse.click(box["x"] + x, box["y"] + y)
    expect(page.locator("#selected")).to_contain_text("creator_")
    page.keyboard.press("Escape")
    menu(page, "Show")
    page.locator("#pictures").uncheck()
    page.wait_for_timeout(400)
    assert not red()


def test_what_is_drawn_around_can_be_taken_out(opened: Open) -> None:
    page = opened()
    number = draw_box(page)
    assert 5 < number < 35
    rows = list(csv.DictReader(io.StringIO(saved(page, "csv"))))
    assert len(rows) == number
    assert {"creator_id", "cluster_name", "followers", "joined", "light_lightness", "region"} <= set(rows[0])
    assert rows[0]["joined"].startswith("2024-")
    handles = saved(page, "handles").split()
    assert handles == [row["handle"] for row in rows]
    assert saved(page, "reels").split() == [f"r_{handle[-5:]}" for handle in handles]
    again = opened(page.evaluate("location.hash"))
    expect(again.locator("#selected")).to_have_text(f"{number} creators in the area")
    again.keyboard.press("Escape")
    expect(again.locator("#selected")).to_have_text("Nothing selected")


def test_a_lasso_takes_what_is_inside_of_it(opened: Open) -> None:
    page = opened()
    inside = "area=0.0000_0.0000_1.0000_0.0000_0.0000_1.0000"  # one half of the map, of places that are even
    page.evaluate(f"location.hash = '{inside}'")
    expect(page.locator("#selected")).to_contain_text("in the area")
    half = int((page.locator("#selected").text_content() or "").split()[0])
    assert 10 < half < 30
    page.locator("#lasso").click()
    box = page.locator("#map").bounding_box()
    assert box
    page.mouse.move(box["x"] + 70, box["y"] + 5)
    page.mouse.down()
    for x, y in ((0.98, 5), (0.98, 0.99), (0.09, 0.99)):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + (y if y > 1 else y * box["height"]), steps=8)
    page.mouse.up()
    expect(page.locator("#selected")).to_have_text("39 creators in the area")


def test_tags_notes_and_names_are_saved_loaded_and_read_by_the_workflow(opened: Open, tmp_path: Path) -> None:
    page = opened("#cluster=1")
    page.locator("label", has_text="Own name of this cluster").locator("input").fill("Night walks")
    page.keyboard.press("Tab")
    expect(page.locator("#legend")).to_contain_text("1 Night walks")
    page.locator("label", has_text="Tag these 10 creators").locator("input").fill(HOSTILE)
    page.keyboard.press("Tab")
    page.evaluate("location.hash = 'creator=creator_00000'")
    for label, words in (("Tag", " walks;; alone "), ("Note", "=1+1, to be checked")):
        page.locator("#inspector label", has_text=label).locator("input").fill(words)
        page.keyboard.press("Tab")
    notes, table = saved(page, "notes"), saved(page, "tagged")
    kept = json.loads(notes)
    assert (kept["format"], kept["version"]) == ("reel-atlas-notes", 1)
    assert kept["names"] == {"given": {"creator_00002": "Night walks"}}
    assert kept["tags"]["walks alone"] == ["creator_00000"]
    assert len(kept["tags"][HOSTILE]) == 10
    assert kept["notes"] == {"creator_00000": "=1+1, to be checked"}

    (tmp_path / "creators.csv").write_text(table, encoding="utf-8")
    creators = read_creators_csv(tmp_path / "creators.csv")
    assert creators["creator_00000"][1]["tag_walks alone"] is True
    assert creators["creator_00001"][1]["tag_walks alone"] is False

    again = opened()
    menu(again, "Save")
    for content, said in ((notes, "Loaded."), ("{}", "not of the format"), ("{", "no JSON")):
        file = {"name": "notes.json", "mimeType": "application/json", "buffer": content.encode()}
        again.locator("#load-notes").set_input_files(file)
        expect(again.locator("#loaded")).to_contain_text(said)
    again.keyboard.press("Escape")
    expect(again.locator("#legend")).to_contain_text("1 Night walks")
    again.select_option("#colour", "tag walks alone")
    expect(again.locator("#legend .values")).to_contain_text("yes (1)")


def test_a_histogram_is_brushed_and_others_count_what_it_leaves(opened: Open) -> None:
    page = opened('#page=table&colour=age&facets=["region"]')
    expect(page.locator(".facet")).to_contain_text("north (14)")
    chart = page.locator("#legend .histogram").bounding_box()
    assert chart
    page.mouse.move(chart["x"] + 1, chart["y"] + 20)
    page.mouse.down()
    page.mouse.move(chart["x"] + chart["width"] / 2, chart["y"] + 20, steps=3)
    page.mouse.up()
    expect(page.locator("#table caption")).to_contain_text("20 creators")  # ages 20 to 39 of 20 to 59
    expect(page.locator(".facet")).to_contain_text("north (7 of 14)")
    page.locator(".facet input").nth(0).uncheck()
    page.select_option("[data-key='another']", "reels_caption_language")
    expect(page.locator(".facet").nth(1)).to_contain_text("en (")
    page.mouse.click(chart["x"] + 30, chart["y"] + 20)  # a click ends it
    expect(page.locator("#table caption")).to_contain_text("26 creators")
    page.locator(".facet h3 button").first.click()
    expect(page.locator("#table caption")).to_contain_text("40 creators")


def test_back_undoes_and_forward_does_again(opened: Open) -> None:
    page = opened()
    page.locator("#legend button").nth(1).click()
    page.locator("#inspector .list button").first.click()
    expect(page.locator("#selected")).to_have_text("creator_00002")
    page.go_back()
    expect(page.locator("#selected")).to_contain_text("1 ")
    page.go_back()
    expect(page.locator("#selected")).to_have_text("Nothing selected")
    page.go_forward()
    page.go_forward()
    expect(page.locator("#selected")).to_have_text("creator_00002")


def test_the_mixing_matrix_leads_to_the_follows_it_counts(opened: Open) -> None:
    page = opened()
    page.locator("#to-mixing").click()
    assert page.locator(".mixing tbody button").count() == 9
    cell = page.locator(".mixing tbody tr").nth(0).locator("button").nth(1)  # creator n follows n + 1
    said = cell.get_attribute("aria-label") or ""
    number = int(said.split()[0])
    assert number == 10
    cell.click()
    expect(page.locator("#map")).to_be_visible()
    expect(page.locator("#selected")).to_contain_text(f"{number} follows from 0")
    expect(page.locator("#inspector")).to_contain_text("times as many")


def test_two_creators_and_two_clusters_stand_side_by_side(opened: Open) -> None:
    page = opened("#creator=creator_00004")
    page.locator("button", has_text="Compare with another").click()
    page.evaluate("location.hash = location.hash.replace('#creator=creator_00004', '#creator=creator_00005')")
    expect(page.locator("#selected")).to_have_text("creator_00005")
    page.locator("button", has_text="Compare with creator_00004").click()
    expect(page.locator("#page")).to_contain_text("from the first to the second: 1; from the second to the first: 0")
    assert page.locator("#page .sides section").count() == 2
    row = page.locator("#page tbody tr", has=page.get_by_text("age", exact=True))
    assert row.locator("td").all_inner_texts() == ["24", "25"]
    page.evaluate("location.hash = 'beside=cluster.0&cluster=1&page=compare'")
    expect(page.locator("#page thead")).to_contain_text("0 a plain text")


def test_a_cluster_says_what_distinguishes_it_and_the_findings_keep_their_caution(opened: Open) -> None:
    page = opened("#cluster=1")
    panel = page.locator("#inspector")
    expect(panel).to_contain_text("light lightness")
    expect(panel).to_contain_text("+1.25 sd (0.5 to 2)")
    expect(panel).to_contain_text("No measure is a finding")
    expect(panel).to_contain_text("Coleman's index 0.5 (0.25 to 0.75), adjusted p 0.003")
    assert panel.locator(".portraits img").count() == 1
    page.locator("#to-findings").click()
    expect(page.locator("#page h3")).to_have_text("H1: supported")
    expect(page.locator("#page b")).to_have_text("These are invented.")
    expect(page.locator("#page")).to_contain_text("They <b>follow</b>.")
    expect(page.locator("#page tbody")).to_contain_text("as configured")


def test_several_words_are_found_wherever_they_stand_with_a_piece_of_the_text(opened: Open) -> None:
    page = opened()
    page.fill("#search", "dusk 17 street")
    expect(page.locator("#selected")).to_have_text("1 creator found")
    expect(page.locator("#inspector .list .facts")).to_contain_text("description: A street at dusk, number 17.")
    assert page.locator("#inspector .list .facts mark").all_inner_texts() == ["street", "dusk", "17"]
    page.fill("#search", '"dusk street"')
    expect(page.locator("#selected")).to_have_text("0 creators found")
    page.fill("#search", "r_00023")
    page.keyboard.press("Enter")
    expect(page.locator("#inspector code")).to_have_text("r_00023")


def test_the_most_alike_are_listed_and_lead_on(opened: Open) -> None:
    page = opened("#creator=creator_00010")
    alike = page.locator("details", has_text="Most alike creators").locator("button")
    assert alike.count() == 5
    assert "creator_00009" in alike.all_inner_texts()[0] + alike.all_inner_texts()[1]
    page.locator("summary", has_text="Most alike reels").click()
    page.locator(".reel details button").first.click()
    expect(page.locator("#selected")).not_to_have_text("creator_00010")


def test_the_view_is_saved_as_picture_and_as_drawing(opened: Open) -> None:
    page = opened("#edges=all")
    page.wait_for_timeout(800)
    drawn = saved(page, "svg")
    root = ET.fromstring(drawn)
    assert root.tag.endswith("svg")
    kinds = [one.tag.rsplit("}", 1)[1] for one in root.iter()]
    assert "script" not in kinds
    assert kinds.count("image") > 5
    assert kinds.count("path") > 39
    assert any(HOSTILE in (one.text or "") for one in root.iter()) or kinds.count("text") == 3
    menu(page, "Save")
    with page.expect_download() as download:
        page.locator("#save-png").click()
    shot = Image.open(download.value.path()).convert("RGB")
    box = page.locator("#map").bounding_box()
    assert box
    assert shot.size == (box["width"], box["height"])
    colours = {colour for _, colour in shot.getcolors(shot.width * shot.height)}
    assert (255, 255, 255) in colours
    assert any(red > 220 and green < 60 and blue < 60 for red, green, blue in colours)  # pictures
    assert any(blue > 150 and red < 60 for red, green, blue in colours)  # dots of cluster 0
