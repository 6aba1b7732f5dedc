"""What a test looks at (`Study`) and what it answers (`Hypothesis`)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from analysis.network import IntArray, Network
from analysis.profiles import FloatArray
from common.columns import described
from common.config import ClusterSettings
from common.tables import FLOAT, INT, STRING

SUPPORTED, NOT_SUPPORTED, NOT_TESTABLE = "supported", "not supported", "not testable"
# Of tests whose statistic is related to what they test by its making: no verdict on the hypothesis.
AS_PUBLISHED = "as published (circular)"
# The one test that needs no clusters, and none of the choices by which they are found.
PRIMARY = "dyadic"
# The test that asks whether there are clusters at all.
EXIST = "clusters-exist"
VERDICTS = (SUPPORTED, NOT_SUPPORTED, NOT_TESTABLE, AS_PUBLISHED)
# With fewer creators nothing is tested: a verdict would hang on single people.
FEWEST_CREATORS = 10

HYPOTHESES = described(
    "hypotheses",
    [
        ("id", STRING),
        ("question", STRING),
        ("null", STRING),
        ("statistic", STRING),
        ("observed", FLOAT),
        ("expected", FLOAT),
        ("effect", FLOAT),
        ("ci_low", FLOAT),
        ("ci_high", FLOAT),
        ("p_value", FLOAT),
        ("p_adjusted", FLOAT),
        ("n_creators", INT),
        ("n_edges", INT),
        ("n_draws", INT),
        ("seed", INT),
        ("verdict", STRING),
        ("reason", STRING),
    ],
)

# The same under other choices.
SENSITIVITY = described("sensitivity", [("variant", STRING), *HYPOTHESES])


@dataclass(frozen=True)
class Reels:
    """Embedded reels of a cohort's creators, sorted by creator, then reel_id.

    Attributes:
        owners: (r,) creator numbers, ascending.
        vectors: (r, d) float32.
    """

    owners: IntArray
    vectors: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Study:
    """What the tests look at: n creators, numbered in the order of their sorted ids.

    Attributes:
        network: the cohort and its follow edges.
        clusters: (n,) cluster of each creator; -1: noise or none.
        membership: (n,) HDBSCAN's strength of membership, NaN where there is none; None where the table does not say.
        profiles: (n, d) mean embeddings, rows of NaN where a creator has none; None where no creator has one.
        reels: what the profiles are the means of; None where the table of reels was not given.
        follows_status: state of each creator's follow list; empty where the table does not say.
        few_reels: (n,) whether the profile is of fewer reels than profile.min_reels; None where the table does not say.
        followers: (n,) numbers of followers, NaN where unknown; None where the table does not say.
        categories: (n,) whole numbers, equal for creators that share a category, -1 where unknown; by column.
        numbers: (n,) own columns of numbers that hypotheses.controls names, NaN where unknown; by column.
        clustering: settings with which halves of the reels are clustered again.
        processes: how many processes a test may use; no result depends on it.
    """

    network: Network
    clusters: IntArray
    membership: FloatArray | None = None
    profiles: FloatArray | None = None
    reels: Reels | None = None
    follows_status: list[str | None] = field(default_factory=list)
    few_reels: npt.NDArray[np.bool] | None = None
    followers: FloatArray | None = None
    categories: Mapping[str, IntArray] = field(default_factory=dict)
    numbers: Mapping[str, FloatArray] = field(default_factory=dict)
    clustering: ClusterSettings = field(default_factory=ClusterSettings)
    processes: int = 1

    @property
    def n_profiles(self) -> int:
        """Number of creators that have a profile."""
        return 0 if self.profiles is None else int((~np.isnan(self.profiles).any(axis=1)).sum())

    @property
    def has_controls(self) -> bool:
        """Whether something is known of the creators that could move both profiles and follows."""
        return bool(self.categories) or bool(self.numbers) or self.followers is not None

    def only(self, kept: npt.NDArray[np.bool]) -> Study:
        """The study of some of its creators, and of the edges and reels among them.

        Args:
            kept: (n,) who stays.
        """
        numbers = np.cumsum(kept) - 1
        edges = kept[self.network.sources] & kept[self.network.targets]
        network = replace(
            self.network,
            creator_ids=self.network.creator_ids.filter(pa.array(kept)),
            sources=numbers[self.network.sources[edges]],
            targets=numbers[self.network.targets[edges]],
        )
        reels = None
        if self.reels is not None:
            own = kept[self.reels.owners]
            reels = Reels(numbers[self.reels.owners[own]], self.reels.vectors[own])
        return replace(
            self,
            network=network,
            clusters=self.clusters[kept],
            membership=None if self.membership is None else self.membership[kept],
            profiles=None if self.profiles is None else self.profiles[kept],
            reels=reels,
            follows_status=[status for status, stays in zip(self.follows_status, kept, strict=False) if stays],
            few_reels=None if self.few_reels is None else self.few_reels[kept],
            followers=None if self.followers is None else self.followers[kept],
            categories={name: codes[kept] for name, codes in self.categories.items()},
            numbers={name: values[kept] for name, values in self.numbers.items()},
        )


@dataclass(frozen=True)
class Hypothesis:
    """One test's result; None where a number could not be computed or has no meaning.

    Attributes:
        id, question, null, statistic: what was asked, against what, measured how, in words.
        observed, expected: the statistic, and its mean under the null.
        effect: size of the effect; `statistic` says what it is.
        ci_low, ci_high: interval of the effect.
        p_value: one-sided, of this test alone.
        p_adjusted: among the tests of the family.
        n_creators, n_edges: creators and edges that took part.
        under_null: (draws,) the statistic under the null, in its own table (NULLS).
        verdict: "supported", "not supported" or "not testable".
        reason: why it is not testable, and what else limits the result.
    """

    id: str
    question: str
    null: str
    statistic: str
    n_creators: int
    n_edges: int
    verdict: str
    reason: str | None
    observed: float | None = None
    expected: float | None = None
    effect: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p_value: float | None = None
    p_adjusted: float | None = None
    n_draws: int | None = None
    seed: int | None = None
    under_null: FloatArray | None = field(default=None, repr=False, compare=False)


def read_hypotheses(path: Path) -> list[Hypothesis]:
    """The results of the tests, as `hypotheses.json` has them."""
    return [Hypothesis(**row) for row in json.loads(path.read_text(encoding="utf-8"))]


def too_few(number: int, which: str = "") -> str | None:
    """Why so many creators are not tested, and which creators count; None where they are enough."""
    if number >= FEWEST_CREATORS:
        return None
    return f"too few creators ({' '.join([str(number), which]).strip()}, at least {FEWEST_CREATORS} are needed)"


def is_incomplete(status: str | None) -> bool:
    """Whether a follow list is known not to be complete."""
    return status not in (None, "complete", "unknown")


def incomplete_lists(statuses: list[str | None]) -> str | None:
    """How many creators' follow lists are not complete, or of unknown length, in words; None where all are complete."""
    counts = Counter(status for status in statuses if is_incomplete(status))
    parts = ", ".join(f"{number} {status}" for status, number in sorted(counts.items(), key=str))
    unknown = statuses.count("unknown")
    return sentence(
        f"{counts.total()} of {len(statuses)} creators' follow lists are not complete ({parts})" if counts else None,
        f"how long {unknown} of {len(statuses)} follow lists should be is not known: they are taken as they are"
        if unknown
        else None,
    )


def too_incomplete(statuses: list[str | None], max_incomplete: float) -> str | None:
    """Why a network is not tested where a larger share of its follow lists than this is not complete; else None."""
    incomplete = sum(map(is_incomplete, statuses))
    if not statuses or incomplete <= max_incomplete * len(statuses):
        return None
    return f"too many follow lists are not complete (hypotheses.max_incomplete = {max_incomplete:g})"


def sentence(*parts: str | None) -> str | None:
    """The parts that there are, as one reason."""
    said = [part for part in parts if part]
    return "; ".join(said) if said else None


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p values of Holm's step-down procedure (Holm 1979), in the order given."""
    order = np.argsort(p_values, kind="stable")
    number = len(p_values)
    adjusted = np.empty(number)
    steps = [p_values[place] * (number - rank) for rank, place in enumerate(order)]
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if steps else []
    return [float(value) for value in adjusted]
