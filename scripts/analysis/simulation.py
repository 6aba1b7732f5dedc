"""Synthetic cohorts with planted communities and a follow network of known homophily.

Descriptions are made of words: a creator's style is a distribution over `aesthetic_words`, drawn around the mix of the
creator's community (Dirichlet), and each reel's description is drawn from it. Follows come from the p1 model of
Holland & Leinhardt (1981, JASA 76, 33-50): each pair of creators is in one of four states (no follow, one of two, both)
with weights 1, exp(e_ij), exp(e_ji) and exp(e_ij + e_ji + log reciprocity), where e_ij = constant + activity of i +
popularity of j + log homophily where both are in one community (without communities: times the cosine of their mixes).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field, model_validator

from analysis.aesthetic_words import SENTENCES, WORDS
from analysis.evidence import Reels, Study
from analysis.network import IntArray, clusters_of, network_of, positions
from analysis.profiles import FloatArray, add_profiles
from analysis.study_tables import profiles_in
from common.config import ClusterSettings, ProfileSection, Section, Share
from common.parquet import build_table
from common.tables import CREATORS, EDGES, REELS, TRUTH
from texts.descriptions import clean_description

Embed = Callable[[list[str]], npt.NDArray[np.float32]]

# What a random generator is for: changing the network leaves the texts as they are, and the reverse.
COMMUNITIES, THEMES, STYLES, TEXTS, POPULARITY, ACTIVITY, FOLLOWS, LISTS = range(8)
# Of a cohort without clusters: each creator mixes so many themes.
MIXED_THEMES = 6
# Dirichlet concentrations: themes have few words each, all words are in use, creators keep near their community's mix.
THEME_WORDS, COMMON_WORDS, INDIVIDUAL = 0.2, 3.0, 60.0
BAG_LENGTH = 64
# Followers on the platform of a creator of middling popularity; of a partial list, what share of the follows is known.
FOLLOWERS, KNOWN_OF_PARTIAL = 18_000, 0.5


class CohortSection(Section):
    """A synthetic cohort."""

    creators: int = Field(100, ge=0, le=5000, description="Number of creators.")
    reels_per_creator: int = Field(5, ge=0, description="Reels of each.")
    clusters: int = Field(4, ge=0, description="Planted communities; 0: none, creators vary continuously.")
    size_ratio: float = Field(1.0, ge=1, description="Size of the largest community over that of the smallest.")
    separation: Share = Field(
        0.75, description="How far the communities' vocabularies are apart: 0 the same words, 1 words of their own."
    )
    homophily: float = Field(
        1.0,
        gt=0,
        description="How many times larger the odds of a follow are inside a community than between two; 1: none. "
        "Without communities: between creators with the same mix of themes and creators with no theme in common.",
    )
    mean_degree: float = Field(
        10.0, ge=0, description="Expected follows per creator inside the cohort, at most half of the other creators."
    )
    degree_law: Literal["lognormal", "pareto"] = Field(
        "lognormal", description="Distribution of popularity and activity."
    )
    popularity_skew: float = Field(1.0, ge=0, description="Standard deviation of log popularity (odds of a follow).")
    activity_skew: float = Field(0.5, ge=0, description="Standard deviation of log activity.")
    popularity_by_cluster: Share = Field(
        0.0, description="Correlation of log popularity with the community; the first, largest one is the most popular."
    )
    activity_by_cluster: Share = Field(0.0, description="Correlation of log activity with the community, likewise.")
    reciprocity: float = Field(
        1.0, gt=0, description="How many times larger the odds of a follow are where it is returned; 1: none."
    )
    partial: Share = Field(0.0, description="Share of creators of whose follows only half are known.")
    unfetched: Share = Field(0.0, description="Share of creators whose follows are not known.")

    @model_validator(mode="after")
    def _no_contradictions(self) -> CohortSection:
        if self.partial + self.unfetched > 1:
            raise ValueError(f"partial ({self.partial}) and unfetched ({self.unfetched}) are more than all creators")
        if self.clusters == 1 and (self.popularity_by_cluster or self.activity_by_cluster):
            raise ValueError("popularity_by_cluster and activity_by_cluster need at least two clusters")
        return self


@dataclass(frozen=True)
class Cohort:
    """A study's tables, with columns as in docs/tables.md, sorted by id; `truth` has what was planted."""

    creators: pa.Table
    reels: pa.Table
    edges: pa.Table
    truth: pa.Table

    def study(self, clustering: ClusterSettings | None = None) -> Study:
        """What the tests look at, with the planted communities as clusters."""
        network = network_of(self.creators, self.edges)
        reels = None
        if self.reels.num_rows and not self.reels.column("embedding").null_count:
            owners = positions(self.reels.column("creator_id"), network.creator_ids)
            reels = Reels(owners, np.array(self.reels.column("embedding").to_pylist(), np.float32))
        return Study(
            network=network,
            clusters=clusters_of(network, self.truth),
            profiles=profiles_in(self.creators, network),
            reels=reels,
            follows_status=self.creators.column("follows_status").to_pylist(),
            clustering=clustering or ClusterSettings(),
        )


def simulate_cohort(settings: CohortSection, seed: int, embed: Embed | None, producer: str | None = None) -> Cohort:
    """Make a cohort.

    Args:
        settings: any number of creators, 0 included.
        seed: not negative; the same seed and settings give the same cohort.
        embed: texts to unit vectors (texts, dimensions); None: no embeddings and no profiles.
        producer: what made descriptions and embeddings, for the table of reels.
    """
    number = settings.creators
    ids = [f"synthetic_{place:0{max(4, len(str(number)))}d}" for place in range(1, number + 1)]
    communities, mixes = _communities(settings, seed)
    levels = mixes @ _levels(settings)
    popularity = settings.popularity_skew * _standard(
        levels, settings.popularity_by_cluster, settings.degree_law, _generator(seed, POPULARITY)
    )
    activity = settings.activity_skew * _standard(
        levels, settings.activity_by_cluster, settings.degree_law, _generator(seed, ACTIVITY)
    )
    unit = mixes / np.linalg.norm(mixes, axis=1, keepdims=True)
    log_odds = activity[:, None] + popularity + np.log(settings.homophily) * (unit @ unit.T)
    sources, targets = p1_network(
        log_odds, np.log(settings.reciprocity), number * settings.mean_degree, _generator(seed, FOLLOWS)
    )
    following = np.bincount(sources, minlength=number)
    statuses, known = _lists(settings, sources, seed)
    texts = _descriptions(settings, mixes, seed)
    vectors = None if embed is None or not texts else embed(texts)
    reels = [
        {
            "reel_id": f"{ids[place // settings.reels_per_creator]}_{place % settings.reels_per_creator + 1:03d}",
            "creator_id": ids[place // settings.reels_per_creator],
            "description_raw": text,
            "description": clean_description(text),
            "embedding": None if vectors is None else vectors[place],
            "description_producer": producer,
            "embedding_producer": None if vectors is None else producer,
        }
        for place, text in enumerate(texts)
    ]
    creators: list[dict[str, Any]] = [
        {
            "creator_id": ids[place],
            "handle": ids[place],
            "full_name": f"Synthetic creator {place + 1}",
            "followers": round(FOLLOWERS * float(np.exp(min(popularity[place], 12.0)))),
            "following": int(following[place]),
            "follows_status": statuses[place],
        }
        for place in range(number)
    ]
    add_profiles(creators, reels, ProfileSection().min_reels)
    edges = [
        {"source_id": ids[source], "target_id": ids[target]}
        for source, target in zip(sources[known], targets[known], strict=True)
    ]
    truth = [
        {
            "creator_id": ids[place],
            "cluster": int(communities[place]),
            "popularity": float(popularity[place]),
            "activity": float(activity[place]),
        }
        for place in range(number)
    ]
    return Cohort(
        creators=build_table(creators, CREATORS, further=True),
        reels=build_table(reels, REELS),
        edges=build_table(edges, EDGES),
        truth=build_table(truth, TRUTH),
    )


def p1_network(
    log_odds: FloatArray, reciprocity: float, edges: float, generator: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Draw a directed network from the p1 model, whose constant is chosen so that so many edges are expected.

    Args:
        log_odds: (n, n), of i following j where j does not follow i; up to a constant.
        reciprocity: what is added where j does.
        edges: expected number; at most half of all that are possible.
        generator: one number is drawn for each pair.

    Returns:
        Sources and targets, sorted.
    """
    from scipy.optimize import brentq
    from scipy.special import softmax

    number = len(log_odds)
    first, second = np.triu_indices(number, 1)
    wanted = min(edges, len(first))
    if wanted == 0:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    there, back = log_odds[first, second], log_odds[second, first]

    def states(constant: float) -> FloatArray:
        """Probabilities of no follow, i -> j, j -> i, both: (4, pairs)."""
        one, other = there + constant, back + constant
        shares: FloatArray = softmax(np.stack([np.zeros_like(one), one, other, one + other + reciprocity]), axis=0)
        return shares

    def surplus(constant: float) -> float:
        shares = states(constant)
        return float(shares[1].sum() + shares[2].sum() + 2 * shares[3].sum()) - wanted

    # Far enough out for every pair to be without follows, or to have both.
    reach = 50.0 + abs(reciprocity) + float(np.abs(log_odds).max())
    bounds = np.cumsum(states(brentq(surplus, -reach, reach, xtol=1e-9)), axis=0)
    state = (generator.random(len(first)) >= bounds[:3]).sum(axis=0)
    forth, returned = (state == 1) | (state == 3), state >= 2
    sources = np.concatenate([first[forth], second[returned]])
    targets = np.concatenate([second[forth], first[returned]])
    order = np.lexsort((targets, sources))
    return sources[order], targets[order]


def bag_of_words(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """The mean of a random unit vector for each word of four letters or more, made unit length: (texts, 64).

    It stands in for a language model where thousands of cohorts are embedded. A vector depends on its word alone.
    """
    found = np.empty((len(texts), BAG_LENGTH))
    for row, text in zip(found, texts, strict=True):
        row[:] = np.mean([_word_vector(word) for word in re.findall(r"\w{4,}", text.lower())], axis=0)
    unit: npt.NDArray[np.float32] = (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)
    return unit


@cache
def _word_vector(word: str) -> FloatArray:
    seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big")
    vector = np.random.default_rng(seed).standard_normal(BAG_LENGTH)
    unit: FloatArray = vector / np.linalg.norm(vector)
    return unit


def _generator(seed: int, purpose: int) -> np.random.Generator:
    return np.random.default_rng([seed, purpose])


def _shares(settings: CohortSection) -> FloatArray:
    """Of the creators in each community: falls geometrically from the first to the last."""
    steps = np.arange(settings.clusters) / max(settings.clusters - 1, 1)
    shares = settings.size_ratio**-steps
    return np.asarray(shares / shares.sum())


def _communities(settings: CohortSection, seed: int) -> tuple[IntArray, FloatArray]:
    """The community of each creator (n,), -1 where there are none, and how she mixes themes (n, k), rows of sum 1."""
    generator, number = _generator(seed, COMMUNITIES), settings.creators
    if settings.clusters == 0:
        return np.full(number, -1), generator.dirichlet(np.ones(MIXED_THEMES), number)
    ends = np.cumsum(_shares(settings))[:-1]
    communities = generator.permutation(np.searchsorted(ends, (np.arange(number) + 0.5) / max(number, 1)))
    return communities.astype(np.int64), np.eye(settings.clusters)[communities]


def _levels(settings: CohortSection) -> FloatArray:
    """How popular each community (or theme) is: falling from the first on; over creators, mean 0 and variance 1."""
    if settings.clusters == 0:
        levels = np.arange(MIXED_THEMES)[::-1] - (MIXED_THEMES - 1) / 2
        # A mix of themes is Dirichlet(1, ..., 1): m . levels has the variance of the levels over k + 1.
        return np.asarray(levels / np.sqrt((levels**2).mean() / (MIXED_THEMES + 1)))
    shares = _shares(settings)
    falling = np.arange(settings.clusters, 0, -1.0)
    centred = falling - shares @ falling
    spread = np.sqrt(shares @ centred**2)
    return np.asarray(centred / spread if spread else centred)


def _standard(levels: FloatArray, correlation: float, law: str, generator: np.random.Generator) -> FloatArray:
    """Log popularity or activity (n,), mean 0 and variance 1, correlated with the levels.

    With a lognormal law, the correlation is as asked for. With a Pareto law, it is that of the normal quantiles.
    """
    from scipy.special import log_ndtr

    normal = correlation * levels + np.sqrt(1 - correlation**2) * generator.standard_normal(len(levels))
    return np.asarray(normal if law == "lognormal" else -log_ndtr(-normal) - 1)


def _lists(settings: CohortSection, sources: IntArray, seed: int) -> tuple[list[str], npt.NDArray[np.bool]]:
    """State of each creator's follow list, and which follows are known."""
    generator, number = _generator(seed, LISTS), settings.creators
    partial, unfetched = round(settings.partial * number), round(settings.unfetched * number)
    statuses = np.full(number, "complete", object)
    order = generator.permutation(number)
    statuses[order[:unfetched]] = "unfetched"
    statuses[order[unfetched : unfetched + partial]] = "partial"
    of_list = statuses[sources]
    known = (of_list == "complete") | ((of_list == "partial") & (generator.random(len(sources)) < KNOWN_OF_PARTIAL))
    return statuses.tolist(), known


def _descriptions(settings: CohortSection, mixes: FloatArray, seed: int) -> list[str]:
    """Descriptions of all reels, creator by creator."""
    themes_of, styles_of, texts_of = (_generator(seed, purpose) for purpose in (THEMES, STYLES, TEXTS))
    owners = np.repeat(np.arange(settings.creators), settings.reels_per_creator)
    drawn: dict[str, npt.NDArray[np.intp]] = {}
    for part, words in WORDS.items():
        common = themes_of.dirichlet(np.full(len(words), COMMON_WORDS))
        themes = themes_of.dirichlet(np.full(len(words), THEME_WORDS), mixes.shape[1])
        expected = (1 - settings.separation) * common + settings.separation * (mixes @ themes)
        with np.errstate(divide="ignore"):  # a word that a creator never uses
            styles = np.log(styles_of.standard_gamma(INDIVIDUAL * expected))
        # The words with the largest keys are a draw without replacement (Gumbel-top-k): no description repeats itself.
        keys = styles[owners] + texts_of.gumbel(size=(len(owners), len(words)))
        drawn[part] = np.argsort(-keys, axis=1)
    sentences = np.stack([texts_of.integers(0, len(choices), len(owners)) for choices in SENTENCES], axis=1)
    return [
        _written({part: iter(order[reel].tolist()) for part, order in drawn.items()}, sentences[reel])
        for reel in range(len(owners))
    ]


def _written(drawn: dict[str, Iterator[int]], sentences: npt.NDArray[np.int64]) -> str:
    def word(slot: re.Match[str]) -> str:
        return str(WORDS[slot[1]][next(drawn[slot[1]])])

    said = [re.sub(r"\{(\w+)\}", word, choices[choice]) for choices, choice in zip(SENTENCES, sentences, strict=True)]
    text = " ".join(sentence[0].upper() + sentence[1:] for sentence in said)
    return re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", text)
