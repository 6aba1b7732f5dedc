"""Build the interactive atlas: one HTML file with map, reels and follow network, opened without a server."""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

from analysis.placed_creators import placed_creators
from analysis.study_tables import as_numbers, is_number, read_clusters, read_warning
from atlas.clusters import cluster_facts, distinct, homophily, mixing_facts
from atlas.neighbours import as_matrix, nearest
from atlas.page import atlas_page
from atlas.pictures import strip
from atlas.reels import reel_columns
from common import program
from common.columns import measured_columns
from common.config import AtlasSection
from common.files import replace_file
from common.options import add_section, read_section
from common.parquet import read_table
from common.program import UserError
from common.tables import CLUSTER_NAMES, COORDINATES, CREATOR_MEASURES, CREATORS, DISTINCTIONS, EDGES, EFFECTS, REELS
from figures.page import COLOURS
from figures.reel_frames import frame_files, spread_frames
from tabulation.flat import own_columns

VERSION = "7"
NUMBERS = {"plays": "plays", "likes": "likes", "comments": "comments", "duration_s": "seconds"}
OF_SERVICES = {"biography", "profile_pic_url"}  # texts that nobody chose for the atlas
MOST_CATEGORIES = 20  # of a text column; one with more can be searched only
LABELS = {"n_reels": "reels", "n_embedded": "embedded reels", "profile_spread": "spread of the reels"}


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, AtlasSection)
    creators = read_table(arguments.creators, CREATORS).sort_by("creator_id")
    clusters = read_clusters(arguments.clusters)
    placed = placed_creators(creators, read_table(arguments.coordinates, COORDINATES), clusters)
    on_map = zip(placed.places.tolist(), placed.clusters.tolist(), strict=True)
    places = dict(zip(placed.creator_ids.to_pylist(), on_map, strict=True))
    rows = creators.to_pylist()
    number = {row["creator_id"]: index for index, row in enumerate(rows)}

    frames = frame_files(arguments.status) if settings.pictures else {}
    table = read_table(arguments.reels, REELS)
    table = table.filter(pc.is_in(table.column("creator_id"), creators.column("creator_id").combine_chunks()))
    reels = table.drop_columns(["embedding"]).to_pylist()
    own: list[list[int]] = [[] for _ in rows]
    for index, reel in enumerate(reels):
        own[number[reel["creator_id"]]].append(index)
    vectors, profiles = (as_matrix(one) for one in (table.column("embedding"), creators.column("profile")))
    owners = np.array([number[reel["creator_id"]] for reel in reels], np.int64)
    like_creators = nearest(profiles, np.arange(len(rows)), settings.nearest)
    like_reels = nearest(vectors, owners, settings.nearest)

    measures = read_table(arguments.measures, CREATOR_MEASURES)
    columns = [*creator_columns(creators), *reel_columns(table, own)]
    columns += measure_columns(measures, creators.column("creator_id").to_pylist())
    memberships = {row["creator_id"]: row.get("membership") for row in clusters.to_pylist()}
    membership = [finite(memberships.get(row["creator_id"])) for row in rows]
    if any(value is not None for value in membership):
        columns.insert(0, {"key": "membership", "label": "membership", "kind": "number", "values": membership})
    names = read_table(arguments.names, CLUSTER_NAMES).to_pylist()
    differences = distinct(read_table(arguments.distinctions, DISTINCTIONS))
    kept = homophily(read_table(arguments.effects, EFFECTS))
    place = {reel["reel_id"]: index for index, reel in enumerate(reels)}
    edges = [
        [number[edge["source_id"]], number[edge["target_id"]]]
        for edge in read_table(arguments.edges, EDGES).to_pylist()
        if edge["source_id"] in number and edge["target_id"] in number
    ]
    of_creators = [creator_facts(row, places, own[index]) for index, row in enumerate(rows)]
    for creator, found, near in zip(of_creators, own, like_creators, strict=True):
        creator["near"] = near
        creator["face"] = typical(vectors[found], profiles[number[creator["id"]]], found)
    data = {
        "name": arguments.name,
        "synthetic": arguments.synthetic == "true",
        "method": f"{placed.method} of the creators' mean embeddings" if len(placed) else "no creator has a place",
        "warning": read_warning(arguments.robustness),
        "columns": columns,
        "colours": COLOURS,
        "clusters": [
            cluster | {"distinct": differences.get(cluster["id"], []), "homophily": kept.get(cluster["id"])}
            for cluster in cluster_facts(placed.places, placed.clusters, names, place)
        ],
        "creators": of_creators,
        "reels": [
            reel_facts(reel, frames.get(reel["reel_id"]), settings) | ({"near": near} if near else {})
            for reel, near in zip(reels, like_reels, strict=True)
        ],
        "edges": edges,
        "mixing": mixing_facts([creator["cluster"] for creator in of_creators], edges),
        "findings": arguments.findings.read_text(encoding="utf-8"),
        "stability": json.loads(arguments.robustness.read_text(encoding="utf-8"))["variants"],
    }
    page = atlas_page(data).encode("utf-8", "replace")
    if len(page) > settings.max_mb * 1e6:
        raise UserError(
            f"the atlas would have {len(page) / 1e6:.1f} MB, more than atlas.max_mb ({settings.max_mb:g}): raise it, "
            "or lower atlas.frames or atlas.height, or leave pictures out (atlas.pictures: false)"
        )
    replace_file(arguments.output, page)
    program.log.info("%s: %d creators, %d reels, %.1f MB", arguments.output, len(rows), len(reels), len(page) / 1e6)


def creator_columns(creators: pa.Table) -> list[dict[str, Any]]:
    """What creators can be coloured, filtered and searched by: numbers of the table, and own columns; see `column`."""
    own = {field.name: field.type for field in own_columns(creators)}
    numbers = [
        field.name
        for field in CREATORS
        if is_number(field.type) and creators.column(field.name).null_count < len(creators)
    ]
    found = [column(name, LABELS.get(name, name.replace("_", " ")), creators.column(name)) for name in numbers]
    known = [name for name in own if creators.column(name).null_count < len(creators)]
    return found + [column(name, name.replace("_", " "), creators.column(name)) | {"group": "own"} for name in known]


def measure_columns(measures: pa.Table, creator_ids: list[str]) -> list[dict[str, Any]]:
    """The measures of the creators' reels together; see `column`."""
    place = pc.index_in(pa.array(creator_ids, pa.string()), measures.column("creator_id").combine_chunks())
    table = measures.select(list(measured_columns())).take(place)
    known = [name for name in table.column_names if table.column(name).null_count < len(table)]
    return [
        column(name, name.replace("_", " "), table.column(name), exact=False) | {"group": "measures"} for name in known
    ]


def column(key: str, label: str, values: pa.ChunkedArray, exact: bool = True) -> dict[str, Any]:
    """A column as the page reads it: numbers (dates and times: seconds since 1970), categories, or texts.

    Args:
        key: its name in addresses.
        label: its name for people.
        values: of the creators.
        exact: keep all digits of numbers; four that count are enough for a colour.
    """
    kind = values.type
    if kinds.is_boolean(kind):
        words: list[Any] = [None if value is None else "yes" if value else "no" for value in values.to_pylist()]
        return {"key": key, "label": label, "kind": "category", "values": words}
    if not is_number(kind):
        texts = [None if value is None else str(value) for value in values.to_pylist()]
        shared = len(set(texts) - {None}) <= MOST_CATEGORIES and len(set(texts)) < len(texts)
        return {"key": key, "label": label, "kind": "category" if shared or not exact else "text", "values": texts}
    if kinds.is_integer(kind) or kinds.is_floating(kind):
        numbers = [finite(value) for value in values.to_pylist()]
        if not exact:
            numbers = [None if value is None else float(f"{value:.4g}") for value in numbers]
        return {"key": key, "label": label, "kind": "number", "values": numbers}
    seconds = as_numbers(values) * (86_400 if kinds.is_date(kind) else 1)
    whole = [None if np.isnan(one) else int(one) for one in seconds.tolist()]
    return {"key": key, "label": label, "kind": "date" if kinds.is_date(kind) else "time", "values": whole}


def creator_facts(row: dict[str, Any], places: dict[str, tuple[list[float], int]], reels: list[int]) -> dict[str, Any]:
    """A creator as the page reads it; without a place on the map neither x, y nor a cluster."""
    (x, y), cluster = places.get(row["creator_id"], ((None, None), None))
    return {
        "id": row["creator_id"],
        "handle": row["handle"] or row["creator_id"],
        "name": row["full_name"],
        "x": x,
        "y": y,
        "cluster": cluster,
        "reels": reels,
    }


def reel_facts(reel: dict[str, Any], frames: Path | None, settings: AtlasSection) -> dict[str, Any]:
    """A reel as the page reads it: what there is, and what the settings allow."""
    facts = {
        "id": reel["reel_id"],
        "description": reel["description"] or reel["description_raw"],
        "caption": reel["caption"] if settings.captions else None,
        "speech": (reel["speech_text"] or reel["speech_en"]) if settings.transcripts else None,
        "music": " – ".join(part for part in (reel["music_title"], reel["music_artist"]) if part) or None,
        "url": reel["url"],
        "numbers": {label: value for name, label in NUMBERS.items() if (value := finite(reel[name])) is not None},
    }
    if frames:
        facts |= strip(spread_frames(frames, reel["reel_id"], settings.frames, settings.height))
    return {name: value for name, value in facts.items() if value}


def typical(vectors: np.ndarray, profile: np.ndarray, reels: list[int]) -> int | None:
    """The reel that is most like its creator's profile; None where no reel is embedded.

    Args:
        vectors: (n, d) of the creator's reels; NaN where a reel is not embedded.
        profile: (d,) of the creator.
        reels: (n,) their places in the page.
    """
    known = [row for row, vector in enumerate(vectors) if len(vector) and np.isfinite(vector).all()]
    if not known or not np.isfinite(profile).all():
        return None
    alike = np.round(vectors[known] @ profile / np.linalg.norm(vectors[known], axis=1), 6)
    return reels[known[int(np.argmax(alike))]]


def finite(value: float | None) -> float | None:
    """A number that JSON can hold; None for others."""
    return value if value is not None and np.isfinite(value) else None


def parse() -> argparse.Namespace:
    parser = program.parser(__doc__)
    program.add_tables(parser, "creators", "reels", "edges", "status", "coordinates", "clusters", names="cluster_names")
    program.add_tables(parser, "distinctions", "effects", measures="creator_measures")
    parser.add_argument("--findings", type=Path, required=True, metavar="FILE", help="hypotheses.md")
    parser.add_argument("--robustness", type=Path, required=True, metavar="FILE", help="robustness.json")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="page to write")
    program.add_labels(parser)
    add_section(parser, AtlasSection)
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
