"""Collecting a study of the first study's size from a service on this machine, against a plain loop over its pages.

The plain way asks page after page in one loop over one connection, and keeps nothing; the service answers without
delay, so what is compared is the work of the programs. At a plan's 15 calls a second both would wait most of the time.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / "tests"), str(CHECKOUT / "scripts")]

import requests

from aims import report
from common.files import read_lines
from common.manifest import read_manifest
from common.parquet import read_table
from common.tables import FOLLOWS
from fake_service import TOKEN, Service, cohort, demo_video

AIM_S, AIM_MB = 180, 1024


def serve(address: Any, creators: int, follows: int) -> None:
    """The service, in a process of its own."""
    service = Service(demo_video(CHECKOUT))
    names = cohort(service, creators, follows, reels=60)
    address.send((service.url, names))
    address.recv()


def ask_plainly(url: str, handles: list[str]) -> int:
    """All profiles and pages; the number of calls."""
    session = requests.Session()
    session.headers["x-access-key"] = TOKEN
    calls = 0

    def ask(path: str, **params: str) -> dict[str, Any]:
        nonlocal calls
        calls += 1
        answer: dict[str, Any] = session.get(url + path, params=params, timeout=30).json()
        return answer

    for handle in handles:
        pk = str(ask("/v2/user/by/username", username=handle)["user"]["pk"])
        for path in ("/v2/user/clips", "/v2/user/following"):
            cursor: str | None = ""
            while cursor is not None:
                cursor = ask(path, user_id=pk, page_id=cursor)["next_page_id"]
    return calls


def run(program: str, *options: str) -> float:
    """Run one of the project's programs; seconds."""
    start = time.perf_counter()
    environment = {**os.environ, "HIKERAPI_TOKEN": TOKEN}
    command = [sys.executable, str(CHECKOUT / "scripts" / program), *options]
    subprocess.run(command, env=environment, check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--creators", type=int, default=401)
    parser.add_argument("--follows", type=int, default=624, help="accounts that each follows [%(default)s]")
    arguments = parser.parse_args()
    here, there = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(there, arguments.creators, arguments.follows), daemon=True)
    server.start()
    url, handles = here.recv()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Path("creators.csv").write_text("\n".join(handles))
        start = time.perf_counter()
        calls = ask_plainly(url, handles)
        plain_s = time.perf_counter() - start
        source = ("--source=hikerapi", "--snapshot=2026-11-23", f"--url={url}", "--creators=creators.csv")
        batch = ("--batch=0", "--batches=1", "--manifest=results/creators/0.parquet", "--calls-per-s=100000")
        batch += ("--allow-private",)
        collect_s = run("collect_creators.py", *source, *batch)
        download = ("--creators=results/creators/0.parquet", "--manifest=results/video/0.parquet", "--workers=2")
        download += ("--allow-private=true",)
        download_s = run("download_reels.py", *download)
        memory_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        again_s = run("collect_creators.py", *source, *batch)
        reels = sum(row.state == "ok" for row in read_manifest(Path("results/video/0.parquet")))
        follows = read_table(Path("results/creators/0/follows.parquet"), FOLLOWS).num_rows
        spent = sum(line["calls"] for line in read_lines(Path("data/raw/hikerapi/2026-11-23/ledger/calls.jsonl")))
    here.send("done")
    print(f"{len(handles)} creators, {follows} follow rows, {reels} reels, {spent} calls")
    print(
        f"collected {collect_s:.1f} s, downloaded and checked {download_s:.1f} s, "
        f"again from the answers {again_s:.1f} s"
    )
    if spent != calls or reels != 5 * len(handles):
        sys.exit(f"collect: {spent} calls instead of {calls}, or reels are missing")
    whole = collect_s + download_s
    report("collecting and downloading a study", f"{whole:.0f} s, {memory_mb:.0f} MB", f"{AIM_S} s, {AIM_MB} MB",
           whole < AIM_S and memory_mb < AIM_MB)  # fmt: skip
    report(
        "collecting against a plain loop over the same pages", f"{collect_s / plain_s:.2f} times its {plain_s:.0f} s"
    )


if __name__ == "__main__":
    main()
