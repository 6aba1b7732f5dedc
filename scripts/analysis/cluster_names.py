"""What a cluster is called: the words that its reels' descriptions have and others' have not.

The weight of a word in a cluster is the class-based tf-idf of BERTopic (Grootendorst 2022, arXiv:2203.05794):
tf * log(1 + A / f), with tf how often the cluster uses the word, f how often all clusters do, and A how many words a
cluster has on average. A creator uses a word as often as the share of his reels whose description has it, and a cluster
as its creators do on average: neither many reels nor long descriptions make a creator count for more.
"""

from __future__ import annotations

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

    Forms of a word count as one, and it is shown in the form that most creators use.

    Args:
        descriptions: of each creator's reels.
        members: creators of each cluster.
    """
    use: dict[int, dict[str, float]] = {}
    forms: dict[str, Counter[str]] = defaultdict(Counter)
    users: dict[int, dict[str, int]] = {}
    for cluster, creators in members.items():
        known = [creator for creator in sorted(creators) if descriptions.get(creator)]
        use[cluster], users[cluster] = {}, {}
        for creator in known:
            texts = [words_in(text) for text in descriptions[creator]]
            for word in sorted(set().union(*texts)):
                share = sum(word in text for text in texts) / len(texts)
                use[cluster][word] = use[cluster].get(word, 0.0) + share / len(known)
                users[cluster][word] = users[cluster].get(word, 0) + 1
                forms[word].update({text[word] for text in texts if word in text})
    total: dict[str, float] = {}
    for words in use.values():
        for word, tf in words.items():
            total[word] = total.get(word, 0.0) + tf
    average = sum(total.values()) / max(len(use), 1)
    found = {}
    for cluster, words in use.items():
        needed = min(USED_BY, len(members[cluster]))
        weights = {
            word: tf * float(np.log1p(average / total[word]))
            for word, tf in words.items()
            if users[cluster][word] >= needed
        }
        heaviest = sorted(weights.items(), key=lambda pair: (-round(pair[1], 9), pair[0]))[:N_WORDS]
        found[cluster] = [(_usual(forms[word]), weight) for word, weight in heaviest]
    return found


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
