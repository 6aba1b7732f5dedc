"""Bundles: what is published and what is not, and what a reader of a bundle is told."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests
import rocrate
import yaml
from requests.adapters import BaseAdapter
from rocrate_validator.models import Severity
from rocrate_validator.services import ValidationSettings, validate

import publish_bundle
import read_bundle
import verify_bundle
from bundle.as_made import FIGURES, TABLES
from bundle.contents import SCHEMAS, check_files, read_note, write_sums
from bundle.pseudonyms import Pseudonyms, read_key
from bundle.public import rounded
from bundle.study_file import OF_ANALYSIS
from common.config import ConfigError, Publishable
from common.own_folder import MARKER
from common.parquet import TableError, build_table, write_table
from common.program import UserError
from common.tables import CLUSTER_NAMES, CLUSTERS, COORDINATES, CREATORS
from opting_out.tombstones import Tombstones
from snakefile.study import Study
from study import CHECKOUT

HANDLES = [f"private_{n}" for n in range(8)]
TELLING = {
    "handles": {"handle": "private_{n}"},
    "names": {"full_name": "Name Nameson {n}"},
    "captions": {"caption": "secret caption {n}", "caption_en": "secret english {n}"},
    "transcripts": {"speech_text": "secret speech {n}", "speech_en": "secret spoken {n}"},
    "links": {"url": "https://example.org/reel/{n}", "code": "CODE-{n}"},
    "music": {"music_title": "secret title {n}", "music_artist": "secret artist {n}"},
    "descriptions": {"description_raw": "secret raw {n}", "description": "secret described {n}, neonwords"},
}
WORDS = ["neonwords", "streetwords"]
STEADY = {"warning": None, "median_ari": 0.9, "stable": True}
PICTURE = b"\x89PNG\r\n\x1a\nfigure"
# What makes a study again, of people who do not exist.
REMAKEABLE = ("--allow=[words, profiles, edges, counts, reels]", "--max-unique=null")


@pytest.fixture
def study(tmp_path, monkeypatch):
    """Results of a study of eight creators, two of them in a cluster of their own, and one account that is followed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ATLAS_PUBLISH_KEY", "ab" * 32)
    texts = {column: text for item in TELLING.values() for column, text in item.items()}
    creators, reels, status = [], [], []
    for n, handle in enumerate(HANDLES):
        said = {column: text.format(n=n) for column, text in texts.items()}
        vector = np.eye(8, dtype=np.float32)[n] + 0.123456
        creators.append(
            {
                "creator_id": handle, "handle": said.pop("handle"), "full_name": said.pop("full_name"),
                "followers": 18_437 + n, "following": 347, "follows_status": "complete", "n_reels": 1, "n_embedded": 1,
                "profile": vector, "profile_spread": 0.12345, "few_reels": True, "town": f"Hometown {n}", "age": 30 + n,
            }
        )  # fmt: skip
        reel = f"reel-id-{n}"
        reels.append(
            {
                **said, "reel_id": reel, "creator_id": handle, "taken_at": datetime(2024, 5, 17, 13, 4, tzinfo=UTC),
                "duration_s": 12.34, "plays": 98_765, "likes": 0, "comments": 7, "context": f"secret context {n}",
                "embedding": vector, "caption_language": "de", "embedding_producer": "mpnet 1",
            }
        )  # fmt: skip
        status.append(
            {
                "creator_id": handle, "reel_id": reel, "stage": "video", "state": "ok", "detail": f"of {handle}",
                "path": f"results/video/0/{reel}.mp4", "sha256": hashlib.sha256(handle.encode()).hexdigest(),
            }
        )  # fmt: skip
    edges = [{"source_id": HANDLES[n], "target_id": HANDLES[(n + 1) % 8]} for n in range(8)]
    follows = [edge | {"target_handle": edge["target_id"], "in_cohort": True} for edge in edges]
    follows.append(
        {"source_id": HANDLES[0], "target_id": "outsider_id", "target_handle": "outsider", "in_cohort": False}
    )
    measures = [{name: reel[name] for name in ("reel_id", "creator_id")} | {"light_lightness": 50.5} for reel in reels]
    rows = {
        "creators": creators, "reels": reels, "status": status, "edges": edges, "follows": follows, "coverage": [],
        "measures": measures, "creator_measures": [{"creator_id": one, "light_lightness": 50.5} for one in HANDLES],
    }  # fmt: skip
    results = tmp_path / "results"
    for name, schema in SCHEMAS.items():
        write_table(build_table(rows[name], schema, further=name == "creators"), results / f"tables/{name}.parquet")
    where = [
        {"creator_id": handle, "x": n / 8, "y": 0.5, "umap_x": n / 8, "umap_y": 0.5} for n, handle in enumerate(HANDLES)
    ]
    cluster = [{"creator_id": handle, "cluster": int(n >= 6), "membership": 0.9} for n, handle in enumerate(HANDLES)]
    names = [
        {
            "cluster": number, "name": "Shop of one", "named_by": "a model", "words": [WORDS[number], "shopname"],
            "weights": [2.0, 1.0],
            "medoid": HANDLES[6 * number], "central_reels": [f"reel-id-{6 * number}"],
        }
        for number in (0, 1)
    ]  # fmt: skip
    for name, schema, found in (
        ("coordinates", COORDINATES, where), ("clusters", CLUSTERS, cluster), ("cluster_names", CLUSTER_NAMES, names),
    ):  # fmt: skip
        write_table(build_table(found, schema), results / f"map/{name}.parquet")
    (results / "hypotheses.json").write_text("[]")
    (results / "hypotheses.md").write_text("# Tests\n")
    (results / "robustness.json").write_text(json.dumps(STEADY))
    for figure in FIGURES:
        (results / "figures").mkdir(exist_ok=True)
        (results / f"figures/{figure}.png").write_bytes(PICTURE)
    effects = [{"measure": "coleman", "cluster": n, "value": 0.5, "n_creators": 6 - 4 * n} for n in (0, 1)]
    for name, (file, schema) in TABLES.items():
        write_table(pa.Table.from_pylist(effects if name == "effects" else [], schema=schema), results / file)
    analysis = {name: {} for name in OF_ANALYSIS}
    (results / "config.yaml").write_text(json.dumps({"study": {"seed": 1}, **analysis}))
    return results


def publish(results: Path, monkeypatch, *options: str) -> Path:
    folder = results.parent / "bundle"
    command = ["publish", "--results", str(results), "--output", str(folder), "--date=2026-01-02", *options]
    monkeypatch.setattr("sys.argv", command)
    publish_bundle.main(publish_bundle.parse())
    return folder


class OwnContext(BaseAdapter):
    """The JSON-LD context that a description names, from the library that wrote it: nothing else can be asked for."""

    def send(self, request, **_options):
        assert request.url == "https://w3id.org/ro/crate/1.3/context"
        answer = requests.Response()
        answer.status_code, answer.url, answer.request = 200, request.url, request
        answer.headers["Content-Type"] = "application/ld+json"
        answer._content = (Path(rocrate.__file__).parent / "data/ro-crate.jsonld").read_bytes()
        return answer

    def close(self):
        """Nothing is open."""


def faults_of_crate(folder: Path, monkeypatch) -> set[str]:
    """What the format's validator says of a bundle: requirements and recommendations that are not met."""
    monkeypatch.setattr(requests.Session, "get_adapter", lambda *_, **__: OwnContext())
    settings = ValidationSettings(
        rocrate_uri=str(folder),
        profile_identifier="ro-crate-1.3",
        requirement_severity=Severity.RECOMMENDED,
        no_cache=True,
    )
    return {str(issue.message) for issue in validate(settings).get_issues()}


def everything_in(folder: Path) -> str:
    """All that can be read in a bundle: names of files, bytes, and the values of the tables."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    values = [str(pq.read_table(path).to_pydict()) for path in files if path.suffix == ".parquet"]
    return "\n".join([*map(str, files), *values, *(path.read_bytes().decode("latin-1") for path in files)])


def test_the_published_map_warns_of_unstable_clusters_as_the_studys_own(study, monkeypatch):
    without = (publish(study, monkeypatch) / "figures/map.png").read_bytes()
    (study / "robustness.json").write_text(json.dumps(STEADY | {"warning": "These clusters change with the seed."}))
    assert (publish(study, monkeypatch) / "figures/map.png").read_bytes() != without


# What only the authors know; the datasheet asks them.
PUBLISHER = "The Root Data Entity SHOULD have a `publisher` property (Organization or Person)"
LICENCE = "A License entity SHOULD have an absolute HTTP(S) URL as its @id"


def test_the_description_is_a_valid_ro_crate(study, monkeypatch):
    faults = faults_of_crate(publish(study, monkeypatch, "--kind=full"), monkeypatch)
    assert {fault.split(" (e.g.")[0] for fault in faults} == {PUBLISHER, LICENCE}
    folder = publish(study, monkeypatch, "--licence=https://creativecommons.org/licenses/by/4.0/")
    assert faults_of_crate(folder, monkeypatch) == {PUBLISHER}
    metadata = folder / "ro-crate-metadata.json"
    metadata.write_text(metadata.read_text().replace('"datePublished"', '"datePublishd"'))
    assert any("datePublished" in fault for fault in faults_of_crate(folder, monkeypatch))


def test_a_public_bundle_says_nothing_of_whom_it_is_about(study, monkeypatch):
    folder = publish(study, monkeypatch)
    said = everything_in(folder).lower()
    secrets = ["private_", "nameson", "secret", "example.org", "code-", "hometown", "reel-id", "outsider", "shop"]
    secrets += ["ab" * 32]  # the key
    secrets += [hashlib.sha256(handle.encode()).hexdigest() for handle in HANDLES]
    assert [secret for secret in secrets if secret in said] == []
    creators = pq.read_table(folder / "tables/creators.parquet").to_pylist()
    assert len(creators) == 6  # the other two would be fewer than five of their kind
    for creator in creators:
        told = {name: value for name, value in creator.items() if value is not None}
        assert told == {"creator_id": creator["creator_id"], "followers_from": 10_000, "followers_to": 19_999}
    assert {path.stem for path in (folder / "tables").iterdir()} == {"creators", "coverage"}
    assert {path.name for path in (folder / "map").iterdir()} == {"clusters.parquet", "cluster_names.parquet"}
    assert not list(folder.rglob("*.pdf"))  # it would have the coordinates as numbers
    clusters = pq.read_table(folder / "map/clusters.parquet").to_pylist()
    assert {(row["membership"], row["outlier_score"], row["kmeans_cluster"]) for row in clusters} == {(None,) * 3}
    names = pq.read_table(folder / "map/cluster_names.parquet").to_pylist()
    assert [(row["medoid"], row["central_reels"]) for row in names] == [(None, [])]


def test_what_a_public_bundle_cannot_make_anew_it_ships_as_made_and_says_so(study, monkeypatch):
    folder = publish(study, monkeypatch)
    assert {path.stem for path in (folder / "figures").iterdir()} == {*FIGURES, "map"}
    assert (folder / "figures/similarity.png").read_bytes() == PICTURE
    assert (folder / "findings/hypotheses.md").read_text() == "# Tests\n"
    numbers = json.loads((folder / "findings/numbers.json").read_text())
    assert (numbers["creators"], numbers["reels"], numbers["follows_inside"]) == (8, 8, 8)
    assert (numbers["creators_in_clusters"], numbers["creators_in_no_cluster"]) == (6, None)  # two are too few
    mixing = pq.read_table(folder / "findings/mixing.parquet").to_pylist()
    assert mixing == [
        {
            "source_cluster": 0, "target_cluster": 0, "follows": 5, "source_creators": 6, "target_creators": 6,
            "density": pytest.approx(5 / 30),
        }
    ]  # fmt: skip
    assert pq.read_table(folder / "findings/effects.parquet")["cluster"].to_pylist() == [0]
    readme = (folder / "README.md").read_text()
    assert "cannot be made again from this bundle" in readme
    assert "snakemake" not in readme
    for path in folder.rglob("*"):
        hidden = path.name == MARKER
        assert hidden or path.is_dir() or f"`{path.relative_to(folder)}`" in readme
    with pytest.raises(UserError, match=r"published without profiles and edges.*What its authors made.*publish\.allow"):
        read(folder, study.parent / "read", monkeypatch)
    shutil.copytree(folder, study.parent / "reader/bundle")
    monkeypatch.chdir(study.parent / "reader")
    shutil.copy(folder / "study.yaml", "study.yaml")
    with pytest.raises(ConfigError, match="published without profiles and edges"):
        Study(CHECKOUT, yaml.safe_load((folder / "study.yaml").read_text()), ["study.yaml"])
    readme = (publish(study, monkeypatch, *REMAKEABLE) / "README.md").read_text()
    assert "Make everything again" in readme


def test_items_that_are_allowed_come_with_rounded_numbers_and_months(study, monkeypatch):
    folder = publish(study, monkeypatch, *REMAKEABLE)
    creator = pq.read_table(folder / "tables/creators.parquet").to_pylist()[0]
    assert (creator["followers"], creator["following"], creator["n_reels"]) == (18_000, 350, 1)
    assert not {"age", "followers_from"} & creator.keys()
    reel = pq.read_table(folder / "tables/reels.parquet").to_pylist()[0]
    assert reel["taken_at"] == datetime(2024, 5, 1, tzinfo=UTC)
    assert (reel["plays"], reel["likes"], reel["comments"], reel["duration_s"]) == (99_000, 0, 7, 12.0)
    assert (reel["embedding"], reel["caption_language"]) == (None, "de")
    assert pq.read_table(folder / "tables/follows.parquet").num_rows == 8  # none of an outsider
    assert (folder / "figures/map.pdf").exists()


def test_each_item_opens_what_it_says_and_a_study_needs_profiles_and_edges(study, monkeypatch):
    opened = {
        "profiles": {"profile", "profile_spread", "n_reels", "n_embedded", "few_reels"},
        "edges": {"follows_status"},
        "counts": {"followers", "following", "n_reels", "n_embedded"},
        "reels": set(),
    }
    for item, columns in opened.items():
        folder = publish(study, monkeypatch, f"--allow=[{item}]", "--max-unique=null")
        creators = pq.read_table(folder / "tables/creators.parquet")
        told = {name for name in creators.column_names if creators[name].null_count < creators.num_rows}
        assert told - {"creator_id", "followers_from", "followers_to"} == columns, item
        assert (folder / "tables/edges.parquet").exists() == (item == "edges")
        assert (folder / "tables/reels.parquet").exists() == (item != "edges")
        verify(folder, monkeypatch)
        with pytest.raises(UserError, match="published without"):
            read(folder, study.parent / "read", monkeypatch)
    read(publish(study, monkeypatch, "--allow=[profiles, edges]", "--max-unique=8"), study.parent / "read", monkeypatch)
    assert pq.read_table(study.parent / "read/creators.parquet").num_rows == 8


def test_nothing_is_published_of_people_who_can_be_told_apart(study, monkeypatch):
    before = everything_in(publish(study, monkeypatch))
    with pytest.raises(UserError, match=r"8 of 8 creators are unique.*creators\.profile 8.*take profiles out of"):
        publish(study, monkeypatch, "--allow=[profiles]")
    with pytest.raises(UserError, match=r"creators\.age 6.*take age out of publish\.columns.*max_unique: 6"):
        publish(study, monkeypatch, "--columns=[age]")
    assert everything_in(study.parent / "bundle") == before


def test_each_allowed_item_adds_just_what_it_says(study, monkeypatch):
    for item, columns in TELLING.items():
        folder = publish(study, monkeypatch, f"--allow=[{item}]", "--max-unique=null")
        said = everything_in(folder)
        for other, texts in TELLING.items():
            shown = {column for column, text in texts.items() if text.format(n=3) in said}
            assert shown == (set(columns) if other == item else set()), (item, other)
        assert ("neonwords" in said) == (item == "descriptions")
    vectors = publish(study, monkeypatch, "--allow=[embeddings]", "--max-unique=null")
    embedded = pq.read_table(vectors / "tables/reels.parquet")
    assert embedded.column("embedding").null_count == 0
    assert "neonwords" in everything_in(publish(study, monkeypatch, "--allow=[words]"))
    names = publish(study, monkeypatch) / "map/cluster_names.parquet"
    assert pq.read_table(names)["words"].to_pylist() == [["neonwords"]]
    ages = publish(study, monkeypatch, "--columns=[age]", "--max-unique=6") / "tables/creators.parquet"
    assert set(pq.read_table(ages)["age"].to_pylist()) == set(range(30, 36))
    with pytest.raises(UserError, match=r"publish.columns: shoe: no such column .*age.*town"):
        publish(study, monkeypatch, "--columns=[shoe]")


@pytest.mark.parametrize("published", [False, True])
@pytest.mark.parametrize("name", ["thesis.docx", ".git/config", "tables/mine.csv"])
def test_a_folder_with_files_of_somebody_else_is_not_replaced_by_a_bundle(study, monkeypatch, name, published):
    if published:
        publish(study, monkeypatch)
    own = study.parent / "bundle" / name
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text("years of work")
    with pytest.raises(UserError, match=rf"--output: .*bundle has 1 files .*\({name}\)"):
        publish(study, monkeypatch)
    assert own.read_text() == "years of work"


def test_what_people_corrected_in_a_bundle_is_not_written_over(study, monkeypatch):
    folder = publish(study, monkeypatch)
    (folder / "SHA256SUMS").unlink()  # as Snakemake does
    (folder / ".snakemake_timestamp").touch()
    publish(study, monkeypatch)
    (folder / "README.md").write_text("corrected by hand")
    with pytest.raises(UserError, match=r"1 files or folders .*\(README\.md\)"):
        publish(study, monkeypatch)
    assert (folder / "README.md").read_text() == "corrected by hand"


def test_small_clusters_are_not_shown(study, monkeypatch):
    folder = publish(study, monkeypatch)
    clusters = pq.read_table(folder / "map/clusters.parquet")["cluster"].to_pylist()
    assert sorted(clusters) == [0, 0, 0, 0, 0, 0]  # nor are those two, who would be alone outside of all clusters
    assert pq.read_table(folder / "map/cluster_names.parquet")["name"].to_pylist() == ["neonwords"]
    assert "streetwords" not in everything_in(folder)
    assert "1 clusters of fewer than 5 creators" in (folder / "datasheet.md").read_text()
    again = publish(study, monkeypatch, "--smallest-cluster=2", "--k=2")
    assert set(pq.read_table(again / "map/clusters.parquet")["cluster"].to_pylist()) == {0, 1}
    opened = publish(study, monkeypatch, *REMAKEABLE)
    assert sorted(pq.read_table(opened / "map/clusters.parquet")["cluster"].to_pylist()) == [-1, -1, 0, 0, 0, 0, 0, 0]


def test_people_who_opted_out_are_left_out_with_their_reels_and_follows(study, monkeypatch):
    (study.parent / "gone.txt").write_text("@Private_3\n")
    Tombstones().add(["private_4"])
    allowed = ("--allow=[handles, profiles, edges]", "--max-unique=null")
    folder = publish(study, monkeypatch, "--opt-out", str(study.parent / "gone.txt"), *allowed)
    rows = {path.stem: pq.read_table(path).num_rows for path in (folder / "tables").iterdir()}
    assert rows == {"creators": 6, "reels": 6, "status": 6, "follows": 5, "edges": 5, "coverage": 1}
    assert pq.read_table(folder / "map/clusters.parquet").num_rows == 6
    said = everything_in(folder)
    assert "private_5" in said
    assert "private_3" not in said
    assert "private_4" not in said


def test_the_same_study_and_key_give_the_same_bytes_and_another_key_other_names(study, monkeypatch):
    first = {path.name: path.read_bytes() for path in publish(study, monkeypatch).rglob("*") if path.is_file()}
    again = {path.name: path.read_bytes() for path in publish(study, monkeypatch).rglob("*") if path.is_file()}
    assert first == again
    monkeypatch.setenv("ATLAS_PUBLISH_KEY", "cd" * 32)
    other = publish(study, monkeypatch)
    names = set(pq.read_table(other / "tables/creators.parquet")["creator_id"].to_pylist())
    (study.parent / "first.parquet").write_bytes(first["creators.parquet"])
    assert not names & set(pq.read_table(study.parent / "first.parquet")["creator_id"].to_pylist())


def test_the_key_is_made_once_is_its_owners_alone_and_lies_outside_of_what_is_handed_on(tmp_path, monkeypatch):
    monkeypatch.delenv("ATLAS_PUBLISH_KEY", raising=False)
    path = tmp_path / "own" / "publish.key"
    key = read_key(path, [tmp_path / "results"])
    assert read_key(path, []) == key
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UserError, match="which may be handed on"):
        read_key(tmp_path / "results" / "publish.key", [tmp_path / "results"])
    path.write_text("short")
    with pytest.raises(UserError, match="not a key"):
        read_key(path, [])


def test_pseudonyms_of_creators_and_reels_do_not_tell_that_their_ids_are_the_same():
    pseudonyms = Pseudonyms(bytes(32))
    assert pseudonyms.creator("7")[1:] != pseudonyms.reel("7")[1:]


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, 0), (7, 7), (18_437, 18_000), (-155, -160), (0.012345, 0.012), (None, None), (99_999, 100_000)],
)
def test_numbers_keep_two_digits(number, expected):
    assert rounded(number) == expected
    assert type(rounded(number)) is type(number)


def read(folder: Path, output: Path, monkeypatch, *options: str) -> None:
    monkeypatch.setattr("sys.argv", ["read", "--bundle", str(folder), "--output", str(output), *options])
    read_bundle.main(read_bundle.parse())


def verify(folder: Path, monkeypatch) -> None:
    monkeypatch.setattr("sys.argv", ["verify", str(folder)])
    verify_bundle.main(verify_bundle.parse())


def test_measures_are_in_a_full_bundle_only_and_a_reader_of_another_has_tables_without_a_row(study, monkeypatch):
    """Four decimals of a picture's light single out a reel: whatever else is allowed, no public bundle has them."""
    everything = f"--allow=[{', '.join(get_args(Publishable))}]"
    for option, rows in (("--kind=full", 8), (everything, 0)):
        folder = publish(study, monkeypatch, option, "--max-unique=null")
        assert (folder / "tables/measures.parquet").exists() == (rows > 0)
        assert ("50.5" in everything_in(folder)) == (rows > 0)
        monkeypatch.setattr("sys.argv", ["read", "--bundle", str(folder), "--output", str(study.parent / "read")])
        read_bundle.main(read_bundle.parse())
        read = [study.parent / f"read/{name}.parquet" for name in ("measures", "creator_measures")]
        assert [pq.read_table(path).num_rows for path in read] == [rows, rows]


def test_a_full_bundle_gives_a_colleague_the_same_tables(study, monkeypatch):
    folder = publish(study, monkeypatch, "--kind=full")
    verify(folder, monkeypatch)
    read(folder, study.parent / "read", monkeypatch)
    for name in ("reels", "creators", "follows", "edges"):
        original = pq.read_table(study / f"tables/{name}.parquet")
        assert pq.read_table(study.parent / f"read/{name}.parquet").equals(original), name
    assert pq.read_table(study.parent / "read/status.parquet")["path"].null_count == 8


def test_the_reader_marks_creators_with_few_reels_by_its_own_settings(study, monkeypatch):
    folder = publish(study, monkeypatch, *REMAKEABLE)
    read(folder, study.parent / "read", monkeypatch, "--min-reels=1")
    assert pq.read_table(study.parent / "read/creators.parquet")["few_reels"].to_pylist() == [False] * 8


def test_people_may_opt_out_of_what_a_reader_makes(study, monkeypatch):
    folder = publish(study, monkeypatch, "--kind=full")
    Tombstones().add(["private_2"])
    read(folder, study.parent / "read", monkeypatch)
    assert "private_2" not in str([pq.read_table(path).to_pydict() for path in (study.parent / "read").iterdir()])


def test_synthetic_data_must_be_called_synthetic(study, monkeypatch):
    folder = publish(study, monkeypatch, "--synthetic=true")
    assert read_note(folder).synthetic
    assert "Synthetic data" in (folder / "README.md").read_text()
    with pytest.raises(UserError, match="say so in the study"):
        read(folder, study.parent / "read", monkeypatch)
    assert not (study.parent / "read").exists()


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda folder: (folder / "map/clusters.parquet").unlink(), r"clusters\.parquet: is missing"),
        (
            lambda folder: (folder / "study.yaml").write_text("other"),
            r"study\.yaml: is not the file that was published",
        ),
        (lambda folder: (folder / "more.md").write_text("x"), r"more\.md: is not listed"),
        (
            lambda folder: (folder / "SHA256SUMS").write_text(f"{'0' * 64}  ../../etc/passwd\n"),
            "line 1 is not a checksum",
        ),
        (lambda folder: (folder / "SHA256SUMS").unlink(), "no bundle, or not whole"),
        (lambda folder: (folder / "ro-crate-metadata.json").write_text("{}"), "not the description of a crate"),
    ],
)
def test_a_damaged_bundle_is_refused_and_the_file_is_named(harm, said, study, monkeypatch):
    folder = publish(study, monkeypatch)
    verify(folder, monkeypatch)
    harm(folder)
    with pytest.raises(UserError, match=said):
        verify(folder, monkeypatch)


@pytest.mark.parametrize(
    ("note", "said"),
    [
        (None, "no bundle"),
        ("[]", "not a bundle of Reel Atlas"),
        ('{"format": "reel-atlas-bundle", "version": 9}', "version 9"),
    ],
)
def test_a_folder_that_is_no_bundle_is_called_none(note, said, tmp_path, monkeypatch):
    if note:
        (tmp_path / "bundle.json").write_text(note)
    with pytest.raises(UserError, match=said):
        read(tmp_path, tmp_path / "read", monkeypatch)


def test_tables_that_do_not_fit_together_are_refused(study, monkeypatch):
    folder = publish(study, monkeypatch, *REMAKEABLE)
    path = folder / "tables/creators.parquet"
    creators = pq.read_table(path)
    for spoilt, error, said in (
        (creators.slice(1), UserError, r"creator_id c\w+ is not in creators.parquet"),
        (creators.take([0, *range(8)]), UserError, "creator_id more than once"),
        (creators.drop_columns(["profile"]), TableError, "column profile missing"),
    ):
        write_table(spoilt, path)
        write_sums(folder)
        assert check_files(folder) == []
        with pytest.raises(error, match=said):
            verify(folder, monkeypatch)


def test_an_interrupted_publication_leaves_the_bundle_that_was_there(study, monkeypatch):
    folder = publish(study, monkeypatch)
    before = everything_in(folder)
    shutil.rmtree(study / "map")
    with pytest.raises(TableError):
        publish(study, monkeypatch)
    assert everything_in(folder) == before
    assert CREATORS.names[0] == "creator_id"
    assert not list(folder.parent.glob(".bundle*"))
