"""Name the clusters by the words of their reels' descriptions, and find their most central creators and reels.

With `names.backend: openai` a language model gives the names; names that people gave in a file (`names.given`) come
before both. The words stay beside them.
"""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
from collections import defaultdict
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from analysis.cluster_names import GIVEN, N_REELS, ClusterName, characteristic_words, most_central, names_apart
from analysis.study_tables import read_clusters
from common import program
from common.config import EndpointSection, NamesSection
from common.handles import normal_handle
from common.options import add_section, read_section
from common.parquet import read_table, write_table
from common.program import UserError
from common.prompts import read_prompt
from common.states import OK, ReelError
from common.store import ARTIFACT, Store, digest
from common.tables import CLUSTER_NAMES, CREATORS, REELS
from generation.requests import Answer
from sources.csv_tables import read_csv

VERSION = "3"
STORED = "names"  # the folder of the store
LONGEST = 60  # letters of a name
MAX_NEW_TOKENS = 32


def main(arguments: argparse.Namespace) -> None:
    reels = read_table(arguments.reels, REELS).select(["reel_id", "creator_id", "description", "embedding"]).to_pylist()
    creators = read_table(arguments.creators, CREATORS).select(["creator_id", "handle", "profile"]).to_pylist()
    profiles = {row["creator_id"]: np.array(row["profile"]) for row in creators if row["profile"] is not None}
    members: dict[int, list[str]] = defaultdict(list)
    for row in read_clusters(arguments.clusters).select(["creator_id", "cluster"]).to_pylist():
        if row["cluster"] is not None and row["cluster"] >= 0:
            members[row["cluster"]].append(row["creator_id"])
    descriptions: dict[str, list[str]] = defaultdict(list)
    for reel in reels:
        if reel["description"]:
            descriptions[reel["creator_id"]].append(reel["description"])
    words = characteristic_words(descriptions, members)
    names = names_apart(words)
    named = [
        name_cluster(cluster, names[cluster], members[cluster], words[cluster], profiles, reels)
        for cluster in sorted(members)
    ]
    settings = read_section(arguments, NamesSection)
    if settings.backend == "openai" and named:
        texts = {str(reel["reel_id"]): str(reel["description"] or "") for reel in reels}
        named = names_by_model(named, texts, settings.endpoint, Store(arguments.store))
    if settings.given is not None:
        ids = {normal_handle(row["handle"] or row["creator_id"]): row["creator_id"] for row in creators}
        given = given_names(Path(settings.given), ids, members)
        named = [
            replace(name, name=given[name.cluster], named_by=GIVEN) if name.cluster in given else name for name in named
        ]
    write_table(pa.Table.from_pylist([asdict(name) for name in named], schema=CLUSTER_NAMES), arguments.output)
    for name in named:
        program.log.info("cluster %d: %s (%s)", name.cluster, name.name, ", ".join(name.words))


def name_cluster(
    cluster: int,
    called: str,
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
    return ClusterName(cluster, called, "words", said, [weight for _, weight in words], medoid, central)


def given_names(path: Path, ids: dict[str, str], members: dict[int, list[str]]) -> dict[int, str]:
    """The names that people gave, by cluster.

    Args:
        path: CSV file with the columns `creator` (a handle or an id) and `name`.
        ids: of all creators, by normal handle.
        members: creators of each cluster.

    Raises:
        UserError: names the line, and what is wrong with it.
    """
    cluster_of = {creator: cluster for cluster, creators in members.items() for creator in creators}
    found: dict[int, tuple[int, str]] = {}
    for line in read_csv(path, ("creator", "name")):
        place, creator, name = f"{path}, line {line.number}", line.values.get("creator"), line.values.get("name")
        if creator is None or name is None:
            raise UserError(f"{place}: each line needs a creator and the name of the cluster that the creator is in")
        if len(name) > LONGEST:
            raise UserError(f"{place}: the name has {len(name)} letters; {LONGEST} fit into figures")
        known = creator if creator in ids.values() else ids.get(normal_handle(creator))
        if known is None:
            raise UserError(f"{place}: {creator} is no creator of this study; results/tables/creators.parquet has them")
        if known not in cluster_of:
            raise UserError(
                f"{place}: {creator} is in no cluster by now, so {name!r} names none; write another creator of the "
                "cluster that you mean, or take the line out"
            )
        before, other = found.setdefault(cluster_of[known], (line.number, name))
        if other != name:
            raise UserError(
                f"{place}: {creator} is in the cluster that line {before} calls {other!r}; give each cluster one name"
            )
    return {cluster: name for cluster, (_, name) in found.items()}


def names_by_model(
    names: list[ClusterName], texts: dict[str, str], endpoint: EndpointSection, store: Store
) -> list[ClusterName]:
    """The same clusters with names that a language model behind an endpoint gives.

    Args:
        names: by words.
        texts: description of each reel.
        endpoint: the server.
        store: keeps each name, which is paid for, under what was asked; no name is asked for twice.

    Raises:
        UserError: a cluster gets no name that can be used; none is left with its words, so that all are of one kind.
    """
    from generation.endpoint import EndpointGenerator
    from generation.requests import Request

    prompt, called, problems = read_prompt(None, "name"), dict[int, str](), dict[int, str]()
    asked: dict[str, tuple[int, dict[str, object]]] = {}
    requests = []
    for name in names:
        request = Request(str(name.cluster), prompt, context_of(name, texts))
        made_from: dict[str, object] = {
            "program": f"name_clusters {VERSION}", "model": endpoint.model, "url": endpoint.url,
            "extra": endpoint.extra, "asked": digest([prompt, request.context]), "max_new_tokens": MAX_NEW_TOKENS,
        }  # fmt: skip
        kept = store.find(STORED, digest(made_from))
        if kept is None:
            requests.append(request)
            asked[request.name] = name.cluster, made_from
        else:
            called[name.cluster] = kept.artifact(".txt").read_text(encoding="utf-8")
    if requests:
        for request, answer in EndpointGenerator(endpoint, max_new_tokens=MAX_NEW_TOKENS).generate(requests):
            cluster, made = asked[request.name]
            try:
                called[cluster] = name_in(answer, endpoint)
            except ValueError as error:
                problems[cluster] = str(error)
            else:
                with store.workspace() as workspace:
                    folder = workspace / "0"
                    folder.mkdir()
                    (folder / f"{ARTIFACT}.txt").write_text(called[cluster], encoding="utf-8")
                    store.publish(STORED, digest(made), folder, OK, str(endpoint.model), made)
    if problems:
        first = min(problems)
        others = f" ({len(problems) - 1} clusters more have no name)" if len(problems) > 1 else ""
        kept_names = f". The names of {len(called)} other clusters are kept and not asked for again" if called else ""
        raise UserError(f"cluster {first}: {problems[first]}{others}{kept_names}")
    return [replace(name, name=called[name.cluster], named_by=str(endpoint.model)) for name in names]


def name_in(answer: Answer | ReelError, endpoint: EndpointSection) -> str:
    """The name that a model answers; ValueError says what is wrong with the answer, and the remedy."""
    if isinstance(answer, ReelError):
        why = ": ".join(part for part in (answer.reason, answer.detail) if part)
        raise ValueError(
            f"{endpoint.model} at {endpoint.url} gives no name ({why}). Mend this and run again, or choose "
            "`names.backend: words`"
        )
    called = " ".join(answer.text.split()).strip("\"'“”‘’*.: ")
    if not called or len(called) > LONGEST or not answer.complete:
        raise ValueError(
            f"{endpoint.model} answers {answer.text[:100]!r}, which is no name of at most {LONGEST} letters. Take "
            "another model (names.endpoint.model), or choose `names.backend: words`"
        )
    return called


def context_of(name: ClusterName, texts: dict[str, str]) -> str:
    """What a model is told of a cluster."""
    told = [f"Words: {', '.join(name.words) or 'none'}."]
    return "\n".join([*told, *(f"Video: {texts[reel]}" for reel in name.central_reels if texts.get(reel))])


def parse() -> argparse.Namespace:
    parser = program.parser(__doc__)
    program.add_tables(parser, "reels", "creators", "clusters")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="cluster_names.parquet to write")
    parser.add_argument("--store", type=Path, default=Path("data/store"), help="folder of the store [%(default)s]")
    add_section(parser, NamesSection)
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
