"""Purging people: a search of the whole folder finds nothing of them, and nobody else's data is harmed."""

from __future__ import annotations

import bz2
import csv
import gzip
import json
import lzma
import os
import shutil
import sqlite3
import subprocess
import sys
import unicodedata
import zipfile
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

import collect_creators
import download_reels
import purge_creators
import purging.cleaner
import purging.purge
from common.manifest import read_manifest
from common.program import UserError
from common.states import OK
from common.store import Store, append_line, digest, read_lines
from common.study import LockOwner
from common.tables import CREATORS, FOLLOWS, read_table
from fake_service import Person as Listed
from fake_service import Service
from opting_out.csv_tables import clean_table
from opting_out.people import Account, People
from opting_out.scrub import Scrubber
from opting_out.search import Search, searches
from opting_out.tombstones import Tombstones
from sources.opt_out_list import named_lines
from study import CHECKOUT

HANDLE, NUMBER, NAME = "canary.ada_7", "900077001", "Synthetic Canary.Ada_7"
MANIFEST = Path("results/creators/0.parquet")
RAW = Path("data/raw/hikerapi/2026-11-23")


def traces(*words: str) -> list[tuple[str, str]]:
    """Files that have one of the words anywhere, in any case, in their names or contents."""
    found = []
    for path in sorted(Path().rglob("*")):
        texts = [os.fsencode(path)]
        if path.is_symlink():
            texts.append(os.fsencode(path.readlink()))
        elif path.suffix == ".parquet":
            texts.append(json.dumps(pq.read_table(path).to_pylist(), default=str, ensure_ascii=False).encode())
        elif path.is_file():
            raw = path.read_bytes()
            texts += [raw, raw.replace(b"\0", b""), lzma.decompress(raw) if path.suffix == ".xz" else b""]
        for word in words:
            spellings = {word, unicodedata.normalize("NFD", word), word.encode("ascii", "backslashreplace").decode()}
            if any(spelling.lower().encode() in text.lower() for text in texts for spelling in spellings):
                found.append((str(path), word))
    return found


def contents() -> dict[str, bytes]:
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in sorted(Path().rglob("*"))}


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def configure(**sections) -> None:
    Path("study.yaml").write_text(yaml.safe_dump(sections))


def purge(*arguments: str) -> None:
    purge_creators.main(purge_creators.parse(["--configfile=study.yaml", *arguments]))


# --- a study collected from HikerAPI --------------------------------------------------------------------------------


def collect(service: Service) -> dict[str, dict]:
    """Collect; the creators, by handle."""
    collect_creators.main(collect_creators.parse(service.collect_options()))
    rows = read_table(MANIFEST.with_suffix("") / "creators.parquet", CREATORS).to_pylist()
    return {row["handle"]: row for row in rows}


def download(service: Service) -> None:
    download_reels.main(
        download_reels.parse(
            [f"--creators={MANIFEST}", "--manifest=results/video/0.parquet", "--workers=1", "--allow-private=true"]
        )
    )


def follows() -> set[tuple[str, str]]:
    rows = read_table(MANIFEST.with_suffix("") / "follows.parquet", FOLLOWS).to_pylist()
    return {(row["source_id"], row["target_id"]) for row in rows}


def study(*handles: str, **settings) -> None:
    """A study of these people, before its first run."""
    Path("creators.csv").write_text("".join(f"{handle}\n" for handle in handles))
    configure(
        source={"kind": "hikerapi", "snapshot": "2026-11-23"}, hikerapi={"creators": "creators.csv"}, study=settings
    )


def publish(stage: str, creator: str, reel: str, content: str, inputs: str = "") -> str:
    """A result of a stage, as the stage would leave it; its key."""
    store, made_from = Store(Path("data/store")), {"stage": stage, "inputs": inputs or content}
    with store.workspace() as workspace:
        folder = workspace / "0"
        folder.mkdir()
        (folder / "reel.json").write_text(json.dumps({"context": content}))
        store.publish(stage, digest(made_from), folder, OK, f"{stage} 1", made_from)
    store.note_owner(stage, "0", creator, reel, digest(made_from))
    return digest(made_from)


def stored(stage: str) -> set[str]:
    return {json.loads(path.read_bytes())["context"] for path in Path("data/store", stage).rglob("reel.json")}


@pytest.fixture
def cohort(service):
    """Ada, who is to go, and Bob and Cleo; one follows the other, and Bob's captions name her."""
    ada, bob, cleo = (int(NUMBER), HANDLE), (78, "bob"), (79, "cleo.b")
    service.add(Listed(*ada, follows=[bob, cleo]), reels=2)
    service.add(Listed(*bob, follows=[ada, cleo, (80, "outsider")]), reels=3)
    service.add(Listed(*cleo, follows=[ada]), reels=1)
    service.people["bob"].reels[0] |= {"pk": 78_004, "caption": f"With @Canary.Ada_7, {NAME} and cleo.b\n{HANDLE}!"}
    study(HANDLE, "bob", "cleo.b", opt_out="optout.txt")
    Path("optout.txt").write_text(f"# asked by letter\n@{HANDLE.title()}\n")
    collect(service)
    download(service)
    publish("context", NUMBER, f"{NUMBER}000", "hers")
    publish("context", "78", "78004", f"Caption: with @{HANDLE}")
    publish("context", "78", "78001", "his", inputs=f"seen by {NAME}")
    publish("context", "78", "78002", "his alone")
    publish("frames", NUMBER, f"{NUMBER}001", "of both")
    publish("frames", "78", "78001", "of both")
    for path in ("results/logs/x.log", "results/journal/context/0.jsonl", ".snakemake/metadata/abc"):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(f"about {HANDLE} ({NUMBER})\n")
    Path(".snakemake/conda").mkdir()
    return service


def test_nothing_of_her_is_left_and_the_others_are_whole(cohort, monkeypatch):
    assert {word for _, word in traces(HANDLE, NUMBER, NAME)} == {HANDLE, NUMBER, NAME}
    before, reels = collect(cohort), [row for row in read_manifest(MANIFEST) if row.creator_id != NUMBER]
    calls, links = len(cohort.calls), follows()
    purge()
    assert traces(HANDLE, NUMBER, NAME) == []
    assert not Path("results").exists()
    assert sorted(os.listdir(".snakemake")) == ["conda"]
    assert Path("creators.csv").read_text() == "bob\ncleo.b\n"
    assert Path("optout.txt").read_text() == "# asked by letter\n"
    assert sorted(os.listdir("data/opt_out")) == ["key", "tombstones.jsonl"]
    assert stored("context") == {"his alone"}
    assert stored("frames") == {"of both"}
    monkeypatch.delenv("HIKERAPI_TOKEN")
    assert collect(cohort) == {handle: row for handle, row in before.items() if handle != HANDLE}
    assert follows() == {link for link in links if NUMBER not in link}
    without_links = [(row.creator_id, row.reel_id, row.state, row.reason) for row in reels]
    assert [(row.creator_id, row.reel_id, row.state, row.reason) for row in read_manifest(MANIFEST)] == without_links
    download(cohort)
    assert len(cohort.calls) == calls, "nothing is paid or downloaded again"
    captions = [json.loads(path.read_text()).get("caption") for path in MANIFEST.with_suffix("").glob("*.json")]
    assert "With [opted out], [opted out] and cleo.b\n[opted out]!" in captions
    assert traces(HANDLE, NUMBER, NAME) == []


def test_the_tombstone_keeps_her_out_under_any_name(cohort):
    purge()
    cohort.rename(HANDLE, "ada.renamed")
    Path("creators.csv").write_text(f"{HANDLE}\nbob\nada.renamed\n")
    assert set(collect(cohort)) == {"bob"}
    assert {row.creator_id for row in read_manifest(MANIFEST)} == {"78"}
    assert {NUMBER, HANDLE} & set(Tombstones().hashes) == set()
    purge("--handles=outsider")  # a purge of somebody else also takes out who came back
    assert traces(HANDLE, NUMBER, "ada.renamed") == []


@pytest.mark.parametrize("step", ["purge_store", "purge_inputs", "remove_results", "report", "find_leftovers"])
def test_a_purge_that_was_killed_is_taken_up(cohort, monkeypatch, step):
    with monkeypatch.context() as patched:
        patched.setattr(purging.purge, step, lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            purge()
    assert Tombstones().has_handle(HANDLE)
    assert oct(Path("data/opt_out/pending.json").stat().st_mode)[-3:] == "600"
    configured_without_list()
    Path("optout.txt").unlink()
    purge()  # nobody needs to say again who it was
    assert traces(HANDLE, NUMBER, NAME) == []


def test_killed_between_two_files_her_name_is_not_forgotten(service, monkeypatch):
    service.add(Listed(int(NUMBER), HANDLE))
    service.add(Listed(78, "zed"))
    study(HANDLE, "zed")
    collect(service)
    for path in RAW.glob("*.jsonl"):
        path.write_text(
            path.read_text().replace(NAME, "Canaria Adamantia").replace("number 78001", "Canaria Adamantia")
        )
    real = purging.cleaner.write_bytes

    def killed(path, content):
        if path.name == "zed.jsonl":
            raise KeyboardInterrupt
        real(path, content)

    with monkeypatch.context() as patched:
        patched.setattr(purging.cleaner, "write_bytes", killed)
        with pytest.raises(KeyboardInterrupt):
            purge(f"--handles={HANDLE}")
    assert not (RAW / f"{HANDLE}.jsonl").exists()
    purge(f"--handles={HANDLE}")
    assert traces(HANDLE, NUMBER, "Canaria Adamantia") == []


def test_a_second_purge_changes_nothing(cohort, capsys):
    purge()
    with pytest.raises(UserError, match="nobody to purge"):
        purge()
    collect(cohort)
    before = contents()
    purge(f"--handles={HANDLE}")
    assert contents() == before
    assert "nothing in the study knows" in capsys.readouterr().out


def test_a_handle_that_nobody_has_costs_nothing(cohort, capsys):
    before = contents()
    configured_without_list()
    purge("--handles=nobody.at_all")
    left = contents()
    assert {name: left.get(name) for name in before if name != "study.yaml"} == {
        name: content for name, content in before.items() if name != "study.yaml"
    }
    assert "1 handle that nothing in the study knows" in capsys.readouterr().out


def configured_without_list() -> None:
    configure(source={"kind": "hikerapi", "snapshot": "2026-11-23"}, hikerapi={"creators": "creators.csv"})


def test_a_dry_run_changes_nothing_and_says_all(cohort, capsys):
    before = contents()
    purge("--dry-run")
    assert contents() == before
    said = capsys.readouterr().out
    told = {(verb, path) for verb, path in (line.split(maxsplit=1) for line in said.splitlines()[:-1])}
    assert {("rewrite", str(RAW / "bob.jsonl")), ("remove", str(RAW / f"{HANDLE}.jsonl"))} <= told
    assert {("rewrite", "creators.csv"), ("remove", "results")} <= told
    assert said.splitlines()[-1].startswith("1 creator: nothing was changed")
    purge()
    assert {path for verb, path in told if verb == "remove" and Path(path).exists()} == set()


def test_what_the_command_says_names_nobody(cohort, capsys):
    purge()
    said = capsys.readouterr()
    assert said.out.startswith("1 creator: ")
    assert not [word for word in (HANDLE, NUMBER, NAME) if word.lower() in (said.out + said.err).lower()]


def test_somebody_who_is_only_followed(cohort):
    purge("--handles=outsider")
    assert traces("outsider") == []
    assert collect(cohort)["bob"]["follows_status"] == "complete"
    assert not {target for _, target in follows()} & {"80"}


def test_others_with_longer_handles_keep_their_answers(service):
    for pk, handle in ((1001, "cleo"), (1002, "cleo.b"), (1003, "x.cleo"), (1004, "cleo_")):
        service.add(Listed(pk, handle, follows=[(1001, "cleo"), (1002, "cleo.b"), (1004, "cleo_")]))
    study("cleo", "cleo.b", "x.cleo", "cleo_")
    before = collect(service)
    purge("--handles=cleo")
    assert sorted(path.stem for path in RAW.glob("*.jsonl")) == ["cleo.b", "cleo_", "x.cleo"]
    assert collect(service) == {handle: row for handle, row in before.items() if handle != "cleo"}


@pytest.mark.parametrize("handle", ["following", "collect", "username", "response", "caption"])
def test_a_handle_that_is_a_word_of_the_answers(service, handle, monkeypatch):
    service.add(Listed(int(NUMBER), handle, follows=[(78, "bob")]))
    service.add(Listed(78, "bob", follows=[(int(NUMBER), handle), (80, "x")]))
    study(handle, "bob")
    before = collect(service)["bob"]
    purge(f"--handles={handle}")
    monkeypatch.delenv("HIKERAPI_TOKEN")
    assert collect(service) == {"bob": before}
    assert follows() == {("78", "80")}


def test_what_others_are_called_stays(service, capsys):
    service.add(Listed(int(NUMBER), "nature.lover"), reels=1)
    service.add(Listed(78, "bob"), reels=1)
    service.people["bob"].reels[0] |= {"pk": 78_004, "caption": "By Maria Garcia"}
    study("nature.lover", "bob")
    collect(service)
    for path in RAW.glob("*.jsonl"):
        text = path.read_text().replace("Synthetic Nature.Lover", "Maria Garcia")
        path.write_text(text.replace("Synthetic Bob", "Maria Garcia"))
    purge("--handles=nature.lover")
    assert collect(service)["bob"]["full_name"] == "Maria Garcia"
    assert "bob.jsonl" in capsys.readouterr().out, "whose name it is, is not known: the user is told"


def test_a_renamed_account_goes_under_both_names(service):
    service.add(Listed(int(NUMBER), "old.name"))
    study("old.name")
    collect(service)
    (RAW / "old.name.jsonl").write_text((RAW / "old.name.jsonl").read_text().replace('"old.name"', '"new.name"'))
    purge("--handles=new.name")
    assert traces("old.name", "new.name", NUMBER) == []
    assert {"old.name", "new.name", NUMBER} <= {
        name for name in ("old.name", "new.name", NUMBER) if Tombstones().has_handle(name) or Tombstones().has_id(name)
    }


def test_a_reel_made_together_stays_the_others(service):
    shared = {"pk": 5_000_001, "plays": 9, "taken_at": 1_700_000_000}
    service.add(Listed(int(NUMBER), HANDLE, reels=[shared]))
    service.add(Listed(78, "bob", reels=[{**shared, "owner": int(NUMBER)}]))
    study(HANDLE, "bob")
    collect(service)
    before = [row.reel_id for row in read_manifest(MANIFEST) if row.creator_id == "78"]
    purge(f"--handles={HANDLE}")
    collect(service)
    assert [row.reel_id for row in read_manifest(MANIFEST) if row.creator_id == "78"] == before
    assert traces(HANDLE, NUMBER) == []


def test_torn_lines_and_remains_of_killed_processes_go(cohort):
    with (RAW / "bob.jsonl").open("a") as file:
        file.write(
            '{"time": "2026", "endpoint": "/v2/user/following", "answer": {"users": [{"username": "canary.ada_7"'
        )
    (RAW / ".0123abcd").write_text(HANDLE)
    (RAW / "avatars/.4567ef").write_bytes(b"picture")
    Path("data/opt_out").mkdir()
    Path("data/opt_out/.89ab").write_text(HANDLE)
    Path("data/opt_out/pending.json").touch()
    purge()
    assert traces(HANDLE) == []
    assert not list(RAW.rglob(".*"))


def test_results_and_store_on_another_disk(cohort, tmp_path_factory):
    scratch = tmp_path_factory.mktemp("scratch")
    for name in ("results", "data/store"):
        shutil.move(name, scratch)
        Path(name).symlink_to(scratch / Path(name).name)
    purge()
    assert not list((scratch / "results").iterdir())
    left = b"".join(path.read_bytes() for path in (scratch / "store").rglob("*") if path.is_file())
    assert HANDLE.encode() not in left
    assert NUMBER.encode() not in left
    assert stored("context") == {"his alone"}


# --- lists ----------------------------------------------------------------------------------------------------------


def clean_list(content: str, encoding: str = "utf-8", handles: str = HANDLE) -> str:
    Path("creators.csv").write_bytes(content.encode(encoding))
    configure(source={"kind": "hikerapi", "snapshot": "2026-11-23"}, hikerapi={"creators": "creators.csv"})
    purge(f"--handles={handles}")
    return Path("creators.csv").read_bytes().decode(encoding)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"\ufeff@{HANDLE}\r\nbob\r\n", "\ufeffbob\r\n"),
        (f"handle,note\n{HANDLE},x\nbob,y\n", "handle,note\nbob,y\n"),
        (f'handle;note\nbob;"two\nlines"\nhttps://instagram.com/{HANDLE}/;"two\nlines"\neve;\n',
         'handle;note\nbob;"two\nlines"\neve;\n'),
        (f'{HANDLE} # 5" tall\nbob\n', "bob\n"),
        (f"bob # friend of {HANDLE}\n\n# {HANDLE} left\neve", "bob # friend of [opted out]\n\n# [opted out] left\neve"),
        (f"bob\n{HANDLE}\n{HANDLE.upper()}\n{HANDLE}.b\nx.{HANDLE}\n", f"bob\n{HANDLE}.b\nx.{HANDLE}\n"),
        (f"{HANDLE}\n", ""),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_a_list_of_creators_loses_its_lines_and_nothing_else(before, after, encoding):
    mark = "\ufeff" if encoding != "utf-8" and not before.startswith("\ufeff") else ""
    assert clean_list(mark + before, encoding) == mark + after


@pytest.mark.parametrize(
    ("kind", "text", "named"),
    [
        ("files", "# who asked\nhandle\nzoë\n@Ada Lovelace # by letter\n\n../x\n", ["zoë", "ada lovelace", "../x"]),
        ("hikerapi", "handle,asked\nada,2026-01-01\nhttps://www.instagram.com/bob/,\n", ["ada", "bob"]),
        ("inst2txt", "https://www.instagram.com/ada/\n", ["ada"]),
        ("hikerapi", "# nobody any more\n", []),
    ],
)
def test_whom_the_list_names(kind, text, named):
    Path("optout.txt").write_text(text)
    assert list(named_lines(Path("optout.txt"), kind).values()) == named


def test_a_line_that_names_nobody_is_an_error_and_nothing_happens(cohort):
    Path("optout.txt").write_text(f"{HANDLE}\nsome body\n")
    before = contents()
    with pytest.raises(UserError, match=r"optout\.txt: line 2: more than one word"):
        purge()
    assert contents() == before


# --- a folder of videos ---------------------------------------------------------------------------------------------


def video(*parts: str) -> Path:
    path = Path("videos", *parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(repr(parts).encode("utf-8", "backslashreplace"))
    return path


def test_a_folder_of_videos_and_its_tables():
    for handle in ("@Canary.Ada_7", "canary.ada_7", "zoë", "bob"):
        video(handle, "a.mp4")
    kept = video("bob", "bob@canary.ada_70.mp4")
    Path("creators.csv").write_bytes(
        b"\xef\xbb\xbfHandle;full_name;followers\r\n@canary.ada_7;Canaria Adamantia;12\r\n"
        b"\r\nzo\xc3\xab;Zo\xc3\xab;900077001\r\n\r\n"
    )
    Path("reels.csv").write_text(
        'handle,file,caption\ncanary.ada_7,a.mp4,"two\nlines"\nzoë,"a.mp4","by ""Canaria  Adamantia"", 5"\n'
        "bob,bob@canary.ada_70.mp4,x\n"
    )
    Path("follows.csv").write_text("source,target\nzoë,canary.ada_7\ncanary.ada_7,zoë\nzoë,bob\nbob,Canary.Ada_7\n")
    tables = {"creators": "creators.csv", "reels": "reels.csv", "follows": "follows.csv"}
    configure(source={"kind": "files", "files": {"videos": "videos", **tables}})
    Path("CANARY.csv").symlink_to("creators.csv")
    purge(f"--handles={HANDLE}")
    assert traces("canary.ada_7\0", "Canaria Adamantia", "canary.ada_7,") == []
    assert sorted(os.listdir("videos")) == ["bob", "zoë"]
    assert kept.exists()
    assert Path("creators.csv").read_bytes() == (
        b"\xef\xbb\xbfHandle;full_name;followers\r\n\r\nzo\xc3\xab;Zo\xc3\xab;900077001\r\n\r\n"
    )
    assert Path("reels.csv").read_text() == (
        'handle,file,caption\nzoë,a.mp4,"by ""[opted out]"", 5"\nbob,bob@canary.ada_70.mp4,x\n'
    )
    # A list without any row would count as not fetched.
    assert Path("follows.csv").read_text() == "source,target\nzoë,bob\nbob,[opted out]\n"
    collect_creators.main(
        collect_creators.parse(["--follows=follows.csv", "--batch=0", "--batches=1", f"--manifest={MANIFEST}"])
    )
    rows = read_table(MANIFEST.with_suffix("") / "creators.parquet", CREATORS).to_pylist()
    assert {row["handle"]: row["follows_status"] for row in rows} == {"bob": "complete", "zoë": "complete"}
    assert follows() == {("zoë", "bob")}


@pytest.mark.parametrize(
    ("handle", "folders", "left"),
    [
        ("../x", ["..∕x", "x"], ["..∕x", "x"]),
        ("ZOË", ["zoë", "Zoë", "@zoe\u0308", "zoë marie"], ["zoë marie"]),
        ("ada lovelace", ["Ada Lovelace", "ada lovelace 2", "ada"], ["ada", "ada lovelace 2"]),
        ("models", ["models", "numba"], ["numba"]),
        ("*", ["*", "a"], ["a"]),
    ],
)
def test_hostile_handles(tmp_path, handle, folders, left):
    (tmp_path.parent / "x").mkdir(exist_ok=True)
    for folder in folders:
        video(folder, "a.mp4")
    Path("creators.csv").write_text("handle,full_name\n" + "".join(f"{folder},\n" for folder in left))
    before = Path("creators.csv").read_text()
    Path("optout.txt").write_text(f"{handle}\n")
    configure(source={"kind": "files", "files": {"creators": "creators.csv"}}, study={"opt_out": "optout.txt"})
    purge()
    assert sorted(os.listdir("videos")) == left
    assert Path("creators.csv").read_text() == before
    assert (tmp_path.parent / "x").exists()
    known = not handle.startswith("..")
    assert Path("optout.txt").read_text() == ("" if known else f"{handle}\n"), "who is not here may be misspelt"


def test_videos_of_others_stay_whatever_they_are_called():
    video("ada", "x.mp4")
    kept = video("bob", "ada.mp4")
    configure(source={"kind": "files"})
    purge("--handles=ada")
    assert kept.exists()


def test_files_outside_are_named_and_left(tmp_path_factory, capsys):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    shutil.copytree(CHECKOUT / "envs", elsewhere / HANDLE)
    (elsewhere / "creators.csv").write_text(f"handle\n{HANDLE}\nbob\n")
    (elsewhere / "bob").mkdir()
    configure(
        source={"kind": "files", "files": {"videos": str(elsewhere), "creators": str(elsewhere / "creators.csv")}}
    )
    purge(f"--handles={HANDLE}")
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("not inside the study")]
    assert [line.split(": ")[1] for line in said] == [str(elsewhere / HANDLE), str(elsewhere / "creators.csv")]
    assert (elsewhere / HANDLE / "media.yaml").exists()
    assert HANDLE in (elsewhere / "creators.csv").read_text()


def test_links_go_and_what_they_lead_to_stays(tmp_path_factory, capsys):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / HANDLE
    elsewhere.mkdir()
    video("bob", "a.mp4")
    Path("videos", HANDLE).symlink_to(elsewhere)
    configure(source={"kind": "files"})
    purge(f"--handles={HANDLE}")
    assert elsewhere.exists()
    assert str(elsewhere) in capsys.readouterr().out
    assert os.listdir("videos") == ["bob"]


# --- files of other tools -------------------------------------------------------------------------------------------


def write(name: str, value) -> Path:
    path = Path("exports", name)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    path.write_bytes(lzma.compress(content) if name.endswith(".xz") else content)
    return path


def test_films_of_yt_dlp():
    about = {"extractor_key": "TikTok", "timestamp": 1_700_000_000}
    write("film.info.json", {**about, "id": "1", "uploader": HANDLE})
    write("film_2.info.json", {**about, "id": "2", "uploader": "bob", "description": f"thanks\n@{HANDLE}"})
    write("3.info.json", {**about, "id": "3", "uploader": "bob", "description": "alone"})
    alone = Path("exports/3.info.json").read_bytes()
    for name in ("film.mp4", "film.jpg", "film.en.vtt", "film_2.mp4", "film_2.image", "3.mp4"):
        write(name, b"\0film")
    write("film_2.description", f"thanks\n@{HANDLE}".encode())
    configure(source={"kind": "exports"})
    purge(f"--handles={HANDLE}")
    assert sorted(os.listdir("exports")) == [
        "3.info.json", "3.mp4", "film_2.description", "film_2.image", "film_2.info.json", "film_2.mp4",
    ]  # fmt: skip
    assert json.loads(Path("exports/film_2.info.json").read_bytes())["description"] == "thanks\n[opted out]"
    assert Path("exports/film_2.description").read_text() == "thanks\n[opted out]"
    assert Path("exports/3.info.json").read_bytes() == alone


def test_lines_of_zeeschuimer():
    def item(number: int, pk: int, handle: str, **further) -> dict:
        user = {"pk": pk, "username": handle, "full_name": f"Full {handle}"}
        data = {"pk": str(number), "code": f"C{number}", "media_type": 2, "user": user, **further}
        return {"item_id": str(number), "source_platform": "instagram.com", "data": data}

    tagged = {"in": [{"user": {"pk": int(NUMBER), "username": HANDLE}, "position": [0, 1]}, {"user": {"pk": 80}}]}
    items = [
        item(5, int(NUMBER), HANDLE),
        item(6, 78, "bob", caption={"text": "alone"}),
        item(7, 78, "bob", usertags=tagged, top_likers=[HANDLE, "eve"], id=f"7_{NUMBER}"),
        # Grids leave the name out.
        {**item(8, 0, ""), "data": {"id": f"8_{NUMBER}", "code": "C8", "media_type": 2}},
    ]
    lines = [json.dumps(one) for one in items]
    write("z.ndjson", ("\n".join(lines) + "\nno JSON canary.ada_7\n").encode())
    configure(source={"kind": "exports"})
    purge(f"--handles={HANDLE}")
    assert traces(HANDLE, NUMBER) == []
    left = Path("exports/z.ndjson").read_text().splitlines()
    assert left[0] == lines[1]
    changed = json.loads(left[1])["data"]
    assert (changed["usertags"], changed["top_likers"], changed["id"]) == ({"in": [{"user": {"pk": 80}}]}, ["eve"], "7")
    assert left[2:] == ["no JSON [opted out]"]


def test_folders_of_instaloader():
    def post(handle: str, pk: str) -> dict:
        owner = {"id": pk, "username": handle}
        node = {"shortcode": "C1", "__typename": "GraphVideo", "is_video": True, "owner": owner, "id": "3"}
        return {"instaloader": {"node_type": "Post"}, "node": node}

    profile = {"instaloader": {"node_type": "Profile"}, "node": {"username": HANDLE, "id": NUMBER, "full_name": NAME}}
    stem = "2024-06-01_12-00-00_UTC"
    for handle, pk in ((HANDLE, NUMBER), ("bob", "78")):
        write(f"{handle}/{stem}.json.xz", post(handle, pk))
        for name in (f"{stem}.mp4", f"{stem}.jpg", f"{stem}_1.jpg", "2020_UTC_profile_pic.jpg", "id"):
            write(f"{handle}/{name}", f"\0{pk}".encode())
    write(f"{HANDLE}/{HANDLE}_{NUMBER}.json.xz", profile)
    write("bob/found.json.xz", post(HANDLE, NUMBER))
    write("bob/found.mp4", b"\0hers")
    comments = [
        {"id": 1, "owner": {"username": HANDLE}, "text": "hi"},
        {"id": 2, "owner": {"username": "eve"}, "text": NAME},
    ]
    write(f"bob/{stem}_comments.json", comments)
    write(f"bob/{stem}.txt", f"with {NAME}".encode())
    configure(source={"kind": "exports"})
    purge(f"--handles={HANDLE}")
    assert traces(HANDLE, NUMBER, NAME) == []
    assert os.listdir("exports") == ["bob"]
    ends = (".jpg", ".json.xz", ".mp4", ".txt", "_1.jpg", "_comments.json")
    left = ["2020_UTC_profile_pic.jpg", *(f"{stem}{end}" for end in ends), "id"]
    assert sorted(os.listdir("exports/bob")) == left
    (comment,) = json.loads(Path(f"exports/bob/{stem}_comments.json").read_bytes())
    assert (comment["owner"]["username"], comment["text"]) == ("eve", "[opted out]")


def test_a_folder_named_after_her_keeps_the_items_of_others():
    about = {"extractor_key": "TikTok", "timestamp": 1_700_000_000}
    write("flora/1.info.json", {**about, "id": "1", "uploader": "bob"})
    write("flora/1.mp4", b"\0his")
    write("flora/2.info.json", {**about, "id": "2", "uploader": "flora"})
    write("flora/unknown.jpg", b"\0whose")
    configure(source={"kind": "exports"})
    purge("--handles=flora")
    assert sorted(os.listdir("exports/flora")) == ["1.info.json", "1.mp4"]


# --- a database -----------------------------------------------------------------------------------------------------


def database(*statements: str) -> None:
    with closing(sqlite3.connect("instagram_data.db")) as made:
        made.executescript(
            "CREATE TABLE instagram_accounts (insta_id, username, full_name, biography, following_count, friends);"
            "CREATE TABLE reels (pk, id, user_pk, code, caption, taken_at);"
            "CREATE TABLE following (user_pk, following_pk, following_username, full_name);"
            "CREATE TABLE requests (id INTEGER PRIMARY KEY, answer);"
            f"INSERT INTO instagram_accounts VALUES ({NUMBER}, '{HANDLE.title()}', 'Canaria Adamantia', '', 1, NULL),"
            f"(78, 'bob', 'Bob', 'friend of @{HANDLE}', 2, '[\"{HANDLE}\", \"eve\", {NUMBER}]');"
            f"INSERT INTO reels VALUES (5550001, '5550001_{NUMBER}', {NUMBER}, 'Cab1', 'hers', 1700000000),"
            "(5550002, '5550002_78', 78, 'Cab2', 'with Canaria Adamantia', 1700000000);"
            f"INSERT INTO following VALUES (78, '{NUMBER}', '{HANDLE}', 'x'), ({NUMBER}, 78, 'bob', 'y'),"
            "(78, 80, 'eve', 'z');"
            f"INSERT INTO requests VALUES (78, 'about {HANDLE}');"
        )
        for statement in statements:
            made.execute(statement)
        made.commit()


def rows(query: str) -> list[tuple]:
    with closing(sqlite3.connect("instagram_data.db")) as opened:
        return opened.execute(query).fetchall()


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_database_of_the_first_study(mode):
    database(f"PRAGMA journal_mode = {mode}")
    for name in ("5550001.mp4", "Cab1.jpg", "5550002.mp4"):
        Path("media").mkdir(exist_ok=True)
        Path("media", name).write_bytes(b"film")
    configure(source={"kind": "inst2txt", "inst2txt": {"videos": "media"}})
    purge(f"--handles={HANDLE}")
    assert traces(HANDLE, "Canaria Adamantia") == []
    assert os.listdir("media") == ["5550002.mp4"]
    assert rows("SELECT insta_id, username, biography, friends FROM instagram_accounts") == [
        (78, "bob", "friend of [opted out]", '["eve"]')
    ]
    assert rows("SELECT pk, user_pk, caption FROM reels") == [(5550002, 78, "with [opted out]")]
    assert rows("SELECT * FROM requests") == [(78, "about [opted out]")]
    ((source, target, name, full_name), other) = rows("SELECT * FROM following ORDER BY following_pk = 80")
    assert (source, name, full_name, other) == (78, "[opted out]", "[opted out]", (78, 80, "eve", "z"))
    assert target.startswith("opted-out-")
    # The list of two is complete as it was, and nobody knows whom the second is.
    collect_creators.main(
        collect_creators.parse(
            ["--source=inst2txt", "--batch=0", "--batches=1", f"--manifest={MANIFEST}", "--videos=media"]
        )
    )
    (bob,) = read_table(MANIFEST.with_suffix("") / "creators.parquet", CREATORS).to_pylist()
    assert (bob["handle"], bob["follows_status"]) == ("bob", "complete")
    assert follows() == {("78", "80")}
    assert traces(HANDLE, "Canaria Adamantia") == []


def test_a_database_that_is_not_there_stops_nothing(capsys):
    configure(source={"kind": "inst2txt"})
    append_line(Path("data/store/index/context/0.jsonl"), {"creator_id": "ada", "reel_id": "1", "key": "00ff"})
    purge("--handles=ada")
    assert "not looked into" in capsys.readouterr().out
    assert traces('"ada"') == []


# --- what is found --------------------------------------------------------------------------------------------------


def utf16(text: str) -> bytes:
    return b"\xff\xfe" + text.encode("utf-16-le")


def archive(text: str) -> bytes:
    path = Path("archive")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("x", f"{text} " * 9)
    content = path.read_bytes()
    path.unlink()
    return content


def parquet(text: str) -> bytes:
    path = Path("table")
    pq.write_table(pa.table({"a": [text, None], "b": [[1.0], [2.0]]}), path, compression="zstd")
    content = path.read_bytes()
    path.unlink()
    return content


@pytest.mark.parametrize(
    "pack",
    [
        str.encode, utf16, archive, parquet,
        lambda text: gzip.compress(text.encode()),
        lambda text: lzma.compress(text.encode()),
        lambda text: bz2.compress(text.encode()),
        lambda text: json.dumps(f"x\n{text}\n").encode(),
        lambda text: b"\0\1" * 9 + text.encode(),
        lambda text: b"x" * (Search.CHUNK - 5) + b" " + text.encode() + b" ",
    ],
    ids=["text", "utf16", "zip", "parquet", "gz", "xz", "bz2", "escaped", "binary", "across chunks"],
)  # fmt: skip
def test_what_cannot_be_taken_out_is_named(pack):
    video("bob", "a.mp4")
    Path("notes").write_bytes(pack(HANDLE))
    configure(source={"kind": "files"})
    with pytest.raises(UserError, match=r"still named in notes;"):
        purge(f"--handles={HANDLE}")
    assert Path("data/opt_out/pending.json").exists()
    Path("notes").write_bytes(pack(f"{HANDLE}.b x{HANDLE} {HANDLE}8"))
    purge()
    assert not Path("data/opt_out/pending.json").exists()


def test_names_of_files_and_links_are_searched():
    video("bob", "a.mp4")
    configure(source={"kind": "files"})
    Path(HANDLE).mkdir()
    Path("link").symlink_to(f"/nowhere/{HANDLE}/x")
    Path(f"notes {HANDLE}.txt").touch()
    Path(f"{HANDLE}.b.txt").touch()
    with pytest.raises(UserError, match=rf"named in {HANDLE}, link, notes {HANDLE}\.txt;"):
        purge(f"--handles={HANDLE}")


def test_the_configuration_is_left_to_its_author(capsys):
    video("bob", "a.mp4")
    configure(source={"kind": "files"}, study={"name": f"About {HANDLE}"})
    before = Path("study.yaml").read_bytes()
    purge(f"--handles={HANDLE}")
    assert "yours to change" in capsys.readouterr().out
    assert Path("study.yaml").read_bytes() == before


def test_while_snakemake_runs_nobody_is_purged():
    video("bob", "a.mp4")
    configure(source={"kind": "files"})
    owner = LockOwner(Path(".snakemake"))
    owner.enter({})
    with pytest.raises(UserError, match="snakemake runs"):
        purge("--handles=bob")
    assert Path("videos/bob").exists()
    owner.leave()
    purge("--handles=bob")
    assert not Path("videos/bob").exists()


def test_the_command_from_elsewhere(tmp_path):
    video("bob", "a.mp4")
    configure(source={"kind": "files"})
    program = [sys.executable, str(CHECKOUT / "scripts/purge_creators.py"), "--directory", str(tmp_path)]
    done = subprocess.run([*program, "--handles", "bob"], cwd="/", capture_output=True, text=True, check=True)
    assert done.stdout == "1 creator: 1 file or folder removed, 0 files rewritten\n"
    refused = subprocess.run(program, cwd="/", capture_output=True, text=True, check=False)
    assert (refused.returncode, "nobody to purge" in refused.stderr) == (1, True)


ADA = People({"ada"}, {"77", "900077001"}, {"Ada Lovelace"})


@pytest.mark.parametrize(
    ("people", "text", "left"),
    [
        (
            People({"art"}),
            "art by @art, @ART. and @artist, me@art.com",
            "art by [opted out], [opted out]. and @artist, me@art.com",
        ),
        (People({"a.b"}), "a.b, a.b.c, xa.b, x.a.b @a.b.", "[opted out], a.b.c, xa.b, x.a.b [opted out]."),
        (People({"2024"}), "in 2024 with @2024", "in 2024 with [opted out]"),
        (People({"zoë"}), "zoë, @zoë @ZOË @zoe\u0308 @zoëe", "zoë, [opted out] [opted out] [opted out] @zoëe"),
        (ADA, "www.instagram.com/ada/ instagram.com/ada.b", "www.instagram.com/[opted out]/ instagram.com/ada.b"),
        (ADA, "77 900077001 5_900077001 1900077001 0.900077001", "77 [opted out] 5_[opted out] 1900077001 0.900077001"),
        (ADA, "by ADA  lovelace's Ada", "by [opted out]'s Ada"),
        (ADA, "Ada Lovelacee, xAda Lovelace", "Ada Lovelacee, xAda Lovelace"),
        (People({"a.b"}, names={"王小明"}), "a.b王小明", "[opted out][opted out]"),
        (People({"out"}, names={"Opted Out"}), "Opted out: [opted out], @out", "[opted out]: [opted out], [opted out]"),
    ],
)
def test_what_is_blanked_in_texts(people, text, left):
    assert searches(people, [], "")[0].blank(text) == left


@given(
    st.lists(
        st.sampled_from(
            ["ada_7", "@", ".", " ", "b", "_", "Ada", "Lovelace", "\n", "900077001", "instagram.com/", '"', "é"]
        )
    )
)
@example(["ada_7", "Ada", "\n", "Lovelace"])
def test_what_was_blanked_is_not_found_again(pieces):
    strict, loose = searches(People({"ada_7"}, {"900077001"}, {"Ada Lovelace"}), [], "")
    text = "".join(pieces)
    for search in (strict, loose):
        left = search.blank(text)
        assert not search.in_text(left)
        assert search.blank(left) == left
        assert (left == text) == (not search.in_text(text))


def test_words_are_found_by_the_second_search_only():
    people = People({"photography", "ada"}, names={"Maria Garcia", "Painter", "Ada Lovelace"})
    known = [
        Account("x", "1", "Best Photography"),
        Account("y", "2", "maria garcia"),
        Account("z", "3", "Ada Lovelace Fans"),
    ]
    strict, loose = searches(people, known, "configuration of a painter")
    for word in ("photography", "Maria Garcia", "painter", "ada"):
        assert not strict.in_text(f"some {word} here")
        assert loose.in_text(f"some {word} here")
    assert strict.in_text("@photography")
    assert strict.in_text("Ada Lovelace")


def test_somebody_whose_handle_has_hers_in_it_is_somebody_else():
    strict, _ = searches(People({"ada lovelace"}), [Account("ada lovelace 2")], "")
    assert strict.blank("Ada Lovelace, ada lovelace 2") == "[opted out], ada lovelace 2"


def scrub(value, people=ADA):
    return Scrubber(people, searches(people, [], "")[0].blank).clean(value)


def test_answers_without_her():
    page = {
        "users": [{"pk": "77", "username": "ada"}, {"pk": "78", "username": "bob"}, {"pk": 77}],
        "next_page_id": "77_a",
    }
    cleaned = scrub(page)
    assert cleaned["users"][1] == page["users"][1]
    assert cleaned["users"][0] == cleaned["users"][2]
    assert cleaned["users"][0]["username"] == "[opted out]"
    assert cleaned["next_page_id"] == "77_a"
    assert scrub(page)["users"][0]["pk"] != cleaned["users"][0]["pk"], "nobody can be told to be the same"


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ({"media": {"pk": 77, "code": "x", "like_count": 77}}, {"media": {"pk": 77, "code": "x", "like_count": 77}}),
        (
            {"tags": [{"user": {"pk": 77}, "at": 1}, {"user": {"pk": 78}, "at": 2}]},
            {"tags": [{"user": {"pk": 78}, "at": 2}]},
        ),
        ({"by_id": {"77": {"following": True}, "78": {}}}, {"by_id": {"78": {}}}),
        ({"owner_id": 77, "id": "5_77", "n": 77, "on": True}, {"owner_id": None, "id": "5", "n": 77, "on": True}),
        ({"ids": [77, 78], "numbers": [77, 78]}, {"ids": [78], "numbers": [77, 78]}),
        ({"username": "ada.b", "text": "@ada.b"}, {"username": "ada.b", "text": "@ada.b"}),
    ],
)
def test_json_without_her(value, left):
    assert scrub(value) == left


@pytest.mark.parametrize("content", [b'handle,x\n"never ended\n', b"handle\n\xff\n"])
def test_tables_that_cannot_be_read_are_not_changed(content):
    with pytest.raises((ValueError, csv.Error), match=r"unexpected end|codec can.t decode"):
        clean_table(content, ["handle"], ADA, searches(ADA, [], "")[0])


def test_numbers_in_tables_are_nobodys():
    people = People({"12", "handle"})
    table = b"handle,plays\nbob,12\n12,5\nhandle,1\n"
    assert clean_table(table, ["handle"], people, searches(people, [], "")[0]) == b"handle,plays\nbob,12\n"


def test_a_former_handle_that_somebody_else_has_too_tells_nobody():
    people = People({"ada"})
    people.learn(
        [Account("ada", "77"), Account("old", "77"), Account("old", "78"), Account("older", "77")], Tombstones()
    )
    assert (people.handles, people.ids) == ({"ada", "older"}, {"77"})


# --- what a review found --------------------------------------------------------------------------------------------

NEXT = "2026-12-24"


def collect_at(service: Service, snapshot: str) -> dict[str, dict]:
    collect_creators.main(collect_creators.parse(service.collect_options(snapshot=snapshot)))
    rows = read_table(MANIFEST.with_suffix("") / "creators.parquet", CREATORS).to_pylist()
    return {row["handle"]: row for row in rows}


def raw(snapshot: str, name: str) -> Path:
    return Path("data/raw/hikerapi", snapshot, name)


@pytest.mark.parametrize("handle", ["media", "caption", "response", "items", "following", "usernotfound"])
def test_a_handle_that_is_a_word_of_later_answers_costs_nothing(service, handle):
    service.add(Listed(int(NUMBER), handle))
    service.add(Listed(78, "bob", follows=[(int(NUMBER), handle), (80, "x")]))
    study(handle, "bob", "nobody")
    collect(service)
    kept = raw("2026-11-23", "nobody.jsonl").read_bytes()
    purge(f"--handles={handle}")
    assert raw("2026-11-23", "nobody.jsonl").read_bytes() == kept
    assert collect_at(service, NEXT)["bob"]["follows_status"] == "complete"
    answers = [line["answer"] for line in read_lines(raw(NEXT, "bob.jsonl"))]
    assert [sorted(answer) for answer in answers] == [["status", "user"], *[["next_page_id", "response"]] * 2]
    assert all("caption" in clip["media"] for clip in answers[1]["response"]["items"])


def test_somebody_who_takes_a_freed_handle_is_somebody_else(service):
    for number, handle in ((int(NUMBER), HANDLE), (500, "zed.b"), (79, "cleo")):
        service.add(Listed(number, handle))
    study(HANDLE, "zed.b", "cleo")
    collect(service)
    purge(f"--handles={HANDLE}")
    service.rename(HANDLE, "ada.elsewhere")
    service.rename("zed.b", HANDLE)
    assert {row["creator_id"] for row in collect_at(service, NEXT).values()} == {"500", "79"}
    purge("--handles=cleo")
    assert raw("2026-11-23", "zed.b.jsonl").exists()
    assert raw(NEXT, "zed.b.jsonl").exists()
    assert not raw(NEXT, "cleo.jsonl").exists()


@pytest.fixture
def succession(service):
    """`north` was Zed's handle in one snapshot and is Ada's in the next, who was `canary.ada_7` before."""
    service.add(Listed(500, "north"))
    service.add(Listed(int(NUMBER), HANDLE))
    study("north", HANDLE)
    collect(service)
    service.rename("north", "zed.b")
    service.rename(HANDLE, "north")
    Path("creators.csv").write_text("north\nzed.b\n")
    collect_at(service, NEXT)
    return service


def test_a_handle_of_two_people_is_asked_about(succession):
    before = contents()
    with pytest.raises(UserError, match=f"handle of 2 accounts: say which .* --ids and one of 500, {NUMBER}"):
        purge("--handles=north")
    assert contents() == before
    purge("--handles=north", f"--ids={NUMBER}")
    assert raw("2026-11-23", "north.jsonl").exists(), "Zed's"
    assert raw(NEXT, "zed.b.jsonl").exists()
    assert not raw("2026-11-23", f"{HANDLE}.jsonl").exists()
    assert not raw(NEXT, "north.jsonl").exists()


def test_her_file_goes_whatever_it_is_called(succession):
    purge(f"--handles={HANDLE}")
    assert not raw(NEXT, "north.jsonl").exists()
    assert not raw(NEXT, "avatars/north.jpg").exists()
    assert raw("2026-11-23", "north.jsonl").exists()
    assert raw("2026-11-23", "avatars/north.jpg").exists()


def test_a_number_that_is_a_handle_and_an_id(service):
    service.add(Listed(int(NUMBER), "123456"))
    service.add(Listed(123456, "eve", follows=[(80, "x")]))
    study("123456", "eve")
    collect(service)
    purge("--handles=123456")
    assert len(read_lines(raw("2026-11-23", "eve.jsonl"))) == 3
    assert not raw("2026-11-23", "123456.jsonl").exists()


def test_her_new_handle_is_known_from_the_answer_that_tells_it(service):
    service.add(Listed(int(NUMBER), HANDLE))
    bob = service.add(Listed(78, "bob", follows=[(int(NUMBER), "ada.new")]))
    study(HANDLE, "bob")
    collect(service)
    purge(f"--handles={HANDLE}")
    service.people["bob"].reels[1]["caption"] = "with @ada.new"
    # The page of reels comes first and does not say who that is; her own reel with him does.
    bob.reels[1]["owner"] = int(NUMBER)
    service.rename(HANDLE, "ada.new")
    collect_at(service, NEXT)
    assert "ada.new" not in raw(NEXT, "bob.jsonl").read_text()


def test_numbers_that_are_her_id_by_chance(service):
    service.add(Listed(345678, HANDLE))
    bob = service.add(Listed(78, "bob"))
    for reel in bob.reels:
        reel["plays"] = 345678
    study(HANDLE, "bob")
    collect(service)
    purge(f"--handles={HANDLE}")
    assert '"play_count": 345678' in raw("2026-11-23", "bob.jsonl").read_text()


def test_a_video_that_another_row_shares_stays():
    database()
    with closing(sqlite3.connect("instagram_data.db")) as opened:
        opened.execute("INSERT INTO reels (pk, user_pk, code) VALUES (5550002, ?, 'Cab2')", (int(NUMBER),))
        opened.commit()
    Path("media").mkdir()
    for name in ("5550001.mp4", "5550002.mp4"):
        Path("media", name).write_bytes(b"film")
    configure(source={"kind": "inst2txt", "inst2txt": {"videos": "media"}})
    purge(f"--handles={HANDLE}")
    assert os.listdir("media") == ["5550002.mp4"]


def test_files_of_many_people_in_a_folder_of_her_name():
    user = {"pk": 78, "username": "bob"}
    line = json.dumps(
        {
            "item_id": "9", "source_platform": "instagram.com",
            "data": {"pk": "9", "code": "C9", "media_type": 2, "user": user},
        }
    )  # fmt: skip
    write("flora/z.ndjson", f"{line}\n".encode())
    write("flora/list.csv", b"handle\nbob\n")
    configure(source={"kind": "exports"})
    purge("--handles=flora")
    assert Path("exports/flora/z.ndjson").read_text() == f"{line}\n"
    assert Path("exports/flora/list.csv").exists()


def test_tables_that_lie_among_the_exports():
    write("creators.csv", f"handle,followers,biography\n{HANDLE},12345,Painter\nbob,3,x\n".encode())
    write("follows.csv", f"source,target\n{HANDLE},eve\nbob,eve\n".encode())
    tables = {"creators": "exports/creators.csv", "follows": "exports/follows.csv"}
    configure(source={"kind": "exports", "exports": tables})
    purge(f"--handles={HANDLE}")
    assert Path("exports/creators.csv").read_text() == "handle,followers,biography\nbob,3,x\n"
    assert Path("exports/follows.csv").read_text() == "source,target\nbob,eve\n"


def test_a_link_below_the_folder_of_answers(cohort, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("disk") / "hikerapi"
    shutil.move("data/raw/hikerapi", elsewhere)
    Path("data/raw/hikerapi").symlink_to(elsewhere)
    purge()
    assert sorted(path.name for path in elsewhere.rglob("*.jsonl")) == ["bob.jsonl", "calls.jsonl", "cleo.b.jsonl"]
    assert HANDLE not in "".join(path.read_text() for path in elsewhere.rglob("*.jsonl")).lower()


@pytest.mark.parametrize("key", [None, "", "00ff"])
def test_without_the_key_nobody_is_let_in(cohort, key):
    purge()
    Path("data/opt_out/key").unlink()
    if key is not None:
        Path("data/opt_out/key").write_text(key)
    with pytest.raises(UserError, match="the key is lost"):
        collect(cohort)


def test_a_key_that_was_being_written_stops_nothing(cohort):
    Path("data/opt_out").mkdir()
    Path("data/opt_out/key").touch()
    purge()
    assert Tombstones().has_id(NUMBER)


@pytest.mark.parametrize(
    ("name", "text", "left"),
    [
        ("王小明", "今天和王小明一起吃饭", "今天和[opted out]一起吃饭"),
        ("김민지수정하", "김민지수정하와 함께", "[opted out]와 함께"),
        ("Ada Lovelace", "_Ada Lovelace_ and Ada  Lovelaces", None),
        ("Ada", "_canary.ada_7_, canary.ada_7.jpg", None),
    ],
)
def test_names_beside_letters_are_blanked_or_at_least_listed(name, text, left):
    people = People({HANDLE}, names={name})
    strict, loose = searches(people, [Account("xcanary.ada_7"), Account("bob")], "")
    assert strict.blank(text) == (left or text)
    assert left or loose.in_text(text)
    assert not loose.in_text("by xcanary.ada_7"), "that is somebody else"


def test_a_handle_of_letters_is_a_word():
    strict, loose = searches(People({"sunset"}), [], "")
    assert strict.blank("A sunset in Rome with @sunset") == "A sunset in Rome with [opted out]"
    assert loose.in_text("A sunset in Rome")


def test_names_do_not_depend_on_the_order_in_which_they_are_found():
    known = [Account("old", None, "Canaria Adamantia"), Account("old", "77"), Account("new", "77")]
    for order in (known, known[::-1]):
        people = People({"new"})
        people.learn(order, Tombstones())
        assert people.names == {"Canaria Adamantia"}


def test_stray_files_in_the_store_stop_nothing(cohort):
    for folder in Path("data/store/context").iterdir():
        (folder / ".DS_Store").write_bytes(b"x")
    purge()
    assert traces(HANDLE, NUMBER, NAME) == []


def test_paid_answers_about_her_music_go_and_those_of_others_stay(cohort):
    def keep(creator: str, reel: str, title: str) -> None:
        store, made_from = Store(Path("data/raw")), {"piece": title, "data_type": "audio"}
        with store.workspace() as workspace:
            (workspace / "0").mkdir()
            (workspace / "0" / "reel.json").write_text(json.dumps({"metadata": {"music": [{"title": title}]}}))
            store.note_owner("acrcloud", "0", creator, reel, digest(made_from))
            store.publish("acrcloud", digest(made_from), workspace / "0", OK, "identify_music 1", made_from)

    keep(NUMBER, "1", "hers")
    keep("78", "78001", "his")
    keep(NUMBER, "2", "of both")
    keep("78", "78002", "of both")
    purge()
    answers = [json.loads(path.read_text()) for path in Path("data/raw").rglob("reel.json")]
    assert {found["metadata"]["music"][0]["title"] for found in answers} == {"his", "of both"}
    assert traces(HANDLE, NUMBER, NAME) == []
    assert len(read_lines(raw("2026-11-23", "bob.jsonl"))) == 3, "the other answers there are whole"
