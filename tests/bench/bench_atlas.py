"""The atlas: its size for 401 creators, and how smoothly 20,000 are moved and zoomed in Chromium without a GPU."""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
import time
import zipfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("scripts", "tests")]

import av
from playwright.sync_api import Page, sync_playwright

from aims import report
from atlas_tables import build_page, study_tables
from chromium import OPTIONS, chromium
from study import CHECKOUT

REELS, LARGEST_MB, FRAMES_PER_S = 5, 15.0, 30.0
TEXTS = ["A caption of some length about what is shown, with #tags and a question: what do you think? " * 3]
# Counts the pictures that are drawn while the map moves.
COUNT = "() => { window.drawn = 0; const next = () => { window.drawn++; requestAnimationFrame(next); }; next(); }"


def frames_of_the_demo(folder: Path, number: int) -> list[Path]:
    """Zips like those of the stage `frames`, of real videos."""
    made = []
    for video in sorted((CHECKOUT / "data/demo/videos").glob("*/*.mp4"))[:number]:
        with av.open(str(video)) as container:
            pictures = [frame.to_image() for frame in container.decode(video=0)]
        chosen = pictures[:: max(1, len(pictures) // 8)][:8]
        path = folder / f"{video.parent.name}-{video.stem}.zip"
        with zipfile.ZipFile(path, "w") as packed:
            for place, picture in enumerate(chosen):
                file = io.BytesIO()
                picture.save(file, "JPEG", quality=90)
                packed.writestr(f"{place}.jpg", file.getvalue())
            packed.writestr("frames.json", json.dumps({"frames": [{"file": f"{n}.jpg"} for n in range(len(chosen))]}))
        made.append(path)
    return made


def tables(creators: int, frames: list[Path] | None) -> dict[str, list[dict[str, object]]]:
    """Five reels a creator, 12 follows each."""
    rows = study_tables(creators, TEXTS, frames)
    for name in ("reels", "status"):
        rows[name] = [row | {"reel_id": f"{row['reel_id']}_{n}"} for row in rows[name] for n in range(REELS)]
    for place, row in enumerate(rows["status"]):
        row["path"] = str(frames[place % len(frames)]) if frames else None
    ids = [row["creator_id"] for row in rows["creators"]]
    rows["edges"] = [
        {"source_id": ids[n], "target_id": ids[(n + step) % creators]} for n in range(creators) for step in range(1, 13)
    ]
    return rows


def frames_per_second(page: Page, how: str) -> float:
    """Of the map, dragged or zoomed for some seconds."""
    box = page.locator("#map").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = page.url
    page.mouse.move(x, y)
    if how == "dragged":
        page.mouse.down()
    page.evaluate(COUNT)
    start = time.perf_counter()
    step = 0
    while time.perf_counter() - start < 4:
        step += 1
        if how == "dragged":
            page.mouse.move(x + 120 * ((step % 40) - 20) / 20, y + 80 * ((step % 24) - 12) / 12)
        else:
            page.mouse.wheel(0, -30 if step % 40 < 25 else 30)
    drawn = page.evaluate("window.drawn")
    seconds = time.perf_counter() - start
    if how == "dragged":
        page.mouse.move(x + 200, y)
        page.mouse.up()
    page.wait_for_timeout(1000)
    if page.url == before:
        sys.exit("the map did not move")
    return drawn / seconds


def main() -> None:
    path = chromium()
    if path is None:
        sys.exit("no Chromium here")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        frames = frames_of_the_demo(folder, 40)
        browser = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        for creators, given in ((401, frames), (20_000, None)):
            own = folder / str(creators)
            own.mkdir()
            start = time.perf_counter()
            address = build_page(own, tables(creators, given), "--max-mb=200", *(() if given else ("--nearest=0",)))
            built = time.perf_counter() - start
            size = address.stat().st_size / 1e6
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            start = time.perf_counter()
            page.goto(address.as_uri())
            page.wait_for_selector("html[data-ready]")
            opened = time.perf_counter() - start
            page.wait_for_timeout(1500)
            rates = {how: frames_per_second(page, how) for how in ("dragged", "zoomed")}
            page.close()
            print(f"{creators:,} creators, {creators * REELS:,} reels: built in {built:.1f} s, open in {opened:.1f} s")
            if given:
                report(
                    f"atlas of {creators} creators x {REELS} reels with pictures", f"{size:.1f} MB",
                    f"at most {LARGEST_MB:g} MB", size <= LARGEST_MB,
                )  # fmt: skip
            aim = f"at least {FRAMES_PER_S:g}" if creators == 20_000 else ""
            for how, rate in rates.items():
                reached = rate >= FRAMES_PER_S if aim else None
                report(
                    f"frames a second, {creators:,} creators {how}, drawn without a GPU", f"{rate:.0f}", aim, reached
                )
        browser.close()
    print(f"{os.cpu_count()} cores")


if __name__ == "__main__":
    main()
