"""A study collected from HikerAPI (a service on this machine, synthetic people), from the list to the tables."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from fake_service import TOKEN, Person, Service, demo_video, says
from study import CHECKOUT, Study, environment

HANDLES = ["canary.ada", "canary_bob", "canary.eve", "canary_ian"]
LIMITS = {"calls_per_s": 100, "model": 1, "gpu": 1}
SETTINGS = {
    "source": {"kind": "hikerapi", "snapshot": "2026-11-23"},
    "select": {"reels_per_creator": 2, "latest": 12, "max_following": 1001, "min_followers": 100},
    "study": {"max_failed": 0.3},
    "video": {"allow_private": True},  # the service is on this machine
}


@pytest.fixture(scope="module")
def service():
    made = Service(demo_video(CHECKOUT))
    people = [(9_000_001 + number, handle) for number, handle in enumerate(HANDLES)]
    for pk, handle in people:
        others = [(9_100_000 + number, f"outsider_{number}") for number in range(40)]
        made.add(Person(pk, handle, follows=[one for one in people if one[0] != pk] + others), reels=4)
    yield made
    made.close()


def configure(found: Study, service: Service, **settings) -> None:
    service_settings = {"creators": "creators.csv", "url": service.url, "calls_per_s": 200}
    found.configure(**{**SETTINGS, "hikerapi": service_settings, **settings})


@pytest.fixture(scope="module")
def study(tmp_path_factory, service):
    found = Study(tmp_path_factory.mktemp("acquired"))
    (found.folder / "creators.csv").write_text("".join(f"https://www.instagram.com/{handle}/\n" for handle in HANDLES))
    configure(found, service)
    before = os.environ.get("HIKERAPI_TOKEN")
    os.environ["HIKERAPI_TOKEN"] = TOKEN
    yield found
    os.environ.pop("HIKERAPI_TOKEN")
    if before is not None:
        os.environ["HIKERAPI_TOKEN"] = before


def calls(service: Service) -> int:
    return sum(path.startswith("/v2") for path, _, _ in service.calls)


def test_the_page_on_sources_shows_these_commands(study):
    page = (CHECKOUT / "docs/sources.md").read_text(encoding="utf-8")
    check, cost, purge = re.findall(r"^    ((?:python|snakemake) .*)$", page, re.MULTILINE)
    assert purge == "python scripts/purge_creators.py --study ../mystudy"  # run below
    assert cost == "snakemake --cores 1 cost"  # run below
    command = check.replace("scripts/", f"{CHECKOUT}/scripts/").replace("python ", f"{sys.executable} ")
    done = subprocess.run(command.split(), cwd=study.folder, capture_output=True, text=True, check=True)
    assert all(handle in done.stdout for handle in HANDLES)


def test_the_price_is_told_before_the_first_call(study, service):
    said = study.run("cost")
    assert "4 creators, 0 of them collected" in said
    assert "left, about:         172 calls" in said  # 1 + 1 + 41 pages each
    plan = study.run("plan")
    assert "4 creators, 8 reels, 4.0 minutes of video" in plan
    assert "HikerAPI: 4 to 172 calls, 0.00 to 0.17 USD" in plan
    assert not service.calls


def test_from_the_list_to_the_tables(study, service):
    said = study.run("tables", "--resources", "calls_per_s=100")
    # One limit given leaves the others as they are.
    (provided,) = re.findall(r"^Provided resources: (.*)$", study.log(), re.MULTILINE)
    assert all(re.search(rf'"{name}", {limit}\b', provided) for name, limit in LIMITS.items()), provided
    assert calls(service) == 4 * 4  # profile, reels, two pages of follows
    creators = {row["handle"]: row for row in study.rows("tables/creators")}
    assert sorted(creators) == sorted(HANDLES)
    assert {row["follows_status"] for row in creators.values()} == {"complete"}
    assert {row["n_embedded"] for row in creators.values()} == {2}
    assert len(study.rows("tables/reels")) == 8
    assert len(study.rows("tables/edges")) == 12
    assert len(study.rows("tables/follows")) == 4 * 43
    assert TOKEN not in said
    assert "0.02 USD" in study.run("cost")
    assert "spent under this snapshot: 16 calls" in (study.folder / "results/logs/check_coverage.log").read_text()


def test_the_second_run_does_nothing(study, service):
    before = len(service.calls)
    assert "Nothing to be done" in study.run("tables")
    assert len(service.calls) == before


def test_tokens_are_in_no_file_and_handles_in_no_metadata(study):
    files = [path for path in study.folder.rglob("*") if path.is_file()]
    assert len(files) > 100
    assert not [path for path in files if TOKEN.encode() in path.read_bytes()]
    metadata = [path for path in files if ".snakemake" in path.parts]
    assert metadata
    names = [*HANDLES, *(f"Synthetic {handle.title()}" for handle in HANDLES), "900000"]
    assert not [
        (path, name) for path in metadata for name in names if name.lower().encode() in path.read_bytes().lower()
    ]
    # Logs name whose reels failed or were skipped, and nobody else.
    named = {row["creator_id"] for row in study.rows("tables/status") if row["state"] != "ok" or row["reason"]}
    others = [row["handle"] for row in study.rows("tables/creators") if row["creator_id"] not in named]
    logs = [path for path in files if "logs" in path.parts]
    assert not [(path, name) for path in logs for name in others if name.encode() in path.read_bytes()]


def test_failures_that_pass_are_taken_up_by_retry(study, service):
    with (study.folder / "creators.csv").open("a") as file:
        file.write("canary.new\n")
    service.add(Person(9_000_009, "canary.new", follows=[]), reels=4)
    service.fail("/v2/user/by/username", *[says(503, Retry_After="9999")] * 1)
    said = study.run("tables")
    assert "unavailable" in said or [row for row in study.rows("tables/status") if row["reason"] == "unavailable"]
    assert "Nothing to be done" in study.run("tables")
    study.run("retry", "--until", "build_tables")
    assert "canary.new" in {row["handle"] for row in study.rows("tables/creators")}


def test_videos_are_deleted_after_use_when_asked_for(study, service):
    assert list(study.folder.rglob("*.mp4"))
    configure(study, service, study={**SETTINGS["study"], "retain_media_days": 0})
    before, made = study.computed(), study.rows("tables/reels")
    targets = ("results/tables/reels.parquet", "results/media.json")
    study.run(*targets)
    assert not list(study.folder.rglob("*.mp4"))
    assert "Nothing to be done" in study.run(*targets)
    assert study.computed() == before
    assert study.rows("tables/reels") == made


def test_who_opts_out_is_found_nowhere_and_nothing_else_is_computed_again(study, service):
    """The last test: the study is another one afterwards."""
    (study.folder / "optout.txt").write_text("@canary.ada\n")
    configure(study, service, study={**SETTINGS["study"], "opt_out": "optout.txt"})
    program = [sys.executable, str(CHECKOUT / "scripts/purge_creators.py"), "--study", study.folder.name]
    subprocess.run(program, cwd=study.folder.parent, check=True, env=environment())
    before = calls(service)
    study.run("tables", "figures")
    assert calls(service) == before
    assert set(study.computed()) <= {(stage, reel) for stage, reel in study.computed() if stage in ("video", "context")}
    assert {row["handle"] for row in study.rows("tables/creators")} == {*HANDLES, "canary.new"} - {"canary.ada"}
    names = ("canary.ada", "9000001", "Synthetic Canary.Ada")
    for path in study.folder.rglob("*"):
        content = (
            repr(study_table(path)).encode()
            if path.suffix == ".parquet"
            else path.read_bytes()
            if path.is_file()
            else b""
        )
        assert not [name for name in names if name.lower().encode() in (str(path).encode() + content).lower()], path


def study_table(path):
    return pq.read_table(path).to_pylist()
