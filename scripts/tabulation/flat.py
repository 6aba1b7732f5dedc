"""One table of the creators for R, Stata and pandas: one value in each cell, under names that all of them take."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

from common.columns import measured_columns
from common.meanings import Meaning
from common.tables import CREATOR_MEASURES, CREATORS, CREATORS_FLAT

LONGEST = 32  # of a name in Stata
# Words that Stata takes for something else (help reserved).
RESERVED = {"byte", "double", "float", "if", "in", "int", "long", "strl", "using", "with"}


def flat_names(columns: Sequence[str], taken: Sequence[str]) -> list[str]:
    """Names of letters, digits and _ for columns: 32 characters at most, all different, also without regard to case.

    Args:
        columns: as they are called.
        taken: names that other columns have.
    """
    used = {name.casefold() for name in taken}
    names = []
    for column in columns:
        name = re.sub(r"\W", "_", column)
        if not name[:1].isalpha():
            name = f"v{name}"
        if name.lower() in RESERVED or re.fullmatch(r"str[0-9]+", name):
            name += "_"
        number, whole = 1, name[:LONGEST]
        while whole.casefold() in used:
            number += 1
            whole = f"{name[: LONGEST - len(str(number)) - 1]}_{number}"
        used.add(whole.casefold())
        names.append(whole)
    return names


def own_columns(creators: pa.Table) -> list[pa.Field]:
    """The columns that the creators file or the source brought along, those of one value each."""
    return [field for field in creators.schema if field.name not in CREATORS.names and not kinds.is_nested(field.type)]


def flat_table(tables: Mapping[str, pa.Table], names: Mapping[int, str]) -> pa.Table:
    """The table, a row for each creator, by creator_id.

    Args:
        tables: creators, coordinates, clusters, edges, creator_measures.
        names: of the clusters, by number.
    """
    creators = tables["creators"].sort_by("creator_id")
    ids = creators.column("creator_id").to_pylist()
    rows = {
        name: {row["creator_id"]: row for row in tables[name].to_pylist()}
        for name in ("coordinates", "clusters", "creator_measures")
    }
    out, back = (Counter(tables["edges"].column(name).to_pylist()) for name in ("source_id", "target_id"))
    made = {
        "cluster": [rows["clusters"].get(one, {}).get("cluster") for one in ids],
        "membership": [rows["clusters"].get(one, {}).get("membership") for one in ids],
        **{axis: [rows["coordinates"].get(one, {}).get(axis) for one in ids] for axis in "xy"},
        "followed_in_cohort": [back[one] for one in ids],
        "n_measured": [rows["creator_measures"].get(one, {}).get("n_measured") for one in ids],
    }
    made["cluster_name"] = [None if one is None else names.get(one) for one in made["cluster"]]
    fetched = pc.not_equal(pc.fill_null(creators.column("follows_status"), ""), "unfetched").to_pylist()
    made["follows_in_cohort"] = [out[one] if known else None for one, known in zip(ids, fetched, strict=True)]
    fields, columns = list(CREATORS_FLAT), []
    for field in CREATORS_FLAT:
        whole = field.name in CREATORS.names
        columns.append(creators.column(field.name) if whole else pa.array(made[field.name], field.type))
    for name in measured_columns():
        field = CREATOR_MEASURES.field(name)
        fields.append(field)
        columns.append(pa.array([rows["creator_measures"].get(one, {}).get(name) for one in ids], field.type))
    own = own_columns(creators)
    for field, name in zip(own, flat_names([one.name for one in own], [one.name for one in fields]), strict=True):
        kind = pa.string() if kinds.is_null(field.type) else field.type
        meaning = Meaning(f"column {field.name} of the creators file or the source")
        fields.append(pa.field(name, kind, metadata=meaning.metadata()))
        columns.append(creators.column(field.name).cast(kind))
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))
