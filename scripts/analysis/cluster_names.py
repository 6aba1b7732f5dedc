"""What a cluster is called: the words that its creators' descriptions have more often than all others' do.

The weight of a word is its log-odds ratio between the cluster and all other creators, with an informative Dirichlet
prior, in standard errors (Monroe, Colaresi and Quinn 2008, equations 15 to 22). A creator uses a word as often as the
share of their reels whose description has it: neither many reels nor long descriptions make a creator count for more.
The prior is what all creators say, and weighs as much as a cluster of average size.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from analysis.profiles import FloatArray

WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
# Words that say how a description is written, or that a video is described at all, and nothing of what is seen.
EMPTY = frozenset([
    "aesthetic", "appear", "background", "camera", "capture", "clip", "content", "convey", "create", "creator",
    "describe", "description", "display", "evoke", "feature", "featuring", "footage", "frame", "image", "include",
    "man", "mood", "overall", "people", "person", "present", "reel", "scene", "set", "setting", "shot", "show",
    "style", "suggest", "thing", "video", "view", "viewer", "visual", "woman",
])  # fmt: skip
N_WORDS, N_IN_NAME, N_REELS = 10, 3, 3
GIVEN = "given"  # by people, see names.given
SMALLEST = 1e-9  # below it, a number is 0 but for rounding
USED_BY = 2  # creators of the cluster, at least: one creator's word is not the cluster's


@dataclass(frozen=True)
class ClusterName:
    """See the table CLUSTER_NAMES."""

    cluster: int
    name: str
    named_by: str
    words: list[str]
    weights: list[float]
    medoid: str | None
    central_reels: list[str]


@cache
def lemma(word: str) -> str | None:
    """The dictionary form of an English word in lower case; None for one that says nothing."""
    import simplemma
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    lowered = word.lower()
    found = simplemma.lemmatize(lowered, lang="en").lower()
    silent = {lowered, found} & (ENGLISH_STOP_WORDS | EMPTY)
    return None if silent or len(found) < 3 else found


def words_in(text: str) -> dict[str, str]:
    """The words of a description that say something, each once: its dictionary form, and the form it has there."""
    return {found: word.lower() for word in WORD.findall(text) if (found := lemma(word)) is not None}


def characteristic_words(
    descriptions: Mapping[str, list[str]], members: Mapping[int, list[str]]
) -> dict[int, list[tuple[str, float]]]:
    """The words of each cluster with their weights, heaviest first; words that weigh the same by alphabet.

    Forms of a word count as one, and it is shown in the form that most creators use. Only words that the cluster has
    more often than the others are taken; where there are no others, or one word alone, those that most creators use.

    Args:
        descriptions: of each creator's reels; creators in no cluster are part of the others.
        members: creators of each cluster.
    """
    said = {creator: [words_in(text) for text in texts] for creator, texts in sorted(descriptions.items()) if texts}
    forms: dict[str, Counter[str]] = defaultdict(Counter)
    for texts in said.values():
        for word in set().union(*texts):
            forms[word].update({text[word] for text in texts if word in text})
    use = {
        cluster: _use([said[one] for one in sorted(creators) if one in said]) for cluster, creators in members.items()
    }
    everybody = _use(list(said.values()))
    prior = sum(everybody.values()) / max(len(members), 1)
    return {
        cluster: [
            (_usual(forms[word]), weight)
            for word, weight in heaviest(words, everybody, prior)
            if sum(any(word in text for text in said.get(creator, [])) for creator in members[cluster])
            >= min(USED_BY, len(members[cluster]))
        ][:N_WORDS]
        for cluster, words in use.items()
    }


def _use(creators: list[list[dict[str, str]]]) -> dict[str, float]:
    """How many creators use each word, each by the share of their texts that have it."""
    found: dict[str, float] = {}
    for texts in creators:
        for word in sorted(set().union(*texts)):
            found[word] = found.get(word, 0.0) + sum(word in text for text in texts) / len(texts)
    return found


def heaviest(words: dict[str, float], everybody: dict[str, float], prior: float) -> list[tuple[str, float]]:
    """Words by falling log-odds ratio in standard errors, those above 0.

    Args:
        words: how often the cluster uses each.
        everybody: how often all creators do.
        prior: how many uses of words the prior weighs.
    """
    own, total = sum(words.values()), sum(everybody.values())
    if total - own < SMALLEST or len(everybody) == 1:
        return sorted(words.items(), key=lambda pair: (-round(pair[1], 9), pair[0]))
    weights = {}
    for word, uses in words.items():
        before = prior * everybody[word] / total
        here, elsewhere = uses + before, everybody[word] - uses + before
        odds, others = here / (own + prior - here), elsewhere / (total - own + prior - elsewhere)
        weights[word] = math.log(odds / others) / math.sqrt(1 / here + 1 / elsewhere)
    above = {word: weight for word, weight in weights.items() if weight > SMALLEST}
    return sorted(above.items(), key=lambda pair: (-round(pair[1], 9), pair[0]))


def _usual(forms: Counter[str]) -> str:
    return min(forms, key=lambda form: (-forms[form], form))


def most_central(ids: list[str], vectors: FloatArray, centroid: FloatArray) -> list[str]:
    """Ids by falling cosine to a centroid; those as near as each other by id.

    Args:
        ids: n.
        vectors: (n, d).
        centroid: (d,).
    """
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(centroid)
    cosines = np.divide(vectors @ centroid, lengths, out=np.full(len(ids), -1.0), where=lengths > 0)
    return [ids[place] for place in np.lexsort((np.array(ids), -np.round(cosines, 9)))]


def name_of(cluster: int, words: list[str]) -> str:
    """A cluster's name; its number where no word is characteristic."""
    return ", ".join(words[:N_IN_NAME]) or f"cluster {cluster}"


def names_apart(words: Mapping[int, list[tuple[str, float]]]) -> dict[int, str]:
    """The names of all clusters: a word is in the names of a third of them at most, those in which it weighs most."""
    most = max(1, len(words) // 3)
    weights: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for cluster, pairs in words.items():
        for word, weight in pairs:
            weights[word].append((-weight, cluster))
    heaviest_in = {word: {cluster for _, cluster in sorted(places)[:most]} for word, places in weights.items()}
    return {
        cluster: name_of(cluster, [word for word, _ in pairs if cluster in heaviest_in[word]])
        for cluster, pairs in words.items()
    }
