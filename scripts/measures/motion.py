"""Motion inside the shots, and the rhythm of the cuts.

Sources: camera motion from mean flow and expansion, after Jeannin and Divakaran (2001), IEEE CSVT 11(6) (MPEG-7 motion
descriptors); shot length statistics, Salt (1974), Film Quarterly 28(1), and Cutting, Brunick, DeLong, Iricinschi and
Candan (2011), i-Perception 2(6); colour difference, CIEDE2000.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .colour import ciede2000
from .picture import Picture

# Frame diagonals per second under which the picture counts as still. Our own value: at low resolution and several
# copies a second it is a fraction of a pixel from copy to copy, where flow cannot be told from compression noise.
STILL = 0.01
# A camera movement is named when it makes up this share of all motion.
CAMERA_SHARE = 0.5
# A frame shakes when its drift changes, from one moment to the next, by this share of the mean motion.
SHAKE_SHARE = 0.8


@dataclass(frozen=True)
class Motion:
    """Motion of a reel, frame diagonals per second unless said otherwise.

    Attributes:
        speed: mean flow magnitude.
        peak: 90th percentile of it over time.
        pan: mean horizontal flow, positive: content moves right.
        tilt: mean vertical flow, positive: content moves down.
        zoom: mean flow away from the centre, positive: zooming in.
        shake: root mean square of the change of (pan, tilt) between consecutive moments.
        steadiness: 1 minus the share of motion that is shake, 0 to 1.
        kind: "still", "shake", "pan left", "pan right", "tilt up", "tilt down", "zoom in", "zoom out" (what the camera
            does: content moving right is a pan to the left) or "inside" (things move in a held frame).
    """

    speed: float
    peak: float
    pan: float
    tilt: float
    zoom: float
    shake: float
    steadiness: float
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


def measure_motion(motion: list[dict[str, float]]) -> Motion:
    """Summarise dense flow; an empty list is a still reel."""
    rows = np.array([[step[key] for key in ("speed", "pan", "tilt", "zoom")] for step in motion], dtype=np.float64)
    rows = rows.reshape(-1, 4)
    rows = rows[np.isfinite(rows).all(axis=1)]
    if len(rows) == 0:
        return Motion(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, "still")
    speed, pan, tilt, zoom = (float(value) for value in rows.mean(axis=0))
    steps = np.diff(rows[:, 1:3], axis=0)
    shake = float(np.sqrt((steps**2).sum(axis=1).mean())) if len(steps) else 0.0
    return Motion(
        speed=speed,
        peak=float(np.percentile(rows[:, 0], 90)),
        pan=pan,
        tilt=tilt,
        zoom=zoom,
        shake=shake,
        steadiness=float(np.clip(1 - shake / speed, 0.0, 1.0)) if speed >= STILL else 1.0,
        kind=_kind(speed, pan, tilt, zoom, shake),
    )


def _kind(speed: float, pan: float, tilt: float, zoom: float, shake: float) -> str:
    if speed < STILL:
        return "still"
    if shake >= SHAKE_SHARE * speed:
        return "shake"
    movements = {
        "pan left": pan,
        "pan right": -pan,
        "tilt up": tilt,
        "tilt down": -tilt,
        "zoom in": zoom,
        "zoom out": -zoom,
    }
    strongest = max(movements, key=lambda kind: movements[kind])
    return strongest if movements[strongest] >= CAMERA_SHARE * speed else "inside"


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
