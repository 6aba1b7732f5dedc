"""Clips whose camera and subject are known, composed from photographs that ship with libraries.

The photographs come with scikit-image, scikit-learn and matplotlib. A clip's world is a photograph, mirrored at its
edges without end; the camera moves over it as a hand or a tripod does; a cut-out of another photograph moves in it.
"""

from __future__ import annotations

import functools
import importlib.util
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

# Where each photograph is: package, path in it.
PHOTOGRAPHS = {
    **{name: ("skimage", f"data/{name}.png") for name in ("astronaut", "brick", "chelsea", "coffee", "grass")},
    **{name: ("skimage", f"data/{name}.png") for name in ("camera", "coins", "gravel", "ihc", "motorcycle_left")},
    **{name: ("skimage", f"data/{name}.jpg") for name in ("rocket", "retina", "hubble_deep_field")},
    **{name: ("sklearn", f"datasets/images/{name}.jpg") for name in ("china", "flower")},
    "grace_hopper": ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"),
}
# How far a hand moves a picture: root mean square, in frame diagonals.
HAND = {"slight": 0.0015, "clear": 0.005, "strong": 0.015}
DIRECTIONS = {"left": (1.0, 0.0), "right": (-1.0, 0.0), "up": (0.0, 1.0), "down": (0.0, -1.0)}  # the content's
# Share of the picture that a subject covers.
SUBJECTS = {"none": 0.0, "small": 0.02, "large": 0.14, "gesture": 0.3, "body": 0.35, "globe": 0.35}
READOUT_S = 0.02  # a phone reads a picture's rows one after another

Frames = Iterable[np.ndarray]


@functools.cache
def photograph(name: str) -> np.ndarray:
    """A photograph, RGB uint8 (height, width, 3), its shorter side 720 px."""
    package, inside = PHOTOGRAPHS[name]
    found = importlib.util.find_spec(package)
    assert found is not None, f"{package} is not installed"
    assert found.origin is not None
    picture = cv2.imread(str(Path(found.origin).parent / inside), cv2.IMREAD_COLOR_RGB)
    assert picture is not None, f"{package} {found.origin} has no {inside}"
    factor = 720 / min(picture.shape[:2])
    return np.asarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))


@dataclass(frozen=True)
class Clip:
    """What is in a clip.

    Attributes:
        ground: a photograph.
        camera: "held", "pan left", "pan right", "tilt up", "tilt down", "zoom in", "zoom out".
        speed: of the camera, frame diagonals a second; of a zoom, growth a second.
        hand: "" for a tripod, else how much the hand shakes, see HAND.
        subject: see SUBJECTS; a body walks, a gesture is a standing body's arms, a globe turns in its place.
        cut_out: the photograph that the subject is cut from.
        world: "" for the photograph, "wall" for hardly any texture, "dark" for an underexposed one, "black" for none.
        over: "" or "letterbox", "captions" (that change), "clock" (a counter in the middle), "split" (the lower half
            is another scene, whose camera pans).
        breathing: the autofocus breathes: the picture grows and shrinks by half a percent.
        flicker: share by which the lamps' brightness swings.
        noise: of the sensor, 8-bit levels.
        rate: frames a second.
        repeated: every fifth frame is the one before it, as in films of 24 pictures a second at 30.
        size: (width, height).
        seconds: length.
        seed: of the hand, the noise and the subject's way.
    """

    ground: str = "china"
    camera: str = "held"
    speed: float = 0.12
    hand: str = ""
    subject: str = "none"
    cut_out: str = "astronaut"
    world: str = ""
    over: str = ""
    breathing: bool = False
    flicker: float = 0.0
    noise: float = 1.5
    rate: float = 30
    repeated: bool = False
    size: tuple[int, int] = (288, 512)
    seconds: float = 4.0
    seed: int = 1


def frames_of(clip: Clip) -> Iterator[np.ndarray]:
    """The frames of a clip, RGB uint8 (height, width, 3)."""
    random = np.random.default_rng(clip.seed)
    width, height = clip.size
    world = _world(clip)
    path = _camera_path(clip, random)
    subject = _subject(clip, random)
    for number in range(round(clip.seconds * clip.rate)):
        time = (number - (clip.repeated and number % 5 == 4)) / clip.rate
        to_view = _view(path, time, clip.size, world.shape[:2])
        frame = cv2.warpAffine(world, to_view, clip.size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        if subject is not None:
            frame = subject(frame, time, _view(path, time, clip.size, (height, width)))
        values = frame.astype(np.float32)
        if clip.world == "dark":
            values *= 0.12
        values *= 1 + clip.flicker * np.sin(2 * np.pi * 1.7 * time)
        if clip.over == "split":
            other = photograph(clip.cut_out)
            shift = np.array([[1.0, 0, -0.1 * time * np.hypot(width, height)], [0, 1, -200]])
            lower = cv2.warpAffine(other, shift, clip.size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
            values[height // 2 :] = lower[height // 2 :]
        values += clip.noise * random.standard_normal((height, width, 1), dtype=np.float32)
        yield _overlaid(clip, np.clip(values, 0, 255).astype(np.uint8), time)


def _world(clip: Clip) -> np.ndarray:
    world = photograph(clip.ground)
    if clip.world == "wall":
        plain = cv2.GaussianBlur(world, (0, 0), 90)
        return np.asarray(cv2.addWeighted(plain, 0.97, world, 0.03, 0))
    return np.zeros_like(world) if clip.world == "black" else world


Path_ = Callable[[float], np.ndarray]


def _camera_path(clip: Clip, random: np.random.Generator) -> Path_:
    """Where the content is at a time: right and down (frame diagonals), log of its size, turn (radians): (4,)."""
    what, _, where = clip.camera.partition(" ")
    drift = np.zeros(4)
    if what == "zoom":
        drift[2] = np.log1p(clip.speed) * (1 if where == "in" else -1)
    elif what in ("pan", "tilt"):
        drift[:2] = np.array(DIRECTIONS[where]) * clip.speed
    sway = hand_path(HAND[clip.hand], random) if clip.hand else lambda _: np.zeros(4)

    def path(time: float) -> np.ndarray:
        place = drift * time + sway(time)
        if clip.breathing:
            place[2] += 0.005 * np.sin(2 * np.pi * 0.9 * time)
        return np.asarray(place)

    return path


def hand_path(strength: float, random: np.random.Generator) -> Path_:
    """Sway below 1 Hz and tremor of 1 to 8 Hz that weakens with its frequency, as accelerometers in hands find it."""
    frequencies = np.concatenate([random.uniform(0.3, 1, 3), random.uniform(1, 8, 10)])
    waves = random.normal(size=(4, 13)) / frequencies
    waves *= np.sqrt(2) * strength / np.sqrt((waves**2).sum(axis=1, keepdims=True))
    waves[2] *= 0.15
    waves[3] *= 0.6
    phases = random.uniform(0, 2 * np.pi, (4, 13))
    return lambda time: (waves * np.sin(2 * np.pi * frequencies * time + phases)).sum(axis=1)


def _view(path: Path_, time: float, size: tuple[int, int], world: tuple[int, int]) -> np.ndarray:
    """From the world (height, width) to the view: (2, 3); the rows are read one after another."""
    width, height = size
    diagonal = np.hypot(width, height)
    x, y, growth, turn = path(time)
    cosine, sine = np.exp(growth) * np.cos(turn), np.exp(growth) * np.sin(turn)
    matrix = np.array([[cosine, -sine], [sine, cosine]])
    speed = (path(time + 1e-3) - path(time - 1e-3))[:2] / 2e-3 * diagonal
    slant = np.eye(2) + np.outer(speed, (0, READOUT_S / height))
    matrix = slant @ matrix
    centre = np.array([width / 2, height / 2]) + np.array([x, y]) * diagonal
    return np.column_stack([matrix, centre - matrix @ (np.array([world[1], world[0]]) / 2)])


def _subject(clip: Clip, random: np.random.Generator) -> Callable[[np.ndarray, float, np.ndarray], np.ndarray] | None:
    """Puts the subject into a frame, given the time and the way from the still view to this one; None: no subject."""
    if clip.subject == "none":
        return None
    width, height = clip.size
    area = SUBJECTS[clip.subject] * width * height
    texture = photograph(clip.cut_out)
    texture = cv2.resize(texture, clip.size, interpolation=cv2.INTER_AREA)
    phase, side = random.uniform(0, 2 * np.pi), random.choice([-1.0, 1.0])

    def paste(frame: np.ndarray, view: np.ndarray, part: np.ndarray, middle: tuple[float, float], axes, slide=0.0):
        """An ellipse of the photograph, moved by `part` (2, 3), seen through the camera."""
        mask = np.zeros((height, width), np.float32)
        cv2.ellipse(mask, (tuple(middle), tuple(2 * axis for axis in axes), 0.0), 1.0, -1, cv2.LINE_AA)
        whole = np.vstack([view, [0, 0, 1]]) @ np.vstack([part, [0, 0, 1]])
        inner = whole @ np.array([[1, 0, slide], [0, 1, 0], [0, 0, 1]])
        seen = cv2.warpAffine(texture, inner[:2], clip.size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        share = cv2.GaussianBlur(cv2.warpAffine(mask, whole[:2], clip.size), (0, 0), 0.8)
        return np.asarray(cv2.blendLinear(seen, frame, share, 1 - share))

    def draw(frame: np.ndarray, time: float, view: np.ndarray) -> np.ndarray:
        beat = np.sin(2 * np.pi * 0.45 * time + phase) * side
        half, low = width / 2, height / 2
        if clip.subject in ("small", "large"):
            radius = np.sqrt(area / np.pi)
            moved = np.array([[1, 0, 0.2 * width * beat], [0, 1, 0.1 * height * np.sin(3.1 * time + phase)]])
            return paste(frame, view, moved, (half, low), (0.8 * radius, 1.25 * radius))
        if clip.subject == "globe":
            radius = np.sqrt(area / np.pi)
            return paste(frame, view, np.eye(2, 3), (half, low), (radius, radius), slide=side * 0.12 * width * time)
        walk = 0.12 * width * beat if clip.subject == "body" else 0.004 * width * beat
        moved = np.array([[1, 0, walk], [0, 1, 0.2 * abs(walk) * np.sin(9 * time)]])
        tall, wide = min(0.32 * height, 0.6 * width), min(0.2 * width, 0.2 * height)
        frame = paste(frame, view, moved, (half, 0.68 * height), (wide, tall))
        frame = paste(frame, view, moved, (half, 0.68 * height - 1.05 * tall), (0.5 * wide, 0.6 * wide))
        for arm in (-1, 1):
            shoulder = (half + arm * 0.7 * wide, 0.68 * height - 0.5 * tall)
            angle = 35 * arm * np.sin(2 * np.pi * 0.8 * time + phase + arm)
            turned = np.vstack([cv2.getRotationMatrix2D(shoulder, angle, 1), [0, 0, 1]])
            arm_moved = (np.vstack([moved, [0, 0, 1]]) @ turned)[:2]
            frame = paste(
                frame, view, arm_moved, (shoulder[0] + arm * 0.55 * wide, shoulder[1]), (0.8 * wide, 0.2 * wide)
            )
        return frame

    return draw


def _overlaid(clip: Clip, frame: np.ndarray, time: float) -> np.ndarray:
    width, height = clip.size
    if clip.over == "letterbox":
        bar = round(0.13 * height)
        frame[:bar] = frame[-bar:] = 0
    elif clip.over == "captions":
        words = ("the very first", "of all words", "and then more", "until the end", "said nobody")
        _write(frame, words[int(time / 0.8) % len(words)], (0.08 * width, 0.72 * height), width / 330)
    elif clip.over == "clock":
        _write(frame, f"{time:05.2f}", (0.3 * width, 0.52 * height), width / 250)
    return frame


def _write(frame: np.ndarray, words: str, place: tuple[float, float], scale: float) -> None:
    for colour, thickness in (((0, 0, 0), 6), ((255, 255, 255), 2)):
        at = (int(place[0]), int(place[1]))
        cv2.putText(frame, words, at, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, thickness, cv2.LINE_AA)


# Suffix -> options of ffmpeg at a high, middle and low bit rate.
CONTAINERS = {
    ".mp4": [("-c:v", "libx264", "-preset", "veryfast", "-crf", crf) for crf in ("20", "27", "34")],
    ".webm": [
        ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "0", "-crf", crf)
        for crf in ("24", "36", "46")
    ],
    ".mkv": [("-c:v", "mpeg4", "-q:v", quality) for quality in ("3", "7", "14")],
}


def write_clip(path: Path, frames: Frames, rate: float, bit_rate: int = 1) -> None:
    """Write frames (RGB uint8, all of one size) as the container that the suffix names.

    Args:
        path: ends in one of CONTAINERS.
        frames: in time order.
        rate: frames a second.
        bit_rate: 0 high, 1 middle, 2 low.
    """
    from imageio_ffmpeg import get_ffmpeg_exe

    pending = iter(frames)
    first = next(pending)
    height, width = first.shape[:2]
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(rate), "-i", "-"]
    options = [*CONTAINERS[path.suffix][bit_rate], "-pix_fmt", "yuv420p", "-threads", "1"]
    command = [get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-y", *source, *options, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(first.tobytes())
        for frame in pending:
            process.stdin.write(frame.tobytes())
        process.stdin.close()
    if process.returncode:
        raise RuntimeError(f"ffmpeg could not write {path}: exit code {process.returncode}")
