"""Write the numbers of a run that a manuscript quotes, and the table of the cohort."""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
import json
from pathlib import Path

from common import program
from common.files import replace_file
from common.parquet import read_table
from common.tables import CLUSTERS, COVERAGE, CREATORS, EDGES, FOLLOWS, REELS
from figures.numbers import Tables, as_tex, cohort_table, study_numbers, table_as_tex

VERSION = "3"


def main(arguments: argparse.Namespace) -> None:
    folder, synthetic = arguments.results, arguments.synthetic == "true"
    schemas = {"reels": REELS, "creators": CREATORS, "follows": FOLLOWS, "edges": EDGES, "coverage": COVERAGE}
    frames = {name: read_table(folder / f"tables/{name}.parquet", schema) for name, schema in schemas.items()}
    tables = Tables(
        **{name: table.to_pandas() for name, table in frames.items()},
        clusters=read_table(folder / "map/clusters.parquet", CLUSTERS).to_pandas(),
        hypotheses=json.loads((folder / "hypotheses.json").read_text(encoding="utf-8")),
        robustness=json.loads((folder / "robustness.json").read_text(encoding="utf-8")),
    )
    numbers = {"study": arguments.name, "synthetic": synthetic, **study_numbers(tables)}
    replace_file(arguments.json, (json.dumps(numbers, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode())
    quoted = {name: value for name, value in numbers.items() if name != "synthetic"}
    replace_file(arguments.tex, as_tex(quoted, synthetic).encode("utf-8", "replace"))
    cohort = cohort_table(tables)
    replace_file(arguments.cohort, cohort.to_csv(index_label="synthetic data" if synthetic else "").encode())
    replace_file(arguments.cohort.with_suffix(".tex"), table_as_tex(cohort, synthetic).encode())
    tables.coverage.to_csv(arguments.coverage, index=False)
    program.log.info("%s: %d numbers", arguments.json, len(numbers))


def parse() -> argparse.Namespace:
    parser = program.parser(__doc__)
    parser.add_argument("--results", type=Path, required=True, metavar="FOLDER", help="of the run")
    parser.add_argument("--json", type=Path, required=True, metavar="FILE", help="numbers.json to write")
    parser.add_argument("--tex", type=Path, required=True, metavar="FILE", help="numbers.tex to write")
    parser.add_argument("--cohort", type=Path, required=True, metavar="FILE", help="cohort.csv to write; .tex beside")
    parser.add_argument("--coverage", type=Path, required=True, metavar="FILE", help="coverage.csv to write")
    program.add_labels(parser)
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
