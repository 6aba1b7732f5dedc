"""Purging people: a search of the whole folder finds nothing of them, and nobody else's data is harmed."""

from __future__ import annotations

import json
import lzma
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

import collect_creators
import download_reels
import purge_creators
from common.manifest import read_manifest
from common.program import UserError
from common.purge import Person, table
from common.states import OK
from common.store import Store, digest
from common.tombstones import Tombstones
from conftest import CHECKOUT
from fake_service import TOKEN, Service, demo_video
from fake_service import Person as Account

CANARIES = ["canary.ada_7", "Canaria Adamantia", "900077001"]
# What a search for somebody from the service looks for: handle, id, full name.
SEARCHED = ["canary.ada_7", "900077001", "Synthetic Canary"]
MANIFEST = Path("results/creators/0.parquet")


def traces(words=CANARIES) -> list[tuple[str, str]]:
    """Files that have one of the words, in any case, in their names or contents; tables are unpacked."""
    found = []
    for path in sorted(Path().rglob("*")):
        if not path.is_file():
            continue
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content = repr(pq.read_table(path).to_pylist()).encode()
        if path.suffix == ".xz":
            content = lzma.decompress(content)
        searched = (
            str(path).encode() + content + content.decode("utf-8", "replace").encode("ascii", "backslashreplace")
        ).lower()
        found += [(str(path), word) for word in words if word.lower().encode() in searched]
    return found


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def service(monkeypatch):
    monkeypatch.setenv("HIKERAPI_TOKEN", TOKEN)
    made = Service(demo_video(CHECKOUT))
    ada = (900077001, "canary.ada_7")
    bob, cleo = (78, "bob"), (79, "cleo.b")
    made.add(Account(*ada, follows=[bob, cleo]), reels=2)
    made.add(Account(*bob, follows=[ada, cleo, (80, "outsider")]), reels=2)
    made.add(Account(*cleo, follows=[ada]), reels=1)
    made.people["bob"].reels[0]["caption"] = "With @Canary.Ada_7 and cleo.b in the garden"
    made.people["bob"].reels[0]["pk"] = 78_004
    yield made
    made.close()


def configure(**sections) -> None:
    Path("study.yaml").write_text(yaml.safe_dump(sections))


def collect(service: Service) -> None:
    source = ["--source=hikerapi", "--snapshot=2026-11-23", "--creators=creators.csv", f"--url={service.url}"]
    collect_creators.main(
        collect_creators.parse([*source, "--batch=0", "--batches=1", f"--manifest={MANIFEST}", "--calls-per-s=1000"])
    )
    download_reels.main(
        download_reels.parse([f"--creators={MANIFEST}", "--manifest=results/video/0.parquet", "--workers=1"])
    )


def purge(*arguments: str) -> None:
    purge_creators.main(purge_creators.parse(["--configfile=study.yaml", *arguments]))


def collected(service: Service) -> None:
    """A study from HikerAPI, with results of other stages and what Snakemake leaves."""
    Path("creators.csv").write_text("handle\n@Canary.Ada_7\nbob\nhttps://instagram.com/cleo.b/\n")
    Path("optout.txt").write_text("# asked by letter\ncanary.ada_7\n")
    configure(
        source={"kind": "hikerapi", "snapshot": "2026-11-23"},
        hikerapi={"creators": "creators.csv"},
        study={"opt_out": "optout.txt"},
    )
    collect(service)
    store = Store(Path("data/store"))
    for creator, reel, text in (
        ("900077001", "900077001000", "hers"),
        ("78", "78004", "seen: @canary.ada_7"),
        ("78", "78001", "his"),
    ):
        with store.workspace() as workspace:
            folder = workspace / "0"
            folder.mkdir()
            (folder / "reel.json").write_text(json.dumps({"context": text}))
            made_from = {"reel": reel}
            store.publish("context", digest(made_from), folder, OK, "prepare_context 1", made_from)
            store.note_owner("context", "0", creator, reel, digest(made_from))
    for path in ("results/logs/x.log", "results/journal/context/0.jsonl", ".snakemake/metadata/abc"):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text("about canary.ada_7 (900077001)\n")


def test_nothing_of_her_is_found_and_the_others_are_whole(service):
    collected(service)
    assert len({word for _, word in traces(CANARIES[::2])}) == 2
    bob_before = [row for row in read_manifest(MANIFEST) if row.creator_id == "78"]
    calls = len(service.calls)
    purge()
    assert traces(SEARCHED) == []
    assert not Path("results").exists()
    assert not Path(".snakemake").exists()
    assert Path("creators.csv").read_text() == "handle\nbob\nhttps://instagram.com/cleo.b/\n"
    assert Path("optout.txt").read_text() == "# asked by letter\n"
    contexts = [json.loads(path.read_text())["context"] for path in Path("data/store/context").rglob("reel.json")]
    assert contexts == ["his"]
    collect(service)
    assert len(service.calls) == calls, "nothing is paid or downloaded again"
    assert traces(SEARCHED) == []
    after = read_manifest(MANIFEST)
    assert {row.creator_id for row in after} == {"78", "79"}
    assert [row.reel_id for row in after if row.creator_id == "78"] == [row.reel_id for row in bob_before]
    follows = pq.read_table(MANIFEST.with_suffix("") / "follows.parquet").to_pylist()
    assert sorted((row["source_id"], row["target_id"]) for row in follows) == [("78", "79"), ("78", "80")]
    captions = [json.loads(Path(row.path).read_text()).get("caption") for row in after if row.path and row.reel_id]
    assert "With [opted out] and cleo.b in the garden" in captions


def test_the_tombstone_keeps_her_out_under_any_name(service):
    collected(service)
    purge()
    Path("creators.csv").write_text("canary.ada_7\nbob\nada.renamed\n")
    renamed = service.people.pop("canary.ada_7")
    renamed.username = "ada.renamed"
    service.people["ada.renamed"] = renamed
    collect(service)
    assert {row.creator_id for row in read_manifest(MANIFEST)} == {"78"}
    assert "canary.ada_7" in Tombstones()
    assert "900077001" not in Path("data/opt_out/tombstones.jsonl").read_text()


def test_a_purge_that_was_killed_is_taken_up(service, monkeypatch):
    collected(service)
    with monkeypatch.context() as patched:
        patched.setattr(purge_creators, "purge_item", lambda *_: None)
        patched.setattr(purge_creators, "rewrite", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            purge()
    purge()
    assert traces(SEARCHED) == []


def test_a_second_purge_and_an_empty_list_say_so(service):
    collected(service)
    purge()
    with pytest.raises(UserError, match="nobody to purge"):
        purge()
    before = sorted(Path().rglob("*"))
    purge("--handles=canary.ada_7")
    assert sorted(Path().rglob("*")) == before


def test_a_dry_run_changes_nothing(service, capsys):
    collected(service)
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    purge("--dry-run")
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before
    said = capsys.readouterr().out
    assert "data/raw/hikerapi/2026-11-23/bob.jsonl" in said
    assert "1 creators" in said


def test_a_person_who_is_only_followed(service):
    collected(service)
    purge("--handles=outsider")
    collect(service)
    follows = pq.read_table(MANIFEST.with_suffix("") / "follows.parquet").to_pylist()
    assert "80" not in {row["target_id"] for row in follows}


def test_a_folder_of_videos_and_its_tables():
    for handle in ("zoë", "Canary.Ada_7", "../x".replace("/", "∕")):
        Path("videos", handle).mkdir(parents=True)
        Path("videos", handle, "a.mp4").write_bytes(handle.encode())
    Path("creators.csv").write_bytes(
        b"\xef\xbb\xbfhandle;full_name;followers\r\n@canary.ada_7;Canaria Adamantia;12\r\n"
        b"zo\xc3\xab;Zo\xc3\xab;900077001\r\n"
    )
    Path("reels.csv").write_text(
        'handle,file,caption\ncanary.ada_7,a.mp4,"two\nlines"\nzoë,a.mp4,"by Canaria Adamantia"\n'
    )
    Path("follows.csv").write_text("source,target\nzoë,canary.ada_7\ncanary.ada_7,zoë\nzoë,bob\n")
    tables = {"creators": "creators.csv", "reels": "reels.csv", "follows": "follows.csv"}
    configure(source={"kind": "files", "files": {"videos": "videos", **tables}})
    purge("--handles=canary.ada_7")
    assert traces(CANARIES[:2]) == []
    assert Path("creators.csv").read_bytes() == (
        b"\xef\xbb\xbfhandle;full_name;followers\r\nzo\xc3\xab;Zo\xc3\xab;900077001\r\n"
    )
    assert Path("reels.csv").read_text() == 'handle,file,caption\nzoë,a.mp4,"by [opted out]"\n'
    assert Path("follows.csv").read_text() == "source,target\nzoë,bob\n"
    purge("--handles=ZOË")
    assert not Path("videos/zoë").exists()
    assert len(list(Path("videos").iterdir())) == 1


def test_files_of_other_tools():
    mine = {
        "id": "1",
        "extractor_key": "TikTok",
        "uploader": "canary.ada_7",
        "description": "x",
        "timestamp": 1_700_000_000,
    }
    other = {**mine, "id": "2", "uploader": "bob", "description": "thanks @canary.ada_7"}
    for info in (mine, other):
        Path("exports").mkdir(exist_ok=True)
        Path(f"exports/{info['id']}.info.json").write_text(json.dumps(info))
        Path(f"exports/{info['id']}.mp4").write_bytes(b"film")
    items = [
        {
            "item_id": "5",
            "source_platform": "instagram.com",
            "data": {"user": {"username": name, "pk": pk}, "code": "c"},
        }
        for name, pk in (("canary.ada_7", "900077001"), ("bob", "78"))
    ]
    Path("exports/z.ndjson").write_text("".join(json.dumps(item) + "\n" for item in items))
    configure(source={"kind": "exports"})
    purge("--handles=canary.ada_7")
    assert traces(CANARIES[:1]) == []
    assert sorted(path.name for path in Path("exports").iterdir()) == ["2.info.json", "2.mp4", "z.ndjson"]
    assert json.loads(Path("exports/z.ndjson").read_text())["data"]["user"]["username"] == "bob"


def test_a_database():
    with closing(sqlite3.connect("instagram_data.db")) as database:
        database.executescript(
            "CREATE TABLE instagram_accounts (insta_id, username, full_name, biography);"
            "CREATE TABLE reels (pk, user_pk, caption);"
            "CREATE TABLE following (user_pk, following_pk, following_username);"
            "INSERT INTO instagram_accounts VALUES (900077001, 'Canary.Ada_7', 'Canaria Adamantia', 'hers');"
            "INSERT INTO instagram_accounts VALUES (78, 'bob', 'Bob', 'friend of @canary.ada_7');"
            "INSERT INTO reels VALUES (1, 900077001, 'hers'), (2, 78, 'with Canaria Adamantia');"
            "INSERT INTO following VALUES (78, 900077001, 'canary.ada_7'), (900077001, 78, 'bob'), (78, 80, 'eve');"
        )
        database.commit()
    configure(source={"kind": "inst2txt"})
    purge("--handles=canary.ada_7")
    assert traces() == []
    with closing(sqlite3.connect("instagram_data.db")) as database:
        assert database.execute("SELECT username, biography FROM instagram_accounts").fetchall() == [
            ("bob", "friend of [opted out]")
        ]
        assert database.execute("SELECT user_pk, following_pk FROM following").fetchall() == [(78, 80)]


def test_files_outside_the_folder_are_named_and_left(tmp_path_factory, caplog):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    Path(elsewhere, "canary.ada_7").mkdir()
    shutil.copy(CHECKOUT / "LICENSE", elsewhere / "canary.ada_7" / "a.mp4")
    configure(source={"kind": "files", "files": {"videos": str(elsewhere)}})
    purge("--handles=canary.ada_7")
    assert (elsewhere / "canary.ada_7" / "a.mp4").exists()
    assert str(elsewhere) in caplog.text


def test_what_cannot_be_taken_out_is_named():
    Path("videos/bob").mkdir(parents=True)
    Path("notes.bin").write_bytes(b"\0\1 canary.ada_7 \0")
    configure(source={"kind": "files"})
    with pytest.raises(UserError, match=r"notes\.bin"):
        purge("--handles=canary.ada_7")


def test_while_snakemake_runs_nobody_is_purged():
    configure(source={"kind": "files"})
    owners = Path(".snakemake/owners")
    owners.mkdir(parents=True)
    (owners / "x.json").write_text(json.dumps({"host": "another machine", "pid": 1, "start": "1"}))
    with pytest.raises(UserError, match="snakemake runs"):
        purge("--handles=canary.ada_7")


@pytest.mark.parametrize(
    ("handles", "text", "left"),
    [
        ({"art"}, "art by @art and @artist", "art by [opted out] and @artist"),
        ({"a.b"}, "a.b, a.b.c, xa.b, @a.b.", "[opted out], a.b.c, xa.b, [opted out]."),
        ({"2024"}, "in 2024 with @2024", "in 2024 with [opted out]"),
    ],
)
def test_other_words_stay(handles, text, left):
    pattern = Person(handles).pattern()
    assert pattern.sub("[opted out]", text) == left


def test_numbers_are_nobodys_handle():
    person = Person({"12"})
    assert table(b"handle,plays\nbob,12\n12,5\n", person, person.pattern()) == b"handle,plays\nbob,12\n"
