"""Write the reels as a table that 4CAT takes in (Create dataset, custom upload, format "Custom/other").

4CAT wants the columns id, thread_id, author, body and timestamp; all others come along. Where people ask it for
pseudonyms, it changes the columns whose names begin with `author` and no others, so nothing but `url` names the creator
elsewhere. 4CAT guesses how a table is written, at times wrongly where texts have quotation marks: they become single
ones. A text that a spreadsheet would run as a formula gets an apostrophe in front, as in export_csv.py.
"""

from __future__ import annotations

import argparse
import csv
import environment  # noqa: F401 (before all packages)
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analysis.study_tables import read_names
from common import program
from common.files import replace_file
from common.parquet import read_table
from common.tables import CLUSTERS, CREATORS, REELS
from export_csv import FORMULA

VERSION = "1"
# By what 4CAT, or its table of TikTok, calls a column: what the tables of the study call it.
OF_REELS = {
    "id": "reel_id",
    "thread_id": "reel_id",  # a post is its own thread, as in 4CAT's table of TikTok
    "body": "caption",
    "timestamp": "taken_at",
    "url": "url",
    **{name: name for name in ("plays", "views", "likes", "comments", "duration_s", "caption_language", "caption_en")},
    "music_name": "music_title",
    "music_author": "music_artist",
    **{name: name for name in ("audio_kind", "speech_language", "speech_text", "speech_en", "description")},
}
OF_CREATORS = {"author": "handle", "author_full": "full_name", "author_followers": "followers"}
FIRST = ("id", "thread_id", "author", "body", "timestamp")


def main(arguments: argparse.Namespace) -> None:
    reels = read_table(arguments.reels, REELS).to_pylist()
    content = as_4cat(
        reels,
        read_table(arguments.creators, CREATORS).to_pylist(),
        read_table(arguments.clusters, CLUSTERS).to_pylist(),
        read_names(arguments.names),
    )
    replace_file(arguments.output, content.encode("utf-8", "replace"))
    program.log.info("%s: %d reels", arguments.output, len(reels))


def as_4cat(
    reels: Sequence[Mapping[str, Any]],
    creators: Sequence[Mapping[str, Any]],
    clusters: Sequence[Mapping[str, Any]],
    names: Mapping[int, str],
) -> str:
    """The reels, in their order, as CSV: all cells in quotation marks, times in UTC, empty for null.

    Args:
        reels: rows of the table of reels.
        creators: rows of the table of creators.
        clusters: rows of the table of clusters; who has none has an empty cell.
        names: of clusters, by number.
    """
    by_id = {creator["creator_id"]: creator for creator in creators}
    cluster_of = {row["creator_id"]: row["cluster"] for row in clusters}
    header = [*FIRST, *(name for name in (*OF_REELS, *OF_CREATORS) if name not in FIRST), "cluster", "cluster_name"]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=header, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writeheader()
    for reel in reels:
        cluster = cluster_of.get(reel["creator_id"])
        row = {name: reel[column] for name, column in OF_REELS.items()}
        row |= {name: by_id[reel["creator_id"]][column] for name, column in OF_CREATORS.items()}
        row |= {"cluster": cluster, "cluster_name": None if cluster is None else names.get(cluster)}
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, str):
        plain = value.replace('"', "'").replace("\0", "")
        return f"'{plain}" if plain.startswith(FORMULA) else plain
    return value


def parse() -> argparse.Namespace:
    parser = program.parser(__doc__)
    for name in ("reels", "creators", "clusters"):
        parser.add_argument(f"--{name}", type=Path, required=True, metavar="FILE", help=f"{name}.parquet")
    parser.add_argument("--names", type=Path, required=True, metavar="FILE", help="cluster_names.parquet")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="the CSV file")
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
