"""Clips whose cuts are known, composed from photographs that ship with libraries.

A `Clip` says what is shown at any time, so that one clip can be written at any rate, in any container, at any quality.
Each shot looks at a part of a photograph through a camera that moves a little, before it something moves, and over all
lies noise as of a sensor.
"""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

Drawn = Callable[[float], np.ndarray]

# Those of the first line may be looked at while a detector is written; those of the second only judge it.
PHOTOGRAPHS = {
    "tuning": "astronaut.png coffee.png rocket.jpg brick.png coins.png moon.png camera.png retina.jpg china.jpg",
    "judging": "chelsea.png motorcycle_left.png flower.jpg grace_hopper.jpg grass.png gravel.png hubble_deep_field.jpg "
    "ihc.png clock_motion.png",
}
FOLDERS = {"skimage": "data", "sklearn": "datasets/images", "matplotlib": "mpl-data/sample_data"}
# Kinds of clips, and whether they have cuts.
KINDS = {
    "held or handheld": False,
    "pan or zoom": False,
    "fast pan": False,
    "caption": False,
    "flash": False,
    "crossing": False,
    "changing light": False,
    "fade in and out": False,
    "hard": True,
    "hard, same scene": True,
    "split screen": True,
    "picture in picture": True,
    "borders": True,
    "dissolve": True,
    "fade": True,
    "caption and cuts": True,
}


@cache
def photograph(name: str) -> np.ndarray:
    """A photograph as BGR uint8, the shorter side 480."""
    for package, folder in FOLDERS.items():
        spec = importlib.util.find_spec(package)
        assert spec is not None
        assert spec.origin is not None
        path = Path(spec.origin).parent / folder / name
        if path.exists():
            picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
            assert picture is not None
            factor = 480 / min(picture.shape[:2])
            return cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    raise FileNotFoundError(name)


@dataclass(frozen=True)
class Clip:
    """What is shown, and where it is cut.

    Attributes:
        kind: one of KINDS.
        seconds: its length.
        cuts: (begin, end) of each transition in s; the same twice for a hard cut.
        draw: the picture at a time in s, BGR uint8.
    """

    kind: str
    seconds: float
    cuts: list[tuple[float, float]]
    draw: Drawn


class Composer:
    """Makes clips of each kind from chance.

    Args:
        seed: of the chance.
        photographs: "tuning" or "judging".
        size: (width, height) of the pictures.
    """

    def __init__(self, seed: int, photographs: str, size: tuple[int, int]) -> None:
        self.chance = np.random.default_rng(seed)
        self.names = PHOTOGRAPHS[photographs].split()
        self.size = size
        width, height = size
        self.grain = self.chance.normal(0, self.chance.uniform(1, 3.5), (8, height, width, 1)).round().astype(np.int16)

    def clip(self, kind: str) -> Clip:  # noqa: C901, PLR0912 - one branch for each kind
        seconds = float(self.chance.uniform(4, 7)) + (2.0 if kind in ("dissolve", "fade") else 0.0)
        cuts: list[tuple[float, float]] = []
        if kind == "pan or zoom":
            draw = self.shot(pan=0.25, zoom=0.25)
        elif kind == "fast pan":
            draw = self.whip(seconds)
        elif kind == "fade in and out":
            draw = self.faded(self.shot(), seconds)
        elif kind == "changing light":
            draw = self.lit(self.shot(), seconds)
        elif kind == "flash":
            draw = self.flashed(self.shot(), seconds)
        elif kind == "crossing":
            draw = self.crossed(self.shot())
        elif kind == "caption":
            draw = self.captioned(self.shot(), seconds)
        elif kind == "hard":
            draw, cuts = self.cut(seconds)
        elif kind == "caption and cuts":
            draw, cuts = self.cut(seconds)
            draw = self.captioned(draw, seconds)
        elif kind == "hard, same scene":
            draw, cuts = self.jumps(seconds)
        elif kind == "dissolve":
            draw, cuts = self.cut(seconds, gradual=(0.3, 1.5))
        elif kind == "fade":
            draw, cuts = self.cut(seconds, gradual=(0.4, 1.5), through=(0, 255)[int(self.chance.integers(2))])
        elif kind in ("split screen", "picture in picture", "borders"):
            draw, cuts = getattr(self, kind.replace(" ", "_"))(seconds)
        else:
            draw = self.shot()
        return Clip(kind, seconds, cuts, self.noisy(draw))

    def noisy(self, draw: Drawn) -> Drawn:
        def drawn(t: float) -> np.ndarray:
            noise = np.roll(self.grain[int(t * 240) % 8], int(t * 997) % 53, axis=1)
            return np.clip(draw(t) + noise, 0, 255).astype(np.uint8)

        return drawn

    # --- shots -----------------------------------------------------------------------------------------------------

    def shot(
        self,
        name: str | None = None,
        pan: float = 0.02,
        zoom: float = 0.015,
        size: tuple[int, int] | None = None,
        view: tuple[float, float, float] | None = None,
    ) -> Drawn:
        """A part of a photograph, the camera held, in a hand, or moving; before half of them something moves.

        Args:
            name: the photograph.
            pan: at most so many pictures a second.
            zoom: the picture grows or shrinks at most by this share in a second.
            size: (width, height).
            view: middle (x, y) and width of the part, as shares of the photograph.
        """
        chance = self.chance
        photo = photograph(name or str(chance.choice(self.names)))
        width, height = size or self.size
        high, wide = photo.shape[:2]
        x, y, share = view or (*chance.uniform(0.35, 0.65, 2), chance.uniform(0.55, 0.8))
        scale = share * min(wide / width, high / height)
        speed = chance.uniform(-pan, pan, 2)
        growth = chance.uniform(-zoom, zoom)
        tremble = chance.choice([0.0, 0.003, 0.012])
        rates, phases = chance.uniform(0.4, 3.5, (2, 3)), chance.uniform(0, 6.28, (2, 3))
        subject = self.subject(size) if chance.uniform() < 0.5 else None
        gain, lift = chance.uniform(0.9, 1.1), chance.uniform(-8, 8)

        def draw(t: float) -> np.ndarray:
            now = scale * (1 - growth * 2 * np.sin(t / 2))
            shake = tremble * np.sin(rates * 6.28 * t + phases).sum(axis=1)
            middle = np.array([x * wide, y * high]) + (speed * t + shake) * scale * np.array([width, height])
            left, top = middle - now * np.array([width, height]) / 2
            matrix = np.array([[now, 0, left], [0, now, top]])
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            seen = cv2.warpAffine(photo, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT_101)
            seen = cv2.convertScaleAbs(seen, alpha=gain, beta=lift)
            return subject(seen, t) if subject else seen

        return draw

    def subject(
        self, size: tuple[int, int] | None = None, large: bool = False
    ) -> Callable[[np.ndarray, float], np.ndarray]:
        """Something with soft edges that sways before the ground; or goes across it, large."""
        chance = self.chance
        width, height = size or self.size
        wide, high = (0.45 * width, 0.9 * height) if large else (chance.uniform(0.15, 0.3, 2) * (width, height))
        photo = photograph(str(chance.choice(self.names)))
        texture = cv2.resize(photo[100:380, 100:380], (int(wide), int(high)), interpolation=cv2.INTER_AREA)
        mask = np.zeros(texture.shape[:2], np.uint8)
        cv2.ellipse(mask, (int(wide / 2), int(high / 2)), (int(wide * 0.46), int(high * 0.46)), 0, 0, 360, 255, -1)
        soft = cv2.GaussianBlur(mask, (0, 0), 2)[..., None] / 255
        middle, swing = chance.uniform(0.3, 0.7, 2), chance.uniform(0.02, 0.2, 2)
        rates, phases = chance.uniform(0.2, 1.2, 2), chance.uniform(0, 6.28, 2)
        begin, seconds = chance.uniform(0.5, 2), chance.uniform(0.5, 2)

        def put(seen: np.ndarray, t: float) -> np.ndarray:
            x, y = (middle + swing * np.sin(6.28 * rates * t + phases)) * (width, height) - (wide / 2, high / 2)
            if large:
                x, y = (t - begin) / seconds * (width + wide) - wide, height * 0.1
            left, top = max(0, round(x)), max(0, round(y))
            right, bottom = min(width, round(x) + int(wide)), min(height, round(y) + int(high))
            if left < right and top < bottom:
                part = np.s_[top - round(y) : bottom - round(y), left - round(x) : right - round(x)]
                place = seen[top:bottom, left:right]
                place[:] = place + (texture[part].astype(np.float32) - place) * soft[part]
            return seen

        return put

    def whip(self, seconds: float) -> Drawn:
        """The camera rests, swings within 0.5 s to another part of the scene, blurred by the exposure, and rests."""
        chance = self.chance
        width, height = self.size
        photo = photograph(str(chance.choice(self.names)))
        photo = cv2.resize(photo, None, fx=height / photo.shape[0], fy=height / photo.shape[0])
        photo = np.hstack([photo, photo[:, ::-1]] * 3)
        begin, lasting = chance.uniform(1, seconds - 2), chance.uniform(0.25, 0.5)
        far, start = chance.uniform(0.8, 1.6) * width, chance.uniform(0, 60)

        def draw(t: float) -> np.ndarray:
            share = np.clip((t - begin) / lasting, 0, 1)
            x = start + far * (3 * share**2 - 2 * share**3)
            speed = far * 6 * share * (1 - share) / lasting
            view = cv2.getRectSubPix(photo, (width, height), (float(x + width / 2), height / 2))
            smear = max(1, round(speed / 60))  # half of the time between two frames of 30 a second
            return cv2.blur(view, (smear, 1))

        return draw

    # --- what is no cut --------------------------------------------------------------------------------------------

    def faded(self, draw: Drawn, seconds: float) -> Drawn:
        """From black at the beginning, or to black at the end, or both."""
        first, last = [(0.8, 0.0), (0.0, 0.8), (0.8, 0.8)][int(self.chance.integers(3))]

        def drawn(t: float) -> np.ndarray:
            share = min(t / first if first else 1, (seconds - t) / last if last else 1, 1)
            return cv2.convertScaleAbs(draw(t), alpha=max(0.0, share))

        return drawn

    def lit(self, draw: Drawn, seconds: float) -> Drawn:
        """A lamp goes on at once, or a cloud passes: contrast and lightness change, the scene stays."""
        at = self.chance.uniform(1.5, seconds - 1)
        lasting = self.chance.choice([0.1, 0.4, 1.5])
        before, after = self.chance.permutation([0.55, 1.1])

        def drawn(t: float) -> np.ndarray:
            share = np.clip((t - at) / lasting, 0, 1)
            return cv2.convertScaleAbs(draw(t), alpha=before + (after - before) * share)

        return drawn

    def flashed(self, draw: Drawn, seconds: float) -> Drawn:
        """One to four flashes, white or nearly so, of 40 to 120 ms."""
        times = np.sort(self.chance.uniform(0.6, seconds - 0.6, int(self.chance.integers(1, 5))))
        lasting, strength = self.chance.uniform(0.04, 0.12), self.chance.uniform(90, 250)

        def drawn(t: float) -> np.ndarray:
            lit = any(at <= t < at + lasting for at in times)
            return cv2.convertScaleAbs(draw(t), alpha=1.1, beta=strength) if lit else draw(t)

        return drawn

    def crossed(self, draw: Drawn) -> Drawn:
        """Somebody large goes past the camera in half a second to two."""
        put = self.subject(large=True)
        return lambda t: put(draw(t), t)

    def captioned(self, draw: Drawn, seconds: float) -> Drawn:
        """Captions of one to three lines that appear, change word by word and vanish; some on a box."""
        chance = self.chance
        width, height = self.size
        size = chance.uniform(0.5, 0.9) * width / 180
        boxed, top = chance.uniform() < 0.4, chance.uniform(0.1, 0.75)
        words = ["THIS", "SONG", "makes", "me", "WANT", "to", "dance", "ALL", "night", "WAIT", "for", "it"]
        steps = np.sort(chance.uniform(0.3, seconds - 0.3, int(chance.integers(3, 8))))
        lines = [[" ".join(chance.choice(words, 2)) for _ in range(int(chance.integers(1, 4)))] for _ in steps]
        colour = tuple(int(value) for value in chance.choice([[255, 255, 255], [60, 230, 255], [180, 120, 255]]))

        def drawn(t: float) -> np.ndarray:
            seen = draw(t)
            shown = int(np.searchsorted(steps, t, side="right")) - 1
            for number, line in enumerate(lines[shown] if 0 <= shown < len(steps) - 1 else []):
                (wide, high), _ = cv2.getTextSize(line, cv2.FONT_HERSHEY_DUPLEX, size, 2)
                x, y = (width - wide) // 2, int(top * height + (number + 1) * high * 1.6)
                if boxed:
                    cv2.rectangle(seen, (x - 6, y - high - 5), (x + wide + 6, y + 6), (20, 20, 20), -1)
                cv2.putText(seen, line, (x, y), cv2.FONT_HERSHEY_DUPLEX, size, (0, 0, 0), 5)
                cv2.putText(seen, line, (x, y), cv2.FONT_HERSHEY_DUPLEX, size, colour, 2)
            return seen

        return drawn

    # --- what is a cut ---------------------------------------------------------------------------------------------

    def edges(self, seconds: float, apart: float = 1.0) -> list[float]:
        """Times of one to four cuts, at least so far apart."""
        while True:
            times = np.sort(self.chance.uniform(apart, seconds - apart, int(self.chance.integers(1, 5))))
            if np.diff(times).min(initial=apart) >= apart:
                return [float(time) for time in times]

    def cut(
        self,
        seconds: float,
        gradual: tuple[float, float] | None = None,
        through: int | None = None,
        size: tuple[int, int] | None = None,
    ) -> tuple[Drawn, list[tuple[float, float]]]:
        """Shots of different photographs; cut hard, dissolved, or faded through black or white."""
        lasting = float(self.chance.uniform(*gradual)) if gradual else 0.0
        middles = self.edges(seconds, apart=1.0 + lasting)
        order = [self.names[int(n)] for n in self.chance.permutation(len(self.names))]
        shots = [self.shot(name, size=size) for name in order[: len(middles) + 1]]

        def draw(t: float) -> np.ndarray:
            now = int(np.searchsorted(middles, t, side="right"))
            if not lasting:
                return shots[now](t)
            nearest = min(range(len(middles)), key=lambda number: abs(middles[number] - t))
            share = float(np.clip((t - middles[nearest]) / lasting + 0.5, 0, 1))
            if through is None:
                return cv2.addWeighted(shots[nearest](t), 1 - share, shots[nearest + 1](t), share, 0)
            weight = abs(2 * share - 1)
            return cv2.addWeighted(shots[now](t), weight, np.full_like(shots[now](t), through), 1 - weight, 0)

        return draw, [(middle - lasting / 2, middle + lasting / 2) for middle in middles]

    def jumps(self, seconds: float) -> tuple[Drawn, list[tuple[float, float]]]:
        """Shots of one photograph: nearer or further by a quarter or more, or another part of it."""
        times = self.edges(seconds)
        name = str(self.chance.choice(self.names))
        x, y, share = 0.5, 0.5, 0.8
        shots = []
        for _ in range(len(times) + 1):
            shots.append(self.shot(name, view=(x, y, share)))
            if self.chance.uniform() < 0.5:
                share = 0.8 if share < 0.7 else float(self.chance.uniform(0.5, 0.62))
            else:
                x, y = (0.5 if abs(v - 0.5) > 0.05 else v + float(self.chance.choice([-0.15, 0.15])) for v in (x, y))
        return lambda t: shots[int(np.searchsorted(times, t, side="right"))](t), [(time, time) for time in times]

    def split_screen(self, seconds: float) -> tuple[Drawn, list[tuple[float, float]]]:
        """Two halves, one above the other or side by side; one of them is cut."""
        width, height = self.size
        across = bool(self.chance.integers(2))
        half = (width, height // 2) if across else (width // 2, height)
        one, cuts = self.cut(seconds, size=half)
        other = self.shot(size=half)
        swap = 1 - 2 * int(self.chance.integers(2))

        def draw(t: float) -> np.ndarray:
            return np.concatenate([one(t), other(t)][::swap], axis=0 if across else 1)

        return draw, cuts

    def picture_in_picture(self, seconds: float) -> tuple[Drawn, list[tuple[float, float]]]:
        """A small picture, a third to half of the width and height, over a larger one; one of the two is cut."""
        width, height = self.size
        share = self.chance.uniform(0.34, 0.5)
        size = (int(width * share), int(height * share))
        x, y = (int(self.chance.uniform(0.03, 0.97 - share) * pixels) for pixels in self.size)
        cut_small = bool(self.chance.integers(2))
        small, large = self.cut(seconds, size=size), self.cut(seconds)
        still, still_small = self.shot(), self.shot(size=size)

        def draw(t: float) -> np.ndarray:
            seen = still(t) if cut_small else large[0](t)
            seen[y : y + size[1], x : x + size[0]] = small[0](t) if cut_small else still_small(t)
            return seen

        return draw, (small if cut_small else large)[1]

    def borders(self, seconds: float) -> tuple[Drawn, list[tuple[float, float]]]:
        """A picture between bars, black or white, or over a still ground that is blurred; the picture is cut."""
        width, height = self.size
        tall = height > width
        inner = (width, int(height * 0.34)) if tall else (int(width * 0.34), height)
        draw, cuts = self.cut(seconds, size=inner)
        ground = np.full((height, width, 3), self.chance.choice([0, 255]), np.uint8)
        if self.chance.uniform() < 0.4:
            ground = cv2.blur(self.shot()(0.0), (31, 31))
        left, top = (width - inner[0]) // 2, (height - inner[1]) // 2

        def drawn(t: float) -> np.ndarray:
            seen = ground.copy()
            seen[top : top + inner[1], left : left + inner[0]] = draw(t)
            return seen

        return drawn, cuts


# --- writing -------------------------------------------------------------------------------------------------------

CODECS = {
    ".mp4": ["-c:v", "libx264", "-preset", "veryfast", "-crf"],
    ".webm": ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "0", "-crf"],
    ".mkv": ["-c:v", "mpeg4", "-q:v"],
}
# High, middling, low.
QUALITIES = {".mp4": (18, 26, 34), ".webm": (24, 36, 48), ".mkv": (3, 7, 14)}
# What may lie between the camera and the file: filters that get frames of the rate that is named.
SOURCES: dict[str, tuple[int, list[str]]] = {
    **{f"{rate} fps": (rate, []) for rate in (10, 15, 24, 25, 30, 50, 60)},
    "24 in 30 fps": (24, ["-vf", "fps=30"]),
    "30 in 60 fps": (30, ["-vf", "fps=60"]),
    "interlaced": (50, ["-vf", "tinterlace=interleave_top", "-flags", "+ildct+ilme"]),
    "variable rate": (30, ["-vf", "select='not(eq(mod(n\\,7)\\,3)+eq(mod(n\\,5)\\,4))'", "-fps_mode", "vfr"]),
}


def write(clip: Clip, path: Path, source: str = "30 fps", quality: int = 1) -> Path:
    """Write a clip.

    Args:
        clip: what is shown.
        path: the container is that of the suffix.
        source: one of SOURCES.
        quality: of QUALITIES, 0 to 2.
    """
    from imageio_ffmpeg import get_ffmpeg_exe

    rate, filters = SOURCES[source]
    height, width = clip.draw(0.0).shape[:2]
    raw = ["-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{width}x{height}", "-r", str(rate), "-i", "-"]
    coded = [*CODECS[path.suffix], str(QUALITIES[path.suffix][quality]), "-pix_fmt", "yuv420p", "-threads", "1"]
    command = [get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-y", *raw, *filters, *coded, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for number in range(round(clip.seconds * rate)):
            process.stdin.write(clip.draw(number / rate).tobytes())
    assert process.returncode == 0, command
    return path


def compose(number: int, photographs: str) -> tuple[Clip, str, str, int]:
    """The clip of a number, with the suffix, source and quality that it is to be written in."""
    kinds, sources = list(KINDS), list(SOURCES)
    chance = np.random.default_rng([number, len(photographs)])
    size = [(180, 320), (180, 320), (320, 180), (240, 240)][int(chance.integers(4))]
    clip = Composer(number * 2 + (photographs == "judging"), photographs, size).clip(kinds[number % len(kinds)])
    # MPEG-4 has no interlaced frames worth the name in our writer, nor has VP9 any.
    source = str(chance.choice(sources))
    suffix = ".mp4" if source == "interlaced" else str(chance.choice(list(CODECS), p=[0.6, 0.2, 0.2]))
    return clip, suffix, source, int(chance.integers(3))
