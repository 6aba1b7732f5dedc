"""Sections on the map, its clusters and the tests of both."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field

from common.config.models import EndpointSection
from common.config.section import AUTO, AtLeastOne, AtLeastTwo, Auto, Section, Share, setting_of

# From this many creators on, `auto` gives the numbers of the first study, which had 401.
LARGE_COHORT = 100
# Below this many, creators are clustered and drawn by principal components, and figures show each of them.
SMALL_COHORT = 30
# Principal components that clusters are sought in: among more of them, distances are alike and hide clusters.
PCA_DIMENSIONS = 10


class MapSection(Section):
    """Creators in two dimensions (UMAP, with PCA and t-SNE beside it)."""

    neighbours: int = Field(15, ge=2, description="UMAP: size of the neighbourhood (n_neighbors).")
    min_dist: float = Field(0.1, ge=0, le=1, description="UMAP: how close points may lie.")
    metric: Literal["euclidean", "cosine"] = Field("euclidean", description="UMAP: distance between profiles.")


class ProfileSection(Section):
    """A creator's profile: the mean of the embeddings of her or his reels."""

    min_reels: int = Field(
        3, ge=1, description="Creators with fewer embedded reels are marked (`few_reels`); a variant leaves them out."
    )


class ClusterGrid(Section):
    """What `cluster.search` tries: every combination of these."""

    dimensions: list[int] = Field([5, 10, 50], min_length=1, description="Values of `cluster.dimensions`.")
    neighbours: list[int] = Field([10, 15, 30], min_length=1, description="Values of `cluster.neighbours`.")
    min_cluster_size: list[int] = Field([5, 8, 12], min_length=1, description="Values of `cluster.min_cluster_size`.")
    min_samples: list[int] = Field([2, 4, 8], min_length=1, description="Values of `cluster.min_samples`.")
    selection_method: list[Literal["eom", "leaf"]] = Field(
        ["eom", "leaf"], min_length=1, description="Values of `cluster.selection_method`."
    )


class ClusterSection(Section):
    """Communities of creators: HDBSCAN on UMAP-reduced profiles, k-means beside it."""

    space: Literal["umap", "pca", "cosine", "auto"] = Field(
        "auto",
        description="What HDBSCAN sees: profiles reduced by UMAP, reduced by PCA, or the cosine distance between them; "
        "auto: umap, below 30 creators pca, as UMAP draws so few together whether they are alike or not.",
    )
    dimensions: AtLeastTwo | Auto = Field(
        "auto",
        description="UMAP and PCA: dimensions the profiles are reduced to before HDBSCAN; auto: 50 with umap, 10 with "
        "pca, where more of them hide clusters.",
    )
    neighbours: AtLeastTwo | Auto = Field(
        "auto",
        description="UMAP: size of the neighbourhood (n_neighbors); auto: 15, below 100 creators 1.5 times the square "
        "root of their number.",
    )
    min_dist: float = Field(0.1, ge=0, le=1, description="UMAP: how close points may lie.")
    min_cluster_size: AtLeastTwo | Auto = Field(
        "auto",
        description="HDBSCAN: smallest cluster; auto: 8, below 100 creators 0.8 times the square root of their "
        "number, but at least 3.",
    )
    min_samples: AtLeastOne | Auto = Field(
        "auto",
        description="HDBSCAN: how conservative; more gives more noise; auto: half of min_cluster_size, rounded up.",
    )
    selection_method: Literal["eom", "leaf"] = Field("eom", description="HDBSCAN: how clusters are picked.")
    kmeans: AtLeastOne | Auto = Field(
        "auto",
        description="Number of k-means clusters; auto: 5, below 100 creators half the square root of their number, but "
        "at least 2.",
    )
    search: bool = Field(
        False,
        description="Experimental: try `cluster.grid` and take the settings with the best score (DBCV and stability).",
    )
    grid: ClusterGrid = Field(ClusterGrid(), description="What `cluster.search` tries.")
    max_noise: Share = Field(0.5, description="`cluster.search`: settings that leave more creators as noise are out.")
    max_largest: Share = Field(
        0.6, description="`cluster.search`: settings whose largest cluster has a larger share of creators are out."
    )

    def for_cohort(self, creators: int) -> ClusterSettings:
        """The settings with a value for each `auto`.

        The numbers are those of the first study; in a cohort below 100 they shrink with the square root of its size,
        so that a community may be a larger share of a small cohort. Two creators alike are no community: 3 are.
        (docs/analysis.md says how often clusters are found with them where there are none.)

        Args:
            creators: number of creators that have a profile.
        """

        def shrunk(number: int, least: int) -> int:
            return max(least, min(number, round(number * math.sqrt(creators / LARGE_COHORT))))

        first = ClusterSettings()
        # A size that is given bounds the samples, and samples that are given bound the size.
        samples = self.min_samples if isinstance(self.min_samples, int) else 1
        size = max(shrunk(first.min_cluster_size, 3), samples)
        size = self.min_cluster_size if isinstance(self.min_cluster_size, int) else size
        space = ("umap" if creators >= SMALL_COHORT else "pca") if self.space == AUTO else self.space
        numbers = {
            "space": space,
            "dimensions": PCA_DIMENSIONS if space == "pca" else first.dimensions,
            "neighbours": shrunk(first.neighbours, 2),
            "min_cluster_size": size,
            "min_samples": math.ceil(size / 2),
            "kmeans": shrunk(first.kmeans, 2),
        }
        return ClusterSettings(**self.model_dump() | {name: numbers[name] for name in self.automatic})

    @property
    def automatic(self) -> list[str]:
        """Keys that the size of the cohort decides, and of dimensions the space."""
        return [name for name, value in self if value == AUTO]


class ClusterSettings(ClusterSection):
    """The settings that one cohort is clustered with, without `auto`; by default those of the first study."""

    space: Literal["umap", "pca", "cosine"] = Field("umap")
    dimensions: int = Field(50, ge=2)
    neighbours: int = Field(15, ge=2)
    min_cluster_size: int = Field(8, ge=2)
    min_samples: int = Field(4, ge=1)
    kmeans: int = Field(5, ge=1)


class NamesSection(Section):
    """What clusters are called."""

    backend: Literal["words", "openai"] = Field(
        "words",
        description="`words`: the three words that tell a cluster from the others best; `openai`: a name by a language "
        "model behind an endpoint, which is given the words and the descriptions of the most central reels.",
    )
    endpoint: EndpointSection = setting_of("openai", EndpointSection(), "The server of the backend `openai`.")
    given: str | None = Field(
        None,
        description="A CSV file with the columns `creator` and `name`, relative to the study's directory: the cluster "
        "that the creator is in is called so, whatever its number is. The most central creator of a cluster (its "
        "medoid, docs/tables.md) stays in it most surely.",
    )


class HypothesesSection(Section):
    """Tests of the map against the follow network."""

    draws: int = Field(10_000, ge=99, description="Permutations of each test.")
    alpha: float = Field(
        0.05, gt=0, lt=1, description="Largest p value that counts as support; adjusted in the family."
    )
    family: list[str] = Field(
        ["H1-dyadic", "H1-degree", "H2", "H3"],
        description="Tests whose p values are adjusted together (Holm 1979) once the primary test, dyadic, is "
        "supported; tests of your own count by their id. H2 and H3 do not count where hypotheses.space is "
        "umap: they have no power.",
    )
    max_incomplete: Share = Field(
        0.5, description="Larger shares of incomplete follow lists make the tests of the network not testable."
    )
    min_correlation: Share = Field(0.2, description="H2, H3: smallest rank correlation that counts as support.")
    nearest: int = Field(5, ge=1, description="H2: members of the own cluster that the distance is averaged over.")
    confidence: float = Field(0.95, gt=0, lt=1, description="Level of the intervals.")
    resamples: int = Field(1000, ge=99, description="Resamples of creators behind the intervals.")
    swaps_per_edge: float = Field(
        5.0, gt=0, description="H1-degree: attempted edge swaps between two draws, as a multiple of the edges."
    )
    max_swaps: int = Field(
        250_000_000,
        ge=1,
        description="H1-degree: attempted edge swaps in all. Large networks get fewer between two draws.",
    )
    splits: int = Field(3, ge=1, description="H2, H3: random halvings of each creator's reels.")
    reference_draws: int = Field(
        99,
        ge=19,
        description="clusters-exist, H2, H3: cohorts without clusters to compare with; H2 and H3 cluster each `splits` "
        "times.",
    )
    space: Literal["umap", "pca", "cosine"] = Field(
        "pca",
        description="clusters-exist, H2, H3: `cluster.space` for these tests, which cluster hundreds of times; with "
        "umap they take minutes, and H2 and H3 find nothing (docs/analysis.md).",
    )
    dimensions: int = Field(PCA_DIMENSIONS, ge=2, description="clusters-exist, H2, H3: `cluster.dimensions`.")
    controls: list[str] | None = Field(
        None,
        description="Tests of pairs: columns of the creators file: texts and yes/no, which creators may share; "
        "numbers, dates and times, in which they differ (null: language, and every column of yes/no or of texts with "
        "two to twenty values).",
    )
    own_tests: list[str] = Field(
        [], description="Python files with tests of your own (docs/analysis.md), relative to the study's directory."
    )
    compare: dict[str, str] = Field(
        {},
        description="Results folders of other runs of the same creators, by a name for the tables of sensitivity: "
        "`pictures alone: ../pictures/results` for one with description.context: none.",
    )

    def clustering(self, own: ClusterSettings) -> ClusterSettings:
        """The settings with which the tests cluster again: the study's own in the space of the tests."""
        return own.model_copy(update={"space": self.space, "dimensions": self.dimensions})


class ClusterVariant(Section):
    """Settings of `cluster` that differ in a variant; what is not given stays as configured."""

    space: Literal["umap", "pca", "cosine"] | None = None
    dimensions: int | None = Field(None, ge=2)
    neighbours: int | None = Field(None, ge=2)
    min_dist: float | None = Field(None, ge=0, le=1)
    min_cluster_size: int | None = Field(None, ge=2)
    min_samples: int | None = Field(None, ge=1)
    selection_method: Literal["eom", "leaf"] | None = None

    def applied_to(self, settings: ClusterSection) -> ClusterSection:
        """The settings with what this variant changes; `auto` stays."""
        return ClusterSection(**settings.model_dump() | self.model_dump(exclude_none=True))


VariantName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$")]
OWN_SETTINGS = "as_configured"


class RobustnessSection(Section):
    """Clusters and verdicts over many seeds and settings."""

    seeds: int = Field(
        25,
        ge=2,
        description="Runs of the study's own settings that differ in the seed alone, and as many more that also leave "
        "out another tenth of the creators each; PCA and cosine draw nothing and have the latter only.",
    )
    variant_seeds: int = Field(10, ge=2, description="Runs of each variant of the settings, likewise.")
    variants: dict[VariantName, ClusterVariant] = Field(
        {
            "few_neighbours": ClusterVariant(neighbours=10),
            "many_neighbours": ClusterVariant(neighbours=30),
            "few_dimensions": ClusterVariant(dimensions=5),
            "pca": ClusterVariant(space="pca", dimensions=PCA_DIMENSIONS),
            "leaves": ClusterVariant(selection_method="leaf"),
        },
        description="Settings of `cluster` to change, by the variant's name (letters, digits, _); beside them the "
        "study's own are run, as `as_configured`.",
    )
    draws: int = Field(199, ge=19, description="Permutations of each test in each run.")
    min_stability: Share = Field(
        0.6,
        description="Clusters whose median adjusted Rand index between seeds, or without a tenth of the creators, is "
        "lower are called unstable.",
    )

    def runs(self, variant: str) -> int:
        """How many runs of a kind a variant of the settings has."""
        return self.seeds if variant == OWN_SETTINGS else self.variant_seeds


class PowerSection(Section):
    """`snakemake power`: how often tests find a homophily of a given strength in cohorts like this one."""

    creators: list[Annotated[int, Field(ge=10, le=5000)]] | None = Field(
        None, min_length=1, description="Cohort sizes (null: half, once and twice the study's own)."
    )
    homophily: list[Annotated[float, Field(gt=0)]] = Field(
        [1.0, 1.1, 1.25, 1.5, 2.0],
        min_length=1,
        description="How many times larger the odds of a follow are inside a community than between two; 1: none.",
    )
    separation: Share = Field(
        0.75, description="How far the communities' vocabularies are apart: 0 the same words, 1 words of their own."
    )
    cohorts: int = Field(100, ge=10, description="Simulated cohorts for each point.")
    draws: int = Field(99, ge=99, description="Permutations of each test in each cohort.")
