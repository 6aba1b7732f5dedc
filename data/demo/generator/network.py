"""The follow network: about 60 % of the follows inside the cohort stay within an aesthetic."""

import numpy as np

from .cohort import Creator, generator_for

WITHIN_SHARE = 0.6
OUTSIDERS = 60


def follows_of(creator: Creator, cohort: tuple[Creator, ...]) -> list[tuple[str, str]]:
    """Whom `creator` follows: 8 to 12 of the cohort and 2 to 5 handles outside, as sorted (source, target) handles.

    Within and across aesthetics, well-followed creators are the likelier targets. Does not depend on what else is made.
    """
    rng = generator_for("follows", creator.handle)
    others = [other for other in cohort if other.handle != creator.handle]
    same = [other for other in others if other.aesthetic == creator.aesthetic]
    across = [other for other in others if other.aesthetic != creator.aesthetic]
    count = int(rng.integers(8, 13))
    # Rounded up or down at random, so that the expected share is exact.
    within = int(WITHIN_SHARE * count + rng.uniform())
    targets = _draw(rng, same, within) + _draw(rng, across, count - within)
    outside = rng.choice(np.arange(1, OUTSIDERS + 1), size=int(rng.integers(2, 6)), replace=False)
    targets += [f"synthetic_outsider_{number:03d}" for number in outside]
    return [(creator.handle, target) for target in sorted(targets)]


def _draw(rng: np.random.Generator, creators: list[Creator], count: int) -> list[str]:
    weights = np.array([creator.followers for creator in creators]) ** 0.3
    return [str(h) for h in rng.choice([c.handle for c in creators], count, replace=False, p=weights / weights.sum())]
