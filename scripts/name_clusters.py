"""Name the clusters by the words of their reels' descriptions, and find their most central creators and reels.

With `names.backend: openai` a language model gives the names; the words stay beside them.
"""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
from collections import defaultdict
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from analysis.cluster_names import N_REELS, ClusterName, characteristic_words, most_central, name_of
from analysis.study_tables import read_clusters
from common import program
from common.config import EndpointSection, NamesSection
from common.options import add_section, read_section
from common.parquet import read_table, write_table
from common.program import UserError
from common.prompts import read_prompt
from common.states import ReelError
from common.tables import CLUSTER_NAMES, CREATORS, REELS

VERSION = "2"
LONGEST = 60  # letters of a name
MAX_NEW_TOKENS = 32


def main(arguments: argparse.Namespace) -> None:
    reels = read_table(arguments.reels, REELS).select(["reel_id", "creator_id", "description", "embedding"]).to_pylist()
    profiles = {
        row["creator_id"]: np.array(row["profile"])
        for row in read_table(arguments.creators, CREATORS).select(["creator_id", "profile"]).to_pylist()
        if row["profile"] is not None
    }
    members: dict[int, list[str]] = defaultdict(list)
    for row in read_clusters(arguments.clusters).select(["creator_id", "cluster"]).to_pylist():
        if row["cluster"] is not None and row["cluster"] >= 0:
            members[row["cluster"]].append(row["creator_id"])
    descriptions: dict[str, list[str]] = defaultdict(list)
    for reel in reels:
        if reel["description"]:
            descriptions[reel["creator_id"]].append(reel["description"])
    words = characteristic_words(descriptions, members)
    named = [name_cluster(cluster, members[cluster], words[cluster], profiles, reels) for cluster in sorted(members)]
    settings = read_section(arguments, NamesSection)
    if settings.backend == "openai" and named:
        texts = {str(reel["reel_id"]): str(reel["description"] or "") for reel in reels}
        named = names_by_model(named, texts, settings.endpoint)
    write_table(pa.Table.from_pylist([asdict(name) for name in named], schema=CLUSTER_NAMES), arguments.output)
    for name in named:
        program.log.info("cluster %d: %s (%s)", name.cluster, name.name, ", ".join(name.words))


def name_cluster(
    cluster: int,
    creators: list[str],
    words: list[tuple[str, float]],
    profiles: dict[str, np.ndarray],
    reels: list[dict[str, object]],
) -> ClusterName:
    """A cluster's name, its medoid, and its most central reels, each of another creator."""
    known = sorted(creator for creator in creators if creator in profiles)
    medoid, central = None, list[str]()
    if known:
        vectors = np.stack([profiles[creator] for creator in known])
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        centroid = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0).mean(axis=0)
        medoid = most_central(known, vectors, centroid)[0]
        own = {str(reel["reel_id"]): reel for reel in reels if reel["creator_id"] in known and reel["embedding"]}
        seen = set[object]()
        for reel in (
            most_central(list(own), np.array([one["embedding"] for one in own.values()]), centroid) if own else []
        ):
            if own[reel]["creator_id"] not in seen and len(central) < N_REELS:
                seen.add(own[reel]["creator_id"])
                central.append(reel)
    said = [word for word, _ in words]
    return ClusterName(cluster, name_of(cluster, said), "words", said, [weight for _, weight in words], medoid, central)


def names_by_model(names: list[ClusterName], texts: dict[str, str], endpoint: EndpointSection) -> list[ClusterName]:
    """The same clusters with names that a language model behind an endpoint gives.

    Args:
        names: by words.
        texts: description of each reel.
        endpoint: the server.

    Raises:
        UserError: a cluster gets no name that can be used; none is left with its words, so that all are of one kind.
    """
    from generation.endpoint import EndpointGenerator
    from generation.requests import Answer, Request

    prompt, found = read_prompt(None, "name"), dict[str, Answer | ReelError]()
    requests = [Request(str(name.cluster), prompt, context_of(name, texts)) for name in names]
    for request, answer in EndpointGenerator(endpoint, max_new_tokens=MAX_NEW_TOKENS).generate(requests):
        found[request.name] = answer
    renamed = []
    for name in names:
        answer = found[str(name.cluster)]
        if isinstance(answer, ReelError):
            why = ": ".join(part for part in (answer.reason, answer.detail) if part)
            raise UserError(
                f"cluster {name.cluster}: {endpoint.model} at {endpoint.url} gives no name ({why}). Mend this and run "
                "again, or choose `names.backend: words`"
            )
        called = " ".join(answer.text.split()).strip("\"'“”‘’*.: ")
        if not called or len(called) > LONGEST or not answer.complete:
            raise UserError(
                f"cluster {name.cluster}: {endpoint.model} answers {answer.text[:100]!r}, which is no name of at most "
                f"{LONGEST} letters. Take another model (names.endpoint.model), or choose `names.backend: words`"
            )
        renamed.append(replace(name, name=called, named_by=str(endpoint.model)))
    return renamed


def context_of(name: ClusterName, texts: dict[str, str]) -> str:
    """What a model is told of a cluster."""
    told = [f"Words: {', '.join(name.words) or 'none'}."]
    return "\n".join([*told, *(f"Video: {texts[reel]}" for reel in name.central_reels if texts.get(reel))])


def parse() -> argparse.Namespace:
    parser = program.parser(__doc__)
    program.add_tables(parser, "reels", "creators", "clusters")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="cluster_names.parquet to write")
    add_section(parser, NamesSection)
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
