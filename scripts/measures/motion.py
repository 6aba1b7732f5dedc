"""Motion inside the shots, camera and subject apart, and the rhythm of the cuts.

Sources: camera motion as of MPEG-7, Jeannin and Divakaran (2001), IEEE CSVT 11(6), from the ground that sample_frames
fits; shot length statistics, Salt (1974), Film Quarterly 28(1), and Cutting, Brunick, DeLong, Iricinschi and Candan
(2011), i-Perception 2(6); colour difference, CIEDE2000.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, fields

import numpy as np

from .colour import ciede2000
from .picture import Picture

# All values are our own, set on half of the clips of tests/bench/bench_words.py. Speeds are frame diagonals a second.
# The ground is known where this share of the points follows it, in this number of the corners; in two corners,
# where nearly all points follow it and nothing else is seen in the others.
FIT, CORNERS, SURE_FIT = 0.5, 3, 0.8
# A ground at rest is one with two corners, too, unless something else goes on in both others, as in a split screen.
CORNERS_AT_REST, ASTRAY = 2, 1
# Slower than HELD, a camera is at rest; faster than MOVES, it moves; between them nothing is said.
HELD, MOVES = 0.004, 0.008
# A camera goes one way when its mean motion is this share of all its motion; less than this, and it goes to and fro.
ONE_WAY, TO_AND_FRO = 0.65, 0.5
# A way is sideways (or upright) when the other direction has at most this share of it.
ASKEW = 0.4
# A zoom is slower than other motion: it grows from the middle on.
ZOOMS = 0.005
# A hand shakes the frame when its direction changes, from one moment to the next, by this share of the camera's speed.
SHAKES = 0.35
# A kind is that of the reel when it rules for this share of the time in which the ground is known, and the ground is
# known for KNOWN of the time.
RULES, KNOWN = 0.7, 0.5
# Shots of fewer pairs of pictures than this say nothing.
FEWEST_STEPS = 3
# Share of the picture under which nothing moves, and from which on something surely does.
NOTHING, SOMETHING = 0.0008, 0.004
CHANGED = 0.02

KINDS = (
    "still", "held", "inside", "shake", "pan left", "pan right", "tilt up", "tilt down", "zoom in", "zoom out", "drift",
    "wander", "mixed", "unclear",
)  # fmt: skip


@dataclass(frozen=True)
class Motion:
    """Motion of a reel; None where it is not known: in a reel of one picture, or where no ground is seen.

    Attributes:
        speed: mean speed of all that can be followed in the picture, frame diagonals a second, 0 and more.
        peak: 90th percentile of it over time, the same unit.
        pan: mean horizontal motion of the ground, the same unit, positive: content moves right.
        tilt: mean vertical motion of the ground, the same unit, positive: content moves down.
        zoom: mean motion of the ground away from the centre, the same unit, positive: zooming in.
        camera: mean speed of the ground, the same unit, 0 and more.
        shake: how much the ground's (pan, tilt) changes, across its main direction, from one moment to the next: root
            mean square, the same unit, 0 and more.
        steadiness: 1 minus shake over camera, 0 to 1; 1 for a camera at rest.
        moving: share of the picture that moves before the ground, 0 to 1, mean over time.
        moving_peak: 90th percentile of it over time, 0 to 1.
        changed: share of the picture that looks other than three quarters of a second before, while the camera rests,
            0 to 1, mean over the time in which it rests; what moves too slowly to be seen in `moving` is seen here.
        subject: mean speed, against the ground, of what moves before it, frame diagonals a second, 0 and more.
        fit: share of what can be followed that follows the ground, 0 to 1, mean over time.
        known: share of the time in which the ground is known, 0 to 1.
        kind: what the camera does: "still" (nothing moves), "inside" (things move in a held frame), "held" (between the
            two), "shake", "pan left", "pan right", "tilt up", "tilt down", "zoom in", "zoom out" (content moving right
            is a pan to the left), "drift" (one way, but askew), "wander" (to and fro, without shaking), "mixed" (held
            in some shots, moved in others), "unclear".
    """

    speed: float | None
    peak: float | None
    pan: float | None
    tilt: float | None
    zoom: float | None
    camera: float | None
    shake: float | None
    steadiness: float | None
    moving: float | None
    moving_peak: float | None
    changed: float | None
    subject: float | None
    fit: float | None
    known: float
    kind: str


@dataclass(frozen=True)
class Cutting:
    """Rhythm of the cuts of a reel.

    Attributes:
        shots: number of shots, at least 1.
        median_shot_s: median shot length, seconds.
        cuts_per_minute: cuts per minute.
        regularity: 1 minus the coefficient of variation of shot lengths, 0 to 1; 1 for one shot.
        shot_change: mean CIEDE2000 difference between the mean colours of successive sampled shots; 0 for one shot.
    """

    shots: int
    median_shot_s: float
    cuts_per_minute: float
    regularity: float
    shot_change: float


UNKNOWN = tuple(part.name for part in fields(Motion) if part.name not in ("known", "kind"))


def measure_motion(motion: list[dict[str, float]], shots: list[tuple[float, float]]) -> Motion:
    """Summarise the motion inside the shots.

    Args:
        motion: steps as `SampledReel` has them.
        shots: (start, end) of each shot, s.
    """
    if not motion:
        return Motion(**dict.fromkeys(UNKNOWN), known=0.0, kind="unclear")
    steps = {name: np.array([step[name] for step in motion], dtype=np.float64) for name in motion[0]}
    known = _known(steps)
    ground = {name: values[known] for name, values in steps.items()}
    moved = steps["subject"] > 0
    camera = shake = steadiness = None
    if known.any():
        camera, shake = float(ground["camera"].mean()), _shake(ground)
        steadiness = float(np.clip(1 - shake / camera, 0.0, 1.0)) if camera >= HELD else 1.0
    return Motion(
        speed=float(steps["speed"].mean()),
        peak=float(np.percentile(steps["speed"], 90)),
        pan=_mean(ground["pan"]),
        tilt=_mean(ground["tilt"]),
        zoom=_mean(ground["zoom"]),
        camera=camera,
        shake=shake,
        steadiness=steadiness,
        moving=float(steps["moving"].mean()),
        moving_peak=float(np.percentile(steps["moving"], 90)),
        changed=_mean(steps["changed"][known & (steps["camera"] < HELD)]),
        subject=_mean(steps["subject"][moved]) or 0.0,
        fit=float(steps["fit"].mean()),
        known=float(known.mean()),
        kind=_kind(steps, known, shots),
    )


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if len(values) else None


def _known(steps: dict[str, np.ndarray]) -> np.ndarray:
    """In which steps the ground is known: bool (n,)."""
    at_rest = (steps["camera"] < HELD) & (steps["corners"] >= CORNERS_AT_REST) & (steps["astray"] <= ASTRAY)
    sure = (steps["fit"] >= SURE_FIT) & (steps["corners"] >= CORNERS_AT_REST) & (steps["astray"] == 0)
    return np.asarray((steps["fit"] >= FIT) & (at_rest | sure | (steps["corners"] >= CORNERS)))


def _shake(ground: dict[str, np.ndarray]) -> float:
    """Change of (pan, tilt) across its main direction: a hand moves in all directions, a dropped frame only in one."""
    changes = np.diff(np.stack([ground["pan"], ground["tilt"]]), axis=1)
    if changes.shape[1] == 0:
        return 0.0
    across = float(np.linalg.eigvalsh(changes @ changes.T / changes.shape[1])[0])
    return float(np.sqrt(2 * max(0.0, across)))


def _kind(steps: dict[str, np.ndarray], known: np.ndarray, shots: list[tuple[float, float]]) -> str:
    """What the camera does for most of the time."""
    shot = np.searchsorted([start for start, _ in shots], steps["time_s"], side="right")
    times: dict[str, int] = defaultdict(int)
    for number in np.unique(shot):
        inside = known & (shot == number)
        if inside.sum() >= FEWEST_STEPS:
            times[_camera({name: values[inside] for name, values in steps.items()})] += int(inside.sum())
    total = sum(times.values())
    if total < KNOWN * len(known):
        return "unclear"
    ruling = max(sorted(times), key=lambda kind: times[kind])
    if times[ruling] < RULES * total:
        moved = total - times["held"] - times["unclear"]
        return "mixed" if min(times["held"], moved) >= (1 - RULES) * total else "unclear"
    if ruling != "held":
        return ruling
    moving, changed = float(steps["moving"].mean()), float(steps["changed"].mean())
    if moving >= SOMETHING or changed >= CHANGED:
        return "inside"
    return "still" if max(moving, changed) < NOTHING else "held"


def _camera(ground: dict[str, np.ndarray]) -> str:
    """What the camera does in one shot."""
    camera = float(ground["camera"].mean())
    pan, tilt, zoom = (float(ground[name].mean()) for name in ("pan", "tilt", "zoom"))
    if camera < HELD:
        return "held"
    if abs(zoom) >= max(ZOOMS, ONE_WAY * camera):
        return "zoom in" if zoom > 0 else "zoom out"
    way = float(np.hypot(pan, tilt))
    if camera < MOVES or TO_AND_FRO * camera <= way < ONE_WAY * camera:
        return "unclear"
    if way < TO_AND_FRO * camera:
        return "shake" if _shake(ground) >= SHAKES * camera else "wander"
    return _way(pan, tilt)


def _way(pan: float, tilt: float) -> str:
    """The direction in which a camera goes that moves the content right (pan) and down (tilt)."""
    if abs(tilt) <= ASKEW * abs(pan):
        return "pan left" if pan > 0 else "pan right"
    if abs(pan) <= ASKEW * abs(tilt):
        return "tilt up" if tilt > 0 else "tilt down"
    return "drift"


def measure_cutting(
    shots: list[tuple[float, float]], duration_s: float, pictures: list[Picture], times_s: list[float]
) -> Cutting:
    """Summarise the shots; `pictures` and `times_s` tell how much the colour changes from shot to shot."""
    lengths = np.array([max(0.0, end - start) for start, end in shots], dtype=np.float64)
    duration = duration_s if duration_s > 0 else float(lengths.sum())
    mean = float(lengths.mean())
    return Cutting(
        shots=len(shots),
        median_shot_s=float(np.median(lengths)),
        cuts_per_minute=60 * (len(shots) - 1) / duration if duration > 0 else 0.0,
        regularity=float(np.clip(1 - lengths.std() / mean, 0.0, 1.0)) if mean > 0 else 1.0,
        shot_change=_shot_change(shots, pictures, times_s),
    )


def _shot_change(shots: list[tuple[float, float]], pictures: list[Picture], times_s: list[float]) -> float:
    starts = np.array([start for start, _ in shots])
    owners = np.searchsorted(starts, np.asarray(times_s, dtype=np.float64), side="right")
    means = np.array([picture.lab.reshape(-1, 3).mean(axis=0, dtype=np.float64) for picture in pictures])
    by_shot = np.array([means[owners == shot].mean(axis=0) for shot in np.unique(owners)])
    return float(ciede2000(by_shot[1:], by_shot[:-1]).mean()) if len(by_shot) > 1 else 0.0
