"""Who is most alike, found once when the page is made: a page without a server has no vectors to search."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

PER_BLOCK = 256  # rows compared with all others at once, so that memory does not grow with the square
DECIMALS = 3  # of a similarity


def nearest(vectors: FloatArray, owners: IntArray, number: int) -> list[list[tuple[int, float]]]:
    """The rows that are most alike to each row, the most alike first.

    Args:
        vectors: (n, d); a row that is not finite, or is zero, is near nobody.
        owners: (n,) whose each row is; rows of the same owner are not compared.
        number: how many to find.

    Returns:
        For each row at most `number` pairs of another row and its cosine similarity; of equal ones the first rows.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    known = np.flatnonzero(np.isfinite(unit).all(axis=1) & (vectors.shape[1] > 0))
    unit = unit[known].astype(np.float32)
    found: list[list[tuple[int, float]]] = [[] for _ in range(len(vectors))]
    if not number:
        return found
    for start in range(0, len(known), PER_BLOCK):
        block = slice(start, start + PER_BLOCK)
        # Rounded, so that neither the processor's order of sums nor the size of a block decides who comes first.
        alike = np.round(unit[block] @ unit.T, DECIMALS)
        alike[owners[known[block], None] == owners[known][None, :]] = -np.inf
        # Sorting a few of each row is a hundred times faster than sorting all.
        least = np.partition(alike, -min(number, len(known)), axis=1)[:, -min(number, len(known))]
        for row, (values, limit) in enumerate(zip(alike, least, strict=True)):
            few = np.flatnonzero((values >= limit) & np.isfinite(values))
            order = few[np.argsort(-values[few], kind="stable")][:number]
            found[known[start + row]] = [(int(known[one]), round(float(values[one]), DECIMALS)) for one in order]
    return found


def as_matrix(column: pa.ChunkedArray) -> FloatArray:
    """Lists of numbers, all of one length d, as rows, (n, d); rows of NaN where there is none."""
    known = column.drop_null()
    length = len(known[0]) if len(known) else 0
    rows = np.full((len(column), length), np.nan, np.float32)
    rows[column.is_valid().to_numpy()] = pc.list_flatten(known).to_numpy().reshape(len(known), length)
    return rows
