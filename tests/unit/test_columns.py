"""What columns mean: said once, in the Parquet files and on the page, and of nothing that is not there."""

from __future__ import annotations

from typing import get_type_hints

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis import evidence
from common import tables
from common.columns import measured_columns
from common.meanings import meanings
from common.parquet import build_table, read_table, write_table
from common.tables import CREATORS, MANIFEST
from measures import Measures, SampledReel, measure
from tabulation.documentation import schema_of

SCHEMAS = {
    name: value
    for module in (tables, evidence)
    for name, value in vars(module).items()
    if isinstance(value, pa.Schema) and value is not MANIFEST
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_field_says_what_it_means(name):
    without = [field.name for field in SCHEMAS[name] if not (field.metadata or {}).get(b"description")]
    assert not without, f"describe them in scripts/common/columns.toml, [{name.lower()}.columns]"


@pytest.mark.parametrize("name", meanings())
def test_nothing_is_described_that_a_table_does_not_have(name):
    assert set(meanings()[name].columns) <= set(schema_of(name).names)


def test_the_table_of_measures_has_exactly_what_is_measured_with_its_types():
    noise = np.random.default_rng(0).integers(0, 256, (90, 60, 3), np.uint8)
    measured = measure(SampledReel([noise], [0.5], [(0.0, 2.0)], [], 2.0)).as_dict()
    parts = {part: get_type_hints(kind) for part, kind in get_type_hints(Measures).items()}
    hints = {f"{part}_{name}": hint for part, names in parts.items() for name, hint in names.items()}
    # Of what is not known (None) the measure's own type says what it is; names and shares of colours have none.
    kinds = {str: pa.string(), int: pa.int64(), float: pa.float64(), float | None: pa.float64()}
    found = {name: kinds[hints.get(name, type(value))] for name, value in measured.items()}
    assert found == measured_columns(), "describe each in scripts/common/columns.toml, [measures.columns]"


def test_meaning_unit_and_range_are_in_the_file_and_survive_reading(tmp_path):
    path = tmp_path / "creators.parquet"
    write_table(build_table([{"creator_id": "ada", "city": "Oslo"}], CREATORS, further=True), path)
    for schema in (pq.read_schema(path), read_table(path, CREATORS).schema):
        said = schema.field("profile_spread").metadata
        assert said[b"description"].startswith(b"mean cosine distance")
        assert (said[b"unit"], said[b"range"]) == (b"cosine distance", b"0 to 2")
        assert b"unit" not in schema.field("handle").metadata
