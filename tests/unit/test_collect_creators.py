"""collect_creators: one batch of the source as manifest, reel files and tables, whatever the names."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from collect_creators import main, parse
from common.files import file_sha256
from common.handles import batch_of
from common.manifest import Row, file_stem, read_manifest
from common.own_folder import MARKER
from common.parquet import read_table
from common.program import UserError
from common.tables import CREATORS, FOLLOWS
from study import CHECKOUT

MANIFEST = Path("results/creators/0.parquet")


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def video(handle: str | bytes, name: str | bytes, content: bytes) -> Path:
    path = Path("videos") / os.fsdecode(handle) / os.fsdecode(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def collect(*options: str, batch: int = 0, batches: int = 1) -> list[Row]:
    manifest = f"results/creators/{batch}.parquet"
    main(parse([f"--batch={batch}", f"--batches={batches}", f"--manifest={manifest}", *options]))
    return read_manifest(Path(manifest))


def files() -> set[str]:
    return {path.name for path in MANIFEST.with_suffix("").iterdir()} - {MARKER, "creators.parquet", "follows.parquet"}


def tables() -> tuple[list[dict], list[dict]]:
    folder = MANIFEST.with_suffix("")
    creators = read_table(folder / "creators.parquet", CREATORS)
    return creators.to_pylist(), read_table(folder / "follows.parquet", FOLLOWS).to_pylist()


def test_a_creator_has_a_row_a_line_and_a_file_for_each_selected_reel():
    Path("creators.csv").write_text("handle,full_name,followers,city,creator_id\n@Ada,Ada L.,12,London,nonsense\n")
    Path("reels.csv").write_text("handle,file,reel_id,caption,plays\nada,a.mp4,DAb-9,Grüße 🎬,7\n")
    Path("follows.csv").write_text("source,target\nada,Bob\nada,@bob\nada,Eve\n")
    video("Ada", "a.mp4", b"film")
    rows = collect("--creators=creators.csv", "--reels=reels.csv", "--follows=follows.csv")
    creator, reel = rows
    assert (creator.creator_id, creator.reel_id, creator.state) == ("ada", None, "ok")
    assert (reel.reel_id, reel.state, reel.path) == ("DAb-9", "ok", "results/creators/0/DAb-9.json")
    assert reel.sha256 == file_sha256(reel.file())
    facts = json.loads(reel.file().read_text(encoding="ascii"))
    assert facts["caption"] == "Grüße 🎬"
    assert facts["plays"] == 7
    assert facts["source_path"] == "videos/Ada/a.mp4"
    assert facts["sha256"] == file_sha256(Path("videos/Ada/a.mp4"))
    (described,), follows = tables()
    assert described["creator_id"] == "ada"
    assert described["handle"] == "Ada"
    assert described["followers"] == 12
    assert described["city"] == "London"
    assert described["follows_status"] == "complete"
    assert [(follow["target_id"], follow["target_handle"]) for follow in follows] == [("bob", "Bob"), ("eve", "Eve")]


def test_the_follow_lists_that_nobody_has_are_unfetched():
    Path("creators.csv").write_text("handle,follows_status\nada,partial\nbob,\neve,complete\n")
    Path("follows.csv").write_text("source,target\nada,bob\n")
    Path("videos").mkdir()
    rows = collect("--creators=creators.csv", "--follows=follows.csv")
    described, _ = tables()
    assert [creator["follows_status"] for creator in described] == ["partial", "unfetched", "complete"]
    assert {(row.state, row.reason) for row in rows} == {("skipped", "no_reels")}


def test_reels_beyond_the_selection_are_rows_with_a_reason_and_no_file():
    for number in range(4):
        video("ada", f"{number}.mp4", b"film %d" % number)
    video("ada", "copy.mp4", b"film 2")
    Path("reels.csv").write_text("handle,file,plays\nada,0.mp4,1\nada,1.mp4,9\nada,2.mp4,5\nada,gone.mp4,99\n")
    rows = [row for row in collect("--reels=reels.csv", "--reels-per-creator=2") if row.reel_id]
    details = sorted((row.state, str(row.reason), str(row.detail)) for row in rows if row.state != "ok")
    assert details == [
        ("skipped", "duplicate", "copy.mp4"),
        ("skipped", "missing_file", "gone.mp4"),
        ("skipped", "not_selected", "0.mp4"),
        ("skipped", "not_selected", "3.mp4"),
    ]
    taken = {json.loads(row.file().read_text())["file"] for row in rows if row.state == "ok"}
    assert taken == {"1.mp4", "2.mp4"}
    assert len(files()) == 2
    assert all(row.path is None for row in rows if row.state != "ok")


def test_policies_exclude_creators_of_whom_the_numbers_are_known():
    Path("creators.csv").write_text("handle,followers,following\nfew,99,1\nenough,100,100\nmany,500,101\nunknown,,\n")
    for handle in ("few", "enough", "many", "unknown"):
        video(handle, "a.mp4", handle.encode())
    rows = collect("--creators=creators.csv", "--min-followers=100", "--max-following=100")
    about = {row.creator_id: (row.state, row.reason, row.detail) for row in rows if row.reel_id is None}
    assert about == {
        "few": ("skipped", "below_min_followers", "99 followers"),
        "many": ("skipped", "above_max_following", "follows 101"),
        "enough": ("ok", None, None),
        "unknown": ("ok", None, None),
    }
    assert [creator["creator_id"] for creator in tables()[0]] == ["enough", "unknown"]
    assert {row.creator_id for row in rows if row.reel_id} == {"enough", "unknown"}


def test_all_creators_are_in_exactly_one_batch():
    handles = {f"creator{number}" for number in range(12)}
    for handle in handles:
        video(handle, "a.mp4", handle.encode())
    found = [{row.creator_id for row in collect(batch=batch, batches=3)} for batch in range(3)]
    assert [{handle for handle in handles if batch_of(handle, 3) == batch} for batch in range(3)] == found
    assert sum(map(len, found)) == 12


HOSTILE_HANDLES = [
    "a\nb",
    "tab\t",
    "\x1b[31m",
    "quo'te\"",
    "$HOME",
    "{braces}",
    "-rf",
    "🏳️‍🌈",
    "مرحبا \u202e",
    "x" * 255,
]
HOSTILE_IDS = ["../../evil", "/etc/evil", "..", "-rf", "a/b", "new\nline", "x" * 255, "ünï", "{batch}", "id.0", "CON "]


def test_hostile_names_stay_inside_the_folder():
    for handle in HOSTILE_HANDLES:
        video(handle, f"{handle[:251]}.mp4", handle.encode())
    video(b"\xff", b"\xfe\n.mp4", b"no text")
    lines = ["handle,file,reel_id"]
    for number, reel_id in enumerate(HOSTILE_IDS):
        video("ada", f"{number}.mp4", reel_id.encode())
        lines.append(f'ada,{number}.mp4,"{reel_id}"')
    Path("reels.csv").write_text("\n".join(lines))
    before = {path for path in Path().rglob("*") if "results" not in path.parts}
    rows = collect("--reels=reels.csv", "--reels-per-creator=99")
    assert {path for path in Path().rglob("*") if "results" not in path.parts} == before
    reels = [row for row in rows if row.reel_id]
    assert len(reels) == len(HOSTILE_HANDLES) + 1 + len(HOSTILE_IDS)
    assert {row.reel_id for row in reels if row.creator_id == "ada"} == {reel_id.strip() for reel_id in HOSTILE_IDS}
    assert files() == {f"{file_stem(str(row.reel_id))}.json" for row in reels}
    for row in reels:
        assert row.state == "ok"
        facts = json.loads(row.file().read_text(encoding="ascii"))
        assert file_sha256(Path(facts["source_path"])) == facts["sha256"]
    assert not Path("results/evil.json").exists()


def made() -> dict[str, bytes]:
    return {path.relative_to("results").as_posix(): path.read_bytes() for path in Path("results").rglob("*.*")}


def test_the_same_source_gives_the_same_bytes(tmp_path, monkeypatch):
    Path("one").mkdir()
    monkeypatch.chdir("one")
    for handle in ("zoë", "ada", "bob"):
        for number in range(3):
            video(handle, f"{number}.mp4", f"{handle} {number}".encode())
    Path("creators.csv").write_text("handle,followers,team\nbob,1,x\nzoë,2,\n")
    options = ["--creators=creators.csv", "--reels-per-creator=2"]
    collect(*options)
    first = made()
    collect(*options)
    assert made() == first
    # Another place, another order of creation, other times.
    shutil.copytree(tmp_path / "one" / "videos", tmp_path / "two" / "videos", copy_function=shutil.copyfile)
    monkeypatch.chdir(tmp_path / "two")
    Path("creators.csv").write_text("team,handle,followers\n,zoë,2\nx,bob,1\n")
    collect(*options)
    assert made() == first


def test_renaming_a_file_changes_no_id_and_no_selection():
    for number in range(4):
        video("ada", f"{number}.mp4", b"film %d" % number)
    before = {(row.reel_id, row.state, row.reason) for row in collect("--reels-per-creator=2")}
    for number in range(4):
        Path(f"videos/ada/{number}.mp4").rename(f"videos/ada/{'dbca'[number]}.mov")
    assert {(row.reel_id, row.state, row.reason) for row in collect("--reels-per-creator=2")} == before


def test_files_of_reels_that_left_are_removed():
    video("ada", "a.mp4", b"one")
    video("ada", "b.mp4", b"two")
    collect()
    assert len(files()) == 2
    Path("videos/ada/b.mp4").unlink()
    (reel,) = [row for row in collect() if row.reel_id]
    assert files() == {f"{reel.reel_id}.json"}


def test_a_study_with_its_videos_elsewhere_keeps_absolute_paths(tmp_path, monkeypatch):
    video("ada", "a.mp4", b"one")
    Path("study").mkdir()
    monkeypatch.chdir("study")
    (reel,) = [row for row in collect(f"--videos={tmp_path / 'videos'}") if row.reel_id]
    assert json.loads(reel.file().read_text())["source_path"] == str(tmp_path / "videos" / "ada" / "a.mp4")
    (same,) = [row for row in collect("--videos=../videos") if row.reel_id]
    assert same.reel_id == reel.reel_id
    assert Path(json.loads(same.file().read_text())["source_path"]).read_bytes() == b"one"


def test_people_s_videos_are_not_touched():
    path = video("ada", "a.mp4", b"one")
    path.chmod(0o640)
    before = path.stat()
    collect()
    after = path.stat()
    assert (before.st_mode, before.st_mtime_ns, before.st_nlink) == (after.st_mode, after.st_mtime_ns, after.st_nlink)


def test_a_source_without_creators_is_one_clear_message():
    Path("videos").mkdir()
    with pytest.raises(UserError, match="no creators found"):
        collect()
    command = [sys.executable, str(CHECKOUT / "scripts" / "collect_creators.py"), "--batch=0", "--batches=1"]
    done = subprocess.run([*command, "--manifest=0.parquet"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "videos: no creators found" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_batch_has_empty_tables():
    video("ada", "a.mp4", b"one")
    empty = 1 - batch_of("ada", 2)
    assert collect(batch=empty, batches=2) == []
    assert read_table(Path(f"results/creators/{empty}/creators.parquet"), CREATORS).num_rows == 0


def test_reels_that_cannot_be_had_take_no_other_reels_place(caplog):
    Path("exports").mkdir()
    for number in range(1, 6):
        info = {
            "id": str(number), "extractor_key": "TikTok", "uploader": "ada", "vcodec": "h264", "timestamp": 1717171717,
            "view_count": 1000 - number,
        }  # fmt: skip
        Path(f"exports/{number}.info.json").write_text(json.dumps(info))
        if number > 2:
            Path(f"exports/{number}.mp4").write_bytes(b"film %d" % number)
    Path("exports/notes.csv").write_text("x\n")
    rows = collect("--source=exports", "--folder=exports", "--reels-per-creator=2")
    assert {row.reel_id: (row.state, row.reason) for row in rows if row.creator_id == "ada"} == {
        None: ("ok", None), "1": ("skipped", "no_link"), "2": ("skipped", "no_link"), "3": ("ok", None),
        "4": ("ok", None), "5": ("skipped", "not_selected"),
    }  # fmt: skip
    assert {row.creator_id for row in rows} == {"ada"}
    assert "1 files in exports are passed over: notes.csv (not a kind of file that is read)" in caplog.text
    assert [creator["creator_id"] for creator in tables()[0]] == ["ada"]
