"""Who there is and what each reel is to be: decided for the whole cohort, so that any part of it can be made alone."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import NormalDist

import numpy as np

from . import words

AESTHETICS = ("soft_pastel_daylight", "neon_on_black", "earthy_handheld", "cold_minimalism")
REELS_PER_CREATOR = 3

# What the three reels of a creator sound like: a language, or "music", "silence" (a silent track), "none" (no track).
# Every aesthetic has one creator for each line, so that sound and language say nothing about the aesthetic.
SOUND_PLANS = (
    ("en", "en", "en"),
    ("es", "es", "music"),
    ("de", "de", "silence"),
    ("fr", "fr", "music"),
    ("en", "it", "music"),
    ("pt", "music", "silence"),
    ("music", "music", "music"),
    ("music", "music", "silence"),
    ("music", "silence", "none"),
    ("none", "none", "silence"),
)


def generator_for(*parts: object) -> np.random.Generator:
    """A random generator that depends on `parts` only, whichever others were used before."""
    digest = hashlib.blake2b("/".join(str(part) for part in parts).encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


@dataclass(frozen=True)
class Reel:
    """One reel to be made. `language` and `text` are empty unless `sound` is "speech"."""

    handle: str
    number: int
    file: str
    reel_id: str
    caption: str
    taken_at: datetime
    plays: int
    likes: int
    comments: int
    url: str
    sound: str
    language: str
    text: str


@dataclass(frozen=True)
class Creator:
    """One synthetic creator with the planted aesthetic and three reels."""

    handle: str
    aesthetic: str
    full_name: str
    followers: int
    following: int
    region: str
    reels: tuple[Reel, ...]


def plan_cohort() -> tuple[Creator, ...]:
    """The 40 creators, sorted by handle."""
    handles = [f"demo_{word}_{number:02d}" for number, word in enumerate(words.HANDLE_WORDS, start=1)]
    members: dict[str, list[str]] = {aesthetic: [] for aesthetic in AESTHETICS}
    # Shuffled within each four handles: the first N creators are a balanced study too.
    for start in range(0, len(handles), len(AESTHETICS)):
        order = generator_for("aesthetic", start).permutation(len(AESTHETICS))
        for handle, index in zip(handles[start : start + len(AESTHETICS)], order, strict=True):
            members[AESTHETICS[index]].append(handle)

    sentences = {language: list(texts) for language, texts in words.SENTENCES.items()}
    full_names = _full_names(len(handles))
    creators = []
    for aesthetic, group in members.items():
        plan_of = generator_for("sound", aesthetic).permutation(len(group))
        rank_of = generator_for("followers", aesthetic).permutation(len(group))
        for handle, plan_index, rank in zip(group, plan_of, rank_of, strict=True):
            rng = generator_for("creator", handle)
            followers = _followers((int(rank) + rng.uniform()) / len(group))
            plan = [str(kind) for kind in rng.permutation(SOUND_PLANS[plan_index])]
            caption_language = next((kind for kind in plan if kind in words.SENTENCES), None)
            reels = _plan_reels(handle, plan, caption_language, followers, sentences)
            creators.append(
                Creator(
                    handle=handle,
                    aesthetic=aesthetic,
                    full_name=full_names[handles.index(handle)],
                    followers=followers,
                    following=int(np.clip(rng.lognormal(np.log(420), 0.6), 40, 4000)),
                    region=str(rng.choice(words.REGIONS)),
                    reels=reels,
                )
            )
    return tuple(sorted(creators, key=lambda creator: creator.handle))


def _full_names(count: int) -> list[str]:
    rng = generator_for("full names")
    pairs = [f"{given} {family}" for given in words.GIVEN_NAMES for family in words.FAMILY_NAMES]
    return [str(name) for name in rng.choice(pairs, size=count, replace=False)]


def _followers(quantile: float) -> int:
    """Log-normal around 18,000. The quantiles are spread alike in every aesthetic, so popularity is no hint."""
    value = np.exp(np.log(18_000) + 1.25 * NormalDist().inv_cdf(min(max(quantile, 0.01), 0.99)))
    return int(np.clip(value, 1_000, 500_000))


def _plan_reels(
    handle: str, plan: list[str], caption_language: str | None, followers: int, sentences: dict[str, list[str]]
) -> tuple[Reel, ...]:
    """The creator's reels in order of time. Takes the spoken sentences out of `sentences`: none is said twice."""
    rng = generator_for("reels", handle)
    has_ids = rng.uniform() < 0.6
    has_urls = rng.uniform() < 0.5
    days = np.sort(rng.choice(540, size=REELS_PER_CREATOR, replace=False))
    reels = []
    for number, (kind, day) in enumerate(zip(plan, days, strict=True), start=1):
        speech = kind in words.SENTENCES
        taken_at = datetime(2023, 9, 1, tzinfo=UTC) + timedelta(
            days=int(day), hours=int(rng.integers(6, 23)), seconds=int(rng.integers(3600))
        )
        plays = int(followers * rng.lognormal(np.log(0.6), 0.8)) + int(rng.integers(50, 400))
        likes = int(plays * rng.beta(4, 60))
        code = handle.rsplit("_", 1)[1]
        reels.append(
            Reel(
                handle=handle,
                number=number,
                file=f"{taken_at:%Y%m%d_%H%M%S}.mp4",
                reel_id=f"demo-{int(code):04d}-{number}" if has_ids else "",
                caption=_caption(rng, caption_language or str(rng.choice(list(words.CAPTIONS)))),
                taken_at=taken_at,
                plays=plays,
                likes=likes,
                comments=int(likes * rng.beta(2, 60)),
                url=f"https://example.org/synthetic/{handle}/{number}" if has_urls else "",
                sound="speech" if speech else kind,
                language=kind if speech else "",
                text=sentences[kind].pop(0) if speech else "",
            )
        )
    return tuple(reels)


def _caption(rng: np.random.Generator, language: str) -> str:
    if rng.uniform() < 0.12:
        return ""
    text = str(rng.choice(words.CAPTIONS[language])).format(n=int(rng.integers(2, 40)))
    emoji = "".join(str(sign) for sign in rng.choice(words.EMOJI, size=rng.integers(0, 3), replace=False))
    hashtags = " ".join(str(tag) for tag in rng.choice(words.HASHTAGS, size=rng.integers(0, 4), replace=False))
    return " ".join(part for part in (text, emoji, hashtags) if part)
