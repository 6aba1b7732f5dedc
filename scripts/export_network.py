"""Write the follow network for Gephi, Cytoscape, igraph and others: GEXF and GraphML.

Nodes are creators with handle, numbers, cluster and place on the map (in GEXF also as Gephi draws them), mean measures
and the creators file's own columns; edges go from who follows to who is followed. What there is not has no attribute.
"""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
import io
import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.study_tables import read_names
from common import program
from common.columns import measured_columns
from common.files import replace_file
from common.parquet import read_table
from common.tables import CLUSTERS, COORDINATES, CREATOR_MEASURES, CREATORS, EDGES
from figures.page import cluster_colour
from tabulation.flat import own_columns

if TYPE_CHECKING:
    import networkx as nx

VERSION = "2"
SIDE = 1000.0  # of the map, in Gephi's units
TAKEN = {"id", "label", "viz", "pid", "start", "end", "spells", "slices"}
# What XML 1.0 cannot hold, not even escaped.
NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def main(arguments: argparse.Namespace) -> None:
    creators = read_table(arguments.creators, CREATORS)
    measures = read_table(arguments.measures, CREATOR_MEASURES).select(["creator_id", *measured_columns()])
    graph = network(
        creators.to_pylist(),
        read_table(arguments.coordinates, COORDINATES).to_pylist(),
        read_table(arguments.clusters, CLUSTERS).to_pylist(),
        read_names(arguments.names),
        read_table(arguments.edges, EDGES).to_pylist(),
        {row.pop("creator_id"): row for row in measures.to_pylist()},
        [field.name for field in own_columns(creators)],
    )
    title = f"{arguments.name} (synthetic data)" if arguments.synthetic == "true" else arguments.name
    graph.graph["name"] = xml_text(title)
    replace_file(arguments.gexf, as_gexf(graph))
    replace_file(arguments.graphml, as_graphml(graph))
    program.log.info("%s: %d creators, %d follows", arguments.gexf, graph.number_of_nodes(), graph.number_of_edges())


def network(
    creators: list[dict[str, Any]],
    coordinates: list[dict[str, Any]],
    clusters: list[dict[str, Any]],
    names: dict[int, str],
    edges: list[dict[str, Any]],
    measures: Mapping[str, dict[str, Any]] | None = None,
    own: Sequence[str] = (),
) -> nx.DiGraph:
    """The network with the creators' attributes; rows of the tables of the same names.

    Args:
        creators: rows.
        coordinates: rows.
        clusters: rows.
        names: of the clusters, by number.
        edges: rows.
        measures: of each creator, by id.
        own: further columns of the creators, of one value each.
    """
    import networkx as nx

    graph = nx.DiGraph()
    for row in creators:
        texts = {name: xml_text(row[name]) for name in ("handle", "full_name", "follows_status") if row[name]}
        numbers = {name: row[name] for name in ("followers", "following", "n_reels") if row[name] is not None}
        further = {own_name(name): row[name] for name in own} | (measures or {}).get(row["creator_id"], {})
        known = {name: attribute(value) for name, value in further.items() if value is not None}
        node = known | texts | numbers | {"label": texts.get("handle", row["creator_id"])}
        graph.add_node(xml_text(row["creator_id"]), **node)
    for row in clusters:
        if row["cluster"] is not None:
            node = graph.nodes[xml_text(row["creator_id"])]
            node["cluster"] = row["cluster"]
            node["cluster_name"] = xml_text(names.get(row["cluster"], "no cluster"))
            if row["membership"] is not None:
                node["membership"] = row["membership"]
    for row in coordinates:
        if row["x"] is not None:
            node = graph.nodes[xml_text(row["creator_id"])]
            node["x"], node["y"] = row["x"], row["y"]
    graph.add_edges_from((xml_text(row["source_id"]), xml_text(row["target_id"])) for row in edges)
    return graph


def own_name(column: str) -> str:
    """What an own column is called as an attribute: some names mean something to the library or to Gephi."""
    return f"own_{column}" if column.lower() in TAKEN else xml_text(column)


def attribute(value: Any) -> Any:
    """A value as an attribute: dates and times in ISO 8601."""
    if isinstance(value, date):
        return value.isoformat()
    return xml_text(value) if isinstance(value, str) else value


def as_gexf(graph: nx.DiGraph) -> bytes:
    """GEXF 1.2, with each creator where and in which colour the map shows her or him."""
    import networkx as nx

    drawn = graph.copy()
    for _, node in drawn.nodes(data=True):
        colour = cluster_colour(node.get("cluster", -1)).removeprefix("#")
        red, green, blue = (int(colour[place : place + 2], 16) for place in (0, 2, 4))
        node["viz"] = {"color": {"r": red, "g": green, "b": blue, "a": 1.0}}
        if "x" in node:
            node["viz"]["position"] = {"x": node["x"] * SIDE, "y": node["y"] * SIDE, "z": 0.0}
    text = "\n".join(nx.generate_gexf(drawn, version="1.2draft"))
    # The library writes the day: the same network is to give the same bytes.
    return (re.sub(r' lastmodifieddate="[^"]*"', "", text) + "\n").encode()


def as_graphml(graph: nx.DiGraph) -> bytes:
    """GraphML."""
    import networkx as nx

    file = io.BytesIO()
    nx.write_graphml_xml(graph, file, prettyprint=True)
    return file.getvalue()


def xml_text(text: str) -> str:
    """A text without characters that XML cannot hold; a replacement character says that there was one."""
    return NOT_IN_XML.sub("\ufffd", text)


def parse() -> argparse.Namespace:
    parser = program.parser(__doc__)
    program.add_tables(
        parser, "creators", "coordinates", "clusters", "edges", names="cluster_names", measures="creator_measures"
    )
    parser.add_argument("--gexf", type=Path, required=True, metavar="FILE", help="to write")
    parser.add_argument("--graphml", type=Path, required=True, metavar="FILE", help="to write")
    program.add_labels(parser)
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
