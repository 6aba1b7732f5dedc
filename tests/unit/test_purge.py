"""Purging people: a search of the whole folder finds nothing of them, and nobody else's data is harmed."""

from __future__ import annotations

import bz2
import gzip
import io
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

import collect_creators
import download_reels
import purge_creators
import purging.purge
from common.files import append_line, read_lines
from common.manifest import read_manifest
from common.parquet import read_table
from common.program import UserError
from common.states import OK
from common.store import Store, digest
from common.tables import CREATORS, FOLLOWS
from fake_service import Person, Service
from opting_out.search import Search
from opting_out.tombstones import Tombstones
from purging.leftovers import PROGRAM
from snakefile.run_lock import LockOwner
from sources.opt_out_list import named_lines
from study import CHECKOUT

HANDLE, NUMBER, NAME = "canary.ada_7", "900077001", "Synthetic Canary.Ada_7"
MANIFEST = Path("results/creators/0.parquet")
NOW, NEXT = "2026-11-23", "2026-12-24"
RAW = Path("data/raw/hikerapi", NOW)


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


def configure(kind: str, *, study: dict | None = None, **settings) -> None:
    source = {"kind": kind, kind: settings} if kind != "hikerapi" else {"kind": kind, "snapshot": NOW}
    Path("study.yaml").write_text(
        yaml.safe_dump({"source": source, "study": study or {}, "hikerapi": {"creators": "creators.csv"}})
    )


def purge(*arguments: str) -> None:
    purge_creators.main(purge_creators.parse(["--configfile=study.yaml", *arguments]))


def purge_ada() -> None:
    purge(f"--handles={HANDLE}")


# --- a study collected from HikerAPI --------------------------------------------------------------------------------


def collect(service: Service, snapshot: str = NOW) -> dict[str, dict]:
    """Collect; the creators, by handle."""
    collect_creators.main(collect_creators.parse(service.collect_options(snapshot=snapshot)))
    return creators()


def creators() -> dict[str, dict]:
    rows = read_table(MANIFEST.with_suffix("") / "creators.parquet", CREATORS).to_pylist()
    return {row["handle"]: row for row in rows}


def follows() -> set[tuple[str, str]]:
    rows = read_table(MANIFEST.with_suffix("") / "follows.parquet", FOLLOWS).to_pylist()
    return {(row["source_id"], row["target_id"]) for row in rows}


def reels_of(creator_id: str) -> list[tuple]:
    rows = [row for row in read_manifest(MANIFEST) if row.creator_id == creator_id]
    return [(row.reel_id, row.state, row.reason) for row in rows]


def download() -> None:
    options = [f"--creators={MANIFEST}", "--manifest=results/video/0.parquet", "--workers=1", "--allow-private=true"]
    download_reels.main(download_reels.parse(options))


def study(*handles: str, **settings) -> None:
    """A study of these people, before its first run."""
    Path("creators.csv").write_text("".join(f"{handle}\n" for handle in handles))
    configure("hikerapi", study=settings)


def raw(snapshot: str, name: str) -> Path:
    return Path("data/raw/hikerapi", snapshot, name)


def publish(stage: str, creator: str, reel: str, content: str, inputs: str = "", root: str = "data/store") -> None:
    """A result of a stage, as the stage would leave it."""
    store, made_from = Store(Path(root)), {"stage": stage, "inputs": inputs or content}
    with store.workspace() as workspace:
        (workspace / "0").mkdir()
        (workspace / "0" / "reel.json").write_text(json.dumps({"context": content}))
        store.publish(stage, digest(made_from), workspace / "0", OK, f"{stage} 1", made_from)
    store.note_owner(stage, "0", creator, reel, digest(made_from))


def stored(stage: str, root: str = "data/store") -> set[str]:
    return {json.loads(path.read_bytes())["context"] for path in Path(root, stage).rglob("reel.json")}


@pytest.fixture
def cohort(service):
    """Ada, who is to go, and Bob and Cleo; one follows the other, and Bob's captions name her."""
    ada, bob, cleo = (int(NUMBER), HANDLE), (78, "bob"), (79, "cleo.b")
    service.add(Person(*ada, follows=[bob, cleo]), reels=2)
    service.add(Person(*bob, follows=[ada, cleo, (80, "outsider")]), reels=3)
    service.add(Person(*cleo, follows=[ada]), reels=1)
    service.people["bob"].reels[0] |= {"pk": 78_004, "caption": f"With @Canary.Ada_7, {NAME} and cleo.b\n{HANDLE}!"}
    study(HANDLE, "bob", "cleo.b", opt_out="optout.txt")
    Path("optout.txt").write_text(f"# asked by letter\n@{HANDLE.title()}\n")
    collect(service)
    download()
    publish("context", NUMBER, f"{NUMBER}000", "hers")
    publish("context", "78", "78004", f"Caption: with @{HANDLE}")
    publish("context", "78", "78001", "his", inputs=f"seen by {NAME}")
    publish("context", "78", "78002", "his alone")
    for stage, root in (("frames", "data/store"), ("acrcloud", "data/raw")):
        for owner, content in ((NUMBER, "hers"), ("78", "his"), (NUMBER, "of both"), ("78", "of both")):
            publish(stage, owner, f"{owner}001", content, root=root)
    for path in ("results/logs/x.log", "results/journal/context/0.jsonl", ".snakemake/metadata/abc"):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(f"about {HANDLE} ({NUMBER})\n")
    Path(".snakemake/conda").mkdir()
    return service


def leave_remains() -> None:
    """What killed processes and file managers leave behind."""
    torn = '{"time": "2026", "endpoint": "/v2/user/following", "answer": {"users": [{"username": "canary.ada_7"'
    with (RAW / "bob.jsonl").open("a") as file:
        file.write(torn)
    Path("data/opt_out").mkdir()
    for folder in (RAW, RAW / "avatars", Path("data/opt_out")):
        (folder / ".0123abcd").write_text(HANDLE)
    for empty in ("pending.json", "key"):
        Path("data/opt_out", empty).touch()
    for folder in Path("data/store/context").iterdir():
        (folder / ".DS_Store").write_bytes(b"x")


def test_nothing_of_her_is_left_and_the_others_are_whole(cohort, monkeypatch, capsys):
    assert {word for _, word in traces(HANDLE, NUMBER, NAME)} == {HANDLE, NUMBER, NAME}
    before, links, calls = collect(cohort), follows(), len(cohort.calls)
    reels = {handle: reels_of(row["creator_id"]) for handle, row in before.items() if handle != HANDLE}
    leave_remains()
    capsys.readouterr()
    purge()
    said = capsys.readouterr()
    assert said.out.startswith("1 creator: ")
    assert not [word for word in (HANDLE, NUMBER, NAME) if word.lower() in (said.out + said.err).lower()]
    assert traces(HANDLE, NUMBER, NAME) == []
    assert not list(RAW.rglob(".*"))
    assert not Path("results").exists()
    assert sorted(os.listdir(".snakemake")) == ["conda"]
    assert Path("creators.csv").read_text() == "bob\ncleo.b\n"
    assert Path("optout.txt").read_text() == "# asked by letter\n"
    assert sorted(os.listdir("data/opt_out")) == ["key", "tombstones.jsonl"]
    assert oct(Path("data/opt_out/key").stat().st_mode)[-3:] == "600"
    assert stored("context") == {"his alone"}
    assert stored("frames") == stored("acrcloud", "data/raw") == {"his", "of both"}
    monkeypatch.delenv("HIKERAPI_TOKEN")
    assert collect(cohort) == {handle: row for handle, row in before.items() if handle != HANDLE}
    assert follows() == {link for link in links if NUMBER not in link}
    assert {handle: reels_of(row["creator_id"]) for handle, row in creators().items()} == reels
    download()
    assert len(cohort.calls) == calls, "nothing is paid or downloaded again"
    captions = [json.loads(path.read_text()).get("caption") for path in MANIFEST.with_suffix("").glob("*.json")]
    assert "With [opted out], [opted out] and cleo.b\n[opted out]!" in captions
    assert traces(HANDLE, NUMBER, NAME) == []


def test_the_tombstone_keeps_her_out_under_any_name(cohort):
    purge()
    cohort.rename(HANDLE, "ada.renamed")
    Path("creators.csv").write_text(f"{HANDLE}\nbob\nada.renamed\n")
    assert collect(cohort).keys() == {"bob"}
    assert {row.creator_id for row in read_manifest(MANIFEST)} == {"78"}
    assert {NUMBER, HANDLE} & set(Tombstones().hashes) == set()
    purge("--handles=outsider")  # a purge of somebody who is only followed also takes out who came back
    assert traces(HANDLE, NUMBER, "ada.renamed", "outsider") == []
    assert collect(cohort)["bob"]["follows_status"] == "complete"
    assert not {target for _, target in follows()} & {"80"}


@pytest.mark.parametrize("step", ["purge_store", "_purge_inputs", "_remove_results", "_report", "find_leftovers"])
def test_a_purge_that_was_killed_is_taken_up(cohort, monkeypatch, step):
    profile = RAW / f"{HANDLE}.jsonl"
    profile.write_text(profile.read_text().replace(NAME, "Canaria Adamantia"))
    publish("context", "78", "78003", "With Canaria Adamantia")
    with monkeypatch.context() as patched:
        patched.setattr(purging.purge, step, lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            purge()
    assert not profile.exists(), "which alone said what her name is"
    assert Tombstones().has_handle(HANDLE)
    assert oct(Path("data/opt_out/pending.json").stat().st_mode)[-3:] == "600"
    configure("hikerapi")
    Path("optout.txt").unlink()
    shutil.rmtree("results", ignore_errors=True)
    purge()  # nobody needs to say again who it was
    assert traces(HANDLE, NUMBER, NAME, "Canaria Adamantia") == []


def test_a_purge_of_nobody_here_changes_nothing(cohort, capsys):
    configure("hikerapi")
    before = contents()
    purge("--handles=nobody.at_all")
    after = contents()
    assert {name: after.get(name) for name in before} == before
    assert "1 handle that nothing in the study knows" in capsys.readouterr().out
    configure("hikerapi", study={"opt_out": "optout.txt"})
    purge()
    with pytest.raises(UserError, match="nobody to purge"):
        purge()
    collect(cohort)
    before = contents()
    purge_ada()
    assert contents() == before
    assert "nothing in the study knows" in capsys.readouterr().out


def test_a_dry_run_changes_nothing_and_says_all(cohort, capsys):
    before = contents()
    purge("--dry-run")
    assert contents() == before
    *lines, last = capsys.readouterr().out.splitlines()
    announced = {(verb, path) for verb, path in (line.split(maxsplit=1) for line in lines)}
    assert {("rewrite", str(RAW / "bob.jsonl")), ("remove", str(RAW / f"{HANDLE}.jsonl"))} <= announced
    assert {("rewrite", "creators.csv"), ("remove", "results")} <= announced
    assert ("remove", str(RAW / "avatars" / f"{HANDLE}.jpg")) in announced
    assert last.startswith("1 creator: nothing was changed")
    purge()
    assert {path for verb, path in announced if verb == "remove" and Path(path).exists()} == set()


def test_folders_on_another_disk(cohort, tmp_path_factory):
    scratch = tmp_path_factory.mktemp("scratch")
    for name in ("results", "data/store", "data/raw/hikerapi"):
        shutil.move(name, scratch)
        Path(name).symlink_to(scratch / Path(name).name)
    purge()
    assert not list((scratch / "results").iterdir())
    left = [path for place in ("store", "hikerapi") for path in (scratch / place).rglob("*") if path.is_file()]
    content = b"".join(path.read_bytes() for path in left).lower()
    assert HANDLE.encode() not in content
    assert NUMBER.encode() not in content
    assert stored("context") == {"his alone"}
    answers = {path.name for path in left if path.parent.name == NOW}
    assert answers == {"bob.jsonl", "cleo.b.jsonl"}


@pytest.mark.parametrize("key", [None, "", "00ff"])
def test_without_the_key_nobody_is_let_in(service, key):
    service.add(Person(78, "bob"))
    study("bob")
    Tombstones().add([HANDLE])
    Path("data/opt_out/key").unlink()
    if key is not None:
        Path("data/opt_out/key").write_text(key)
    with pytest.raises(UserError, match="the key is lost"):
        collect(service)


def test_others_who_resemble_her_keep_their_answers(service):
    listed = [(345_678, "cleo"), (1002, "cleo.b"), (1003, "x.cleo"), (1004, "cleo_"), (1005, "123456"), (123456, "eve")]
    for pk, handle in listed:
        service.add(Person(pk, handle, follows=listed[:4]))
    for reel in service.people["cleo.b"].reels:
        reel["plays"] = 345_678  # her id, by chance
    study(*dict(listed).values())
    before = collect(service)
    purge("--handles=cleo,123456")
    assert sorted(path.stem for path in RAW.glob("*.jsonl")) == ["cleo.b", "cleo_", "eve", "x.cleo"]
    assert collect(service) == {handle: row for handle, row in before.items() if handle not in ("cleo", "123456")}
    assert '"play_count": 345678' in (RAW / "cleo.b.jsonl").read_text()


WORDS = ["following", "collect", "username", "response", "caption", "media", "items", "usernotfound"]


@pytest.mark.parametrize("handle", WORDS)
def test_a_handle_that_is_a_word_of_the_answers(service, handle):
    service.add(Person(int(NUMBER), handle, follows=[(78, "bob")]))
    service.add(Person(78, "bob", follows=[(int(NUMBER), handle), (80, "x")]))
    study(handle, "bob", "nobody")
    before, kept, calls = collect(service)["bob"], (RAW / "nobody.jsonl").read_bytes(), len(service.calls)
    purge(f"--handles={handle}")
    assert (RAW / "nobody.jsonl").read_bytes() == kept
    assert collect(service)["bob"] == before
    assert follows() == {("78", "80")}
    assert len(service.calls) == calls
    assert collect(service, NEXT)["bob"]["follows_status"] == "complete"
    answers = [line["answer"] for line in read_lines(raw(NEXT, "bob.jsonl"))]
    assert [sorted(answer) for answer in answers] == [["status", "user"], *[["next_page_id", "response"]] * 2]
    assert all("caption" in clip["media"] for clip in answers[1]["response"]["items"])


def test_what_others_are_called_stays(service, capsys):
    service.add(Person(int(NUMBER), "nature.lover"), reels=1)
    service.add(Person(78, "bob"), reels=1)
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
    service.add(Person(int(NUMBER), "old.name"))
    study("old.name")
    collect(service)
    (RAW / "old.name.jsonl").write_text((RAW / "old.name.jsonl").read_text().replace('"old.name"', '"new.name"'))
    purge("--handles=new.name")
    assert traces("old.name", "new.name", NUMBER) == []
    tombstones = Tombstones()
    assert all(map(tombstones.has_handle, ("old.name", "new.name")))
    assert tombstones.has_id(NUMBER)


def test_a_reel_made_together_stays_the_others(service):
    shared = {"pk": 5_000_001, "plays": 9, "taken_at": 1_700_000_000}
    service.add(Person(int(NUMBER), HANDLE, reels=[shared]))
    service.add(Person(78, "bob", reels=[{**shared, "owner": int(NUMBER)}]))
    study(HANDLE, "bob")
    collect(service)
    before = reels_of("78")
    purge_ada()
    collect(service)
    assert reels_of("78") == before
    assert traces(HANDLE, NUMBER) == []


def test_somebody_who_takes_a_freed_handle_is_somebody_else(service):
    for number, handle in ((int(NUMBER), HANDLE), (500, "zed.b"), (79, "cleo")):
        service.add(Person(number, handle))
    study(HANDLE, "zed.b", "cleo")
    collect(service)
    purge_ada()
    service.rename(HANDLE, "ada.elsewhere")
    service.rename("zed.b", HANDLE)
    assert {row["creator_id"] for row in collect(service, NEXT).values()} == {"500", "79"}
    purge("--handles=cleo")
    assert raw(NOW, "zed.b.jsonl").exists()
    assert raw(NEXT, "zed.b.jsonl").exists()
    assert not raw(NEXT, "cleo.jsonl").exists()


@pytest.fixture
def succession(service):
    """`north` was Zed's handle in one snapshot and is Ada's in the next, who was `canary.ada_7` before."""
    service.add(Person(500, "north"))
    service.add(Person(int(NUMBER), HANDLE))
    study("north", HANDLE)
    collect(service)
    service.rename("north", "zed.b")
    service.rename(HANDLE, "north")
    Path("creators.csv").write_text("north\nzed.b\n")
    collect(service, NEXT)


@pytest.mark.parametrize("arguments", [["--handles=north", f"--ids={NUMBER}"], [f"--handles={HANDLE}"]])
def test_a_handle_of_two_people_is_asked_about(succession, arguments):
    before = contents()
    with pytest.raises(UserError, match=f"handle of 2 accounts: say which .* --ids and one of 500, {NUMBER}"):
        purge("--handles=north")
    assert contents() == before
    kept = raw(NOW, "north.jsonl").read_bytes()
    purge(*arguments)
    assert raw(NOW, "north.jsonl").read_bytes() == kept, "or it would be paid for again"
    for name in ("north.jsonl", "avatars/north.jpg"):
        assert raw(NOW, name).exists(), "Zed's"
        assert not raw(NEXT, name).exists(), "hers, whatever it is called"
    assert raw(NEXT, "zed.b.jsonl").exists()
    assert not raw(NOW, f"{HANDLE}.jsonl").exists()


def test_her_new_handle_is_known_from_the_answer_that_tells_it(service):
    service.add(Person(int(NUMBER), HANDLE))
    bob = service.add(Person(78, "bob", follows=[(int(NUMBER), "ada.new")]))
    study(HANDLE, "bob")
    collect(service)
    purge_ada()
    bob.reels[1]["caption"] = "with @ada.new"
    # The page of reels comes first and does not say who that is; her own reel with him does.
    bob.reels[1]["owner"] = int(NUMBER)
    service.rename(HANDLE, "ada.new")
    collect(service, NEXT)
    assert "ada.new" not in raw(NEXT, "bob.jsonl").read_text()


# --- lists ----------------------------------------------------------------------------------------------------------


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
    Path("creators.csv").write_bytes((mark + before).encode(encoding))
    configure("hikerapi")
    purge_ada()
    assert Path("creators.csv").read_bytes().decode(encoding) == mark + after


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


def test_a_line_that_names_nobody_is_an_error_and_nothing_happens():
    study(HANDLE, "bob", opt_out="optout.txt")
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
    configure("files", videos="videos", creators="creators.csv", reels="reels.csv", follows="follows.csv")
    Path("CANARY.csv").symlink_to("creators.csv")
    purge_ada()
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
    options = ["--follows=follows.csv", "--batch=0", "--batches=1", f"--manifest={MANIFEST}"]
    collect_creators.main(collect_creators.parse(options))
    assert {handle: row["follows_status"] for handle, row in creators().items()} == dict.fromkeys(
        ["bob", "zoë"], "complete"
    )
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
    kept = video(left[0], "models.mp4")  # of somebody else, whatever it is called
    Path("creators.csv").write_text("handle,full_name\n" + "".join(f"{folder},\n" for folder in left))
    before = Path("creators.csv").read_text()
    Path("optout.txt").write_text(f"{handle}\n")
    configure("files", creators="creators.csv", study={"opt_out": "optout.txt"})
    purge()
    assert sorted(os.listdir("videos")) == left
    assert kept.exists()
    assert Path("creators.csv").read_text() == before
    assert (tmp_path.parent / "x").exists()
    known = not handle.startswith("..")
    assert Path("optout.txt").read_text() == ("" if known else f"{handle}\n"), "who is not here may be misspelt"


def test_files_outside_are_named_and_left(tmp_path_factory, capsys):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    shutil.copytree(CHECKOUT / "envs", elsewhere / HANDLE)
    (elsewhere / "creators.csv").write_text(f"handle\n{HANDLE}\nbob\n")
    (elsewhere / "bob").mkdir()
    configure("files", videos=str(elsewhere), creators=str(elsewhere / "creators.csv"))
    purge_ada()
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("not inside the study")]
    assert [line.split(": ")[1] for line in said] == [str(elsewhere / HANDLE), str(elsewhere / "creators.csv")]
    assert (elsewhere / HANDLE / "media.yaml").exists()
    assert HANDLE in (elsewhere / "creators.csv").read_text()
    # Of a link inside, the link goes and what it leads to stays.
    video("bob", "a.mp4")
    Path("videos", HANDLE).symlink_to(elsewhere / HANDLE)
    configure("files")
    purge_ada()
    assert os.listdir("videos") == ["bob"]
    assert str(elsewhere / HANDLE) in capsys.readouterr().out
    assert (elsewhere / HANDLE / "media.yaml").exists()


def test_a_bundle_is_searched_and_left_to_its_publisher():
    Path("bundle").mkdir()
    pq.write_table(pa.table({"target_handle": [HANDLE, "bob"], "target_id": [NUMBER, "78"]}), "bundle/follows.parquet")
    configure("bundle", folder="bundle")
    before = Path("bundle/follows.parquet").read_bytes()
    with pytest.raises(UserError, match=r"still named in bundle/follows\.parquet;"):
        purge_ada()
    assert Path("bundle/follows.parquet").read_bytes() == before
    assert Tombstones().has("whatever", NUMBER), "the next run leaves her out"


# --- files of other tools -------------------------------------------------------------------------------------------


def write(name: str, value) -> Path:
    path = Path("exports", name)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    path.write_bytes(lzma.compress(content) if name.endswith(".xz") else content)
    return path


def film(number: int, uploader: str, **further) -> dict:
    return {"extractor_key": "TikTok", "timestamp": 1_700_000_000, "id": str(number), "uploader": uploader, **further}


def captured(number: int, pk: int, handle: str, **further) -> dict:
    user = {"pk": pk, "username": handle, "full_name": f"Full {handle}"}
    data = {"pk": str(number), "code": f"C{number}", "media_type": 2, "user": user, **further}
    return {"item_id": str(number), "source_platform": "instagram.com", "data": data}


def test_films_of_yt_dlp():
    write("film.info.json", film(1, HANDLE))
    write("film_2.info.json", film(2, "bob", description=f"thanks\n@{HANDLE}"))
    alone = write("3.info.json", film(3, "bob", description="alone"))
    before = alone.read_bytes()
    for name in ("film.mp4", "film.jpg", "film.en.vtt", "film_2.mp4", "film_2.image", "3.mp4"):
        write(name, b"\0film")
    write("film_2.description", f"thanks\n@{HANDLE}".encode())
    configure("exports")
    purge_ada()
    assert sorted(os.listdir("exports")) == [
        "3.info.json", "3.mp4", "film_2.description", "film_2.image", "film_2.info.json", "film_2.mp4",
    ]  # fmt: skip
    assert json.loads(Path("exports/film_2.info.json").read_bytes())["description"] == "thanks\n[opted out]"
    assert Path("exports/film_2.description").read_text() == "thanks\n[opted out]"
    assert alone.read_bytes() == before


def test_lines_of_zeeschuimer():
    tagged = {"in": [{"user": {"pk": int(NUMBER), "username": HANDLE}, "position": [0, 1]}, {"user": {"pk": 80}}]}
    items = [
        captured(5, int(NUMBER), HANDLE),
        captured(6, 78, "bob", caption={"text": "alone"}),
        captured(7, 78, "bob", usertags=tagged, top_likers=[HANDLE, "eve"], id=f"7_{NUMBER}"),
        # Grids leave the name out.
        {**captured(8, 0, ""), "data": {"id": f"8_{NUMBER}", "code": "C8", "media_type": 2}},
    ]
    lines = [json.dumps(one) for one in items]
    write("z.ndjson", ("\n".join(lines) + "\nno JSON canary.ada_7\r{}\n").encode())
    configure("exports")
    purge_ada()
    assert traces(HANDLE, NUMBER) == []
    left = Path("exports/z.ndjson").read_text().splitlines()
    assert left[0] == lines[1]
    changed = json.loads(left[1])["data"]
    assert (changed["usertags"], changed["top_likers"], changed["id"]) == ({"in": [{"user": {"pk": 80}}]}, ["eve"], "7")
    assert left[2:] == ["no JSON [opted out]", "{}"]


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
    theirs, his = ({"owner": {"username": HANDLE}, "text": "hi"}, {"owner": {"username": "eve"}, "text": NAME})
    write(f"bob/{stem}_comments.json", [{"id": 1, **theirs}, {"id": 2, **his}])
    write(f"bob/{stem}.txt", f"with {NAME}".encode())
    configure("exports")
    purge_ada()
    assert traces(HANDLE, NUMBER, NAME) == []
    assert os.listdir("exports") == ["bob"]
    ends = (".jpg", ".json.xz", ".mp4", ".txt", "_1.jpg", "_comments.json")
    left = ["2020_UTC_profile_pic.jpg", *(f"{stem}{end}" for end in ends), "id"]
    assert sorted(os.listdir("exports/bob")) == left
    (comment,) = json.loads(Path(f"exports/bob/{stem}_comments.json").read_bytes())
    assert (comment["owner"]["username"], comment["text"]) == ("eve", "[opted out]")


def test_posts_of_tiktok_and_what_4cat_made_of_them():
    def post(number: int, handle: str, text: str = "x") -> dict:
        return {"id": str(number), "author": {"uniqueId": handle}, "desc": text, "createTime": 1_700_000_000}

    def download(number: int) -> dict:
        return {"post_ids": [str(number)], "files": [{"filename": f"cdn_{number}.mp4"}], "success": True}

    items = [post(11, HANDLE, "hers"), post(12, "bob", "alone"), post(13, "bob", f"with @{HANDLE}")]
    lines = [{"source_platform": "tiktok.com", "data": item} for item in items[1:]]
    write("x.ndjson", "".join(json.dumps(line) + "\n" for line in lines).encode())
    rows = [f"{one['id']},{one['author']['uniqueId']},{one['desc']},{one['createTime']},https://x\n" for one in items]
    header = "id,author,body,unix_timestamp,tiktok_url\n"
    write("4cat.csv", f"{header}{''.join(rows)}".encode())
    write("videos/.metadata.json", {f"https://cdn.example/{number}": download(number) for number in (11, 12, 14)})
    for number in (11, 12, 14):
        write(f"videos/cdn_{number}.mp4", b"\0film")
    configure("exports")
    purge_ada()
    assert traces(HANDLE) == []
    assert sorted(os.listdir("exports/videos")) == [".metadata.json", "cdn_12.mp4", "cdn_14.mp4"]
    left = json.loads(Path("exports/videos/.metadata.json").read_bytes())
    assert list(left) == ["https://cdn.example/12", "https://cdn.example/14"]
    assert Path("exports/4cat.csv").read_text() == header + rows[1] + rows[2].replace(f"@{HANDLE}", "[opted out]")


def test_a_folder_named_after_her_keeps_what_is_others():
    write("flora/1.info.json", film(1, "bob"))
    write("flora/1.mp4", b"\0his")
    write("flora/2.info.json", film(2, "flora"))
    write("flora/unknown.jpg", b"\0whose")
    lines = write("flora/z.ndjson", json.dumps(captured(9, 78, "bob")).encode() + b"\n")
    listed = write("flora/list.csv", b"handle\nbob\n")
    tables = {name: write(f"flora/{name}.csv", b"") for name in ("creators", "follows")}
    tables["creators"].write_text("handle,followers,biography\nflora,12345,Painter\nbob,3,x\n")
    tables["follows"].write_text("source,target\nflora,eve\nbob,eve\n")
    configure("exports", **{name: str(path) for name, path in tables.items()})
    before = lines.read_bytes(), listed.read_bytes()
    purge("--handles=flora")
    kept = ["1.info.json", "1.mp4", "creators.csv", "follows.csv", "list.csv", "z.ndjson"]
    assert sorted(os.listdir("exports/flora")) == kept
    assert (lines.read_bytes(), listed.read_bytes()) == before
    assert tables["creators"].read_text() == "handle,followers,biography\nbob,3,x\n"
    assert tables["follows"].read_text() == "source,target\nbob,eve\n"


# --- a database -----------------------------------------------------------------------------------------------------


def rows(query: str) -> list[tuple]:
    with closing(sqlite3.connect("instagram_data.db")) as opened:
        return opened.execute(query).fetchall()


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_database_of_the_first_study(mode):
    with closing(sqlite3.connect("instagram_data.db")) as opened:
        opened.executescript(
            f"PRAGMA journal_mode = {mode};"
            "CREATE TABLE instagram_accounts (insta_id, username, full_name, biography, following_count, friends);"
            "CREATE TABLE reels (pk, id, user_pk, code, caption, taken_at);"
            "CREATE TABLE following (user_pk, following_pk, following_username, full_name);"
            "CREATE TABLE requests (id INTEGER PRIMARY KEY, answer);"
            f"INSERT INTO instagram_accounts VALUES ({NUMBER}, '{HANDLE.title()}', 'Canaria Adamantia', '', 1, NULL),"
            f"(78, 'bob', 'Bob', 'friend of @{HANDLE}', 2, '[\"{HANDLE}\", \"eve\", {NUMBER}]');"
            f"INSERT INTO reels VALUES (5550001, '5550001_{NUMBER}', {NUMBER}, 'Cab1', 'hers', 1700000000),"
            "(5550002, '5550002_78', 78, 'Cab2', 'with Canaria Adamantia', 1700000000),"
            f"(5550002, NULL, {NUMBER}, 'Cab2', NULL, NULL);"
            f"INSERT INTO following VALUES (78, '{NUMBER}', '{HANDLE}', 'x'), ({NUMBER}, 78, 'bob', 'y'),"
            "(78, 80, 'eve', 'z');"
            f"INSERT INTO requests VALUES (78, 'about {HANDLE}');"
        )
    Path("media").mkdir()
    for name in ("5550001.mp4", "Cab1.jpg", "5550002.mp4"):
        Path("media", name).write_bytes(b"film")
    configure("inst2txt", videos="media")
    purge_ada()
    assert traces(HANDLE, "Canaria Adamantia") == []
    assert os.listdir("media") == ["5550002.mp4"], "which a row of his shares"
    assert rows("SELECT insta_id, username, biography, friends FROM instagram_accounts") == [
        (78, "bob", "friend of [opted out]", '["eve"]')
    ]
    assert rows("SELECT pk, user_pk, caption FROM reels") == [(5550002, 78, "with [opted out]")]
    assert rows("SELECT * FROM requests") == [(78, "about [opted out]")]
    ((source, target, name, full_name), other) = rows("SELECT * FROM following ORDER BY following_pk = 80")
    assert (source, name, full_name, other) == (78, "[opted out]", "[opted out]", (78, 80, "eve", "z"))
    assert target.startswith("opted-out-")
    # The list of two is complete as it was, and nobody knows whom the second is.
    options = ["--source=inst2txt", "--batch=0", "--batches=1", f"--manifest={MANIFEST}", "--videos=media"]
    collect_creators.main(collect_creators.parse(options))
    assert {handle: row["follows_status"] for handle, row in creators().items()} == {"bob": "complete"}
    assert follows() == {("78", "80")}
    assert traces(HANDLE, "Canaria Adamantia") == []


def test_a_database_that_is_not_there_stops_nothing(capsys):
    configure("inst2txt")
    append_line(Path("data/store/index/context/0.jsonl"), {"creator_id": "ada", "reel_id": "1", "key": "00ff"})
    purge("--handles=ada")
    assert "not looked into" in capsys.readouterr().out
    assert traces('"ada"') == []


# --- what cannot be taken out is named ------------------------------------------------------------------------------


def archive(text: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("x", f"{text} " * 9)
    return content.getvalue()


def parquet(text: str) -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.table({"a": [text, None], "b": [[1.0], [2.0]]}), content, compression="zstd")
    return content.getvalue()


@pytest.mark.parametrize(
    "pack",
    [
        str.encode, archive, parquet,
        lambda text: b"\xff\xfe" + text.encode("utf-16-le"),
        lambda text: gzip.compress(text.encode()),
        lambda text: lzma.compress(text.encode()),
        lambda text: bz2.compress(text.encode()),
        lambda text: json.dumps(f"x\n{text}\n").encode(),
        lambda text: b"\0\1" * 9 + text.encode(),
        lambda text: b"x" * (Search.CHUNK - 5) + b" " + text.encode() + b" ",
    ],
    ids=["text", "zip", "parquet", "utf16", "gz", "xz", "bz2", "escaped", "binary", "across chunks"],
)  # fmt: skip
def test_what_cannot_be_taken_out_is_named(pack):
    video("bob", "a.mp4")
    Path("notes").write_bytes(pack(HANDLE))
    configure("files")
    with pytest.raises(UserError, match=r"still named in notes;"):
        purge_ada()
    assert Path("data/opt_out/pending.json").exists()
    Path("notes").write_bytes(pack(f"{HANDLE}.b x{HANDLE} {HANDLE}8"))
    purge()
    assert not Path("data/opt_out/pending.json").exists()


def test_names_of_files_and_links_are_searched_and_the_configuration_is_left_to_its_author(capsys):
    video("bob", "a.mp4")
    configure("files", study={"name": f"About {HANDLE}"})
    before = Path("study.yaml").read_bytes()
    Path(HANDLE).mkdir()
    Path("link").symlink_to(f"/nowhere/{HANDLE}/x")
    Path(f"notes {HANDLE}.txt").touch()
    Path(f"{HANDLE}.b.txt").touch()
    with pytest.raises(UserError, match=rf"named in {HANDLE}, link, notes {HANDLE}\.txt;"):
        purge_ada()
    assert "yours to change" in capsys.readouterr().out
    assert Path("study.yaml").read_bytes() == before


def test_of_a_study_in_the_checkout_the_program_is_not_searched():
    tracked = subprocess.run(["git", "ls-files"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    places = {name for name in tracked.splitlines() if name.split("/")[0] not in ("config", ".venv")}
    assert not [name for name in places if not any(Path(name).is_relative_to(one) for one in PROGRAM)]


def test_while_snakemake_runs_nobody_is_purged():
    video("bob", "a.mp4")
    configure("files")
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
    configure("files")
    program = [sys.executable, str(CHECKOUT / "scripts/purge_creators.py"), "--directory", str(tmp_path)]
    done = subprocess.run([*program, "--handles", "bob"], cwd="/", capture_output=True, text=True, check=True)
    assert done.stdout == "1 creator: 1 file or folder removed, 0 files rewritten\n"
    refused = subprocess.run(program, cwd="/", capture_output=True, text=True, check=False)
    assert (refused.returncode, "nobody to purge" in refused.stderr) == (1, True)
