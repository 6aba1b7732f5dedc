"""Real files that are odd, broken or no videos at all, made with ffmpeg and PyAV, each with what is expected of it.

`make_corpus(folder)` makes them all; `ODD` tells, by file name, the outcomes that are right. Videos are tiny and short.
"""

from __future__ import annotations

import functools
import json
import os
import random
import struct
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SECONDS = 1.2
SIZE = "96x160"
RATE = 15
# Half of any of these is missing by more than the second that containers may round away.
LONG_SECONDS = 5.0
ELSEWHERE = "/etc/passwd"


@dataclass(frozen=True)
class Odd:
    """An odd file.

    Attributes:
        make: writes it to a path.
        video: outcomes of the check that are right: "ok", or a reason of failure.
        audio: outcomes of extract_audio that are right where the check is passed.
        frames: the same of sample_frames.
        listed: whether the source takes it for a reel at all.
    """

    make: Callable[[Path], None]
    video: tuple[str, ...] = ("ok",)
    audio: tuple[str, ...] = ("ok",)
    frames: tuple[str, ...] = ("ok",)
    listed: bool = True


ODD: dict[str, Odd] = {}
Maker = Callable[[Path], None]


def odd(name: str, *video: str, audio: str = "ok", frames: str = "ok", listed: bool = True) -> Callable[[Maker], Maker]:
    """Register the maker of an odd file; alternatives of audio and frames are separated by a bar."""

    def register(make: Maker) -> Maker:
        ODD[name] = Odd(make, video or ("ok",), tuple(audio.split("|")), tuple(frames.split("|")), listed)
        return make

    return register


def make_corpus(folder: Path, skip: tuple[str, ...] = ()) -> dict[str, Path]:
    """Make every odd file; their paths by name."""
    folder.mkdir(parents=True, exist_ok=True)
    made = {}
    for name, kind in ODD.items():
        if name not in skip:
            made[name] = folder / name
            kind.make(made[name])
    return made


def ffmpeg(*arguments: str | Path) -> None:
    """Run the ffmpeg of imageio-ffmpeg; the last argument is the file to write."""
    from imageio_ffmpeg import get_ffmpeg_exe

    command = [get_ffmpeg_exe(), "-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-threads", "1"]
    done = subprocess.run([*command, *map(str, arguments)], capture_output=True, check=False, timeout=600)
    if done.returncode != 0:
        raise RuntimeError(f"ffmpeg {' '.join(map(str, arguments))}: {done.stderr.decode(errors='replace')}")


def picture(seconds: float = SECONDS, size: str = SIZE, rate: int = RATE, hue: int = 0) -> list[str]:
    """Input options of a moving test picture; the hue makes files differ."""
    return ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds},hue=h={hue}"]


def tone(seconds: float = SECONDS, frequency: int = 440) -> list[str]:
    """Input options of a sine tone."""
    return ["-f", "lavfi", "-i", f"sine=frequency={frequency}:duration={seconds}"]


H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-threads", "1"]
AAC = ["-c:a", "aac", "-b:a", "32k"]


def make_video(
    path: Path, hue: int = 0, seconds: float = SECONDS, options: tuple[str, ...] = (), size: str = SIZE
) -> None:
    """An ordinary small video with sound; further output options may make it less ordinary."""
    ffmpeg(*picture(seconds, size, hue=hue), *tone(seconds, 300 + hue), *H264, *AAC, *options, path)


def silent(path: Path, *options: str, source: list[str] | None = None) -> None:
    """A video without audio track; options as given."""
    ffmpeg(*(source or picture()), *options, path)


@functools.cache
def _bytes(*options: str, suffix: str = ".mp4", seconds: float = SECONDS) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"video{suffix}"
        make_video(path, seconds=seconds, options=options)
        return path.read_bytes()


# --- cut off -------------------------------------------------------------------------------------------------------


@odd("cut_moov_last.mp4", "truncated")
def _(path: Path) -> None:
    data = _bytes()
    path.write_bytes(data[: len(data) // 2])


@odd("cut_faststart.mp4", "truncated")
def _(path: Path) -> None:
    data = _bytes("-movflags", "+faststart")
    path.write_bytes(data[: len(data) // 2])


@odd("cut_fragmented.mp4", "truncated")
def _(path: Path) -> None:
    data = _bytes("-movflags", "frag_keyframe+empty_moov", "-g", "5")
    path.write_bytes(data[: len(data) * 2 // 3])


@odd("cut.webm", "truncated")
def _(path: Path) -> None:
    data = _webm(LONG_SECONDS)
    path.write_bytes(data[: len(data) // 2])


@odd("cut_in_header.mp4", "truncated")
def _(path: Path) -> None:
    path.write_bytes(_bytes()[:20])


@odd("last_byte_missing.mp4", "truncated")
def _(path: Path) -> None:
    path.write_bytes(_bytes("-movflags", "+faststart")[:-1])


# --- damaged -------------------------------------------------------------------------------------------------------


def flip_bits(data: bytes, seed: int, flips: int) -> bytes:
    """An mp4 with single bits of its media data flipped."""
    start = data.index(b"mdat") + 4
    length = struct.unpack(">I", data[start - 8 : start - 4])[0] - 8
    chance = random.Random(seed)
    damaged = bytearray(data)
    for _ in range(flips):
        damaged[start + chance.randrange(length)] ^= 1 << chance.randrange(8)
    return bytes(damaged)


for _seed, _flips in ((1, 3), (2, 30), (3, 300), (4, 3000)):

    @odd(f"flipped_{_seed}.mp4", "ok", "corrupt", audio="ok|corrupt", frames="ok|corrupt")
    def _(path: Path, seed: int = _seed, flips: int = _flips) -> None:
        path.write_bytes(flip_bits(_bytes(), seed, flips))


@odd("hole.mp4", "corrupt")
def _(path: Path) -> None:
    """A download whose middle never arrived: the right length, zeros for data."""
    data = bytearray(_bytes("-movflags", "+faststart"))
    start = data.index(b"mdat") + 4
    data[start:] = bytes(len(data) - start)
    path.write_bytes(data)


@odd("unknown_codec.mp4", "corrupt")
def _(path: Path) -> None:
    path.write_bytes(_bytes().replace(b"avc1", b"xyz1"))


@odd("unknown_audio_codec.mkv", audio="corrupt")
def _(path: Path) -> None:
    make_video(path, hue=12)
    path.write_bytes(path.read_bytes().replace(b"A_AAC", b"A_XYZ"))


@odd("empty.mp4", "empty")
def _(path: Path) -> None:
    path.touch()


@odd("zeros.mp4", "corrupt")
def _(path: Path) -> None:
    path.write_bytes(bytes(5000))


@odd("noise.mkv", "corrupt")
def _(path: Path) -> None:
    path.write_bytes(random.Random(0).randbytes(5000))


# --- something else ------------------------------------------------------------------------------------------------


@odd("page.mp4", "not_a_video")
def _(path: Path) -> None:
    path.write_text("<!DOCTYPE html>\n<html><body>Please log in to see this video.</body></html>\n")


@odd("answer.mp4", "not_a_video")
def _(path: Path) -> None:
    path.write_text(json.dumps({"status": "fail", "message": "login_required"}))


@odd("photo.mp4", "not_a_video")
def _(path: Path) -> None:
    ffmpeg(*picture(), "-frames:v", "1", "-f", "image2", "-c:v", "mjpeg", path)


@odd("leaflet.mp4", "not_a_video")
def _(path: Path) -> None:
    start, end = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj <</Length 800>> stream\n", b"\nendstream endobj\n%%EOF\n"
    path.write_bytes(start + random.Random(0).randbytes(800) + end)


@odd("archive.mp4", "not_a_video")
def _(path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("video.mp4", _bytes())


@odd("playlist.mp4", "not_a_video")
def _(path: Path) -> None:
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:2", "#EXTINF:1,", f"file://{ELSEWHERE}", "#EXTINF:1,"]
    path.write_text("\n".join([*lines, "http://127.0.0.1:9/segment.ts", "#EXT-X-ENDLIST", ""]))


@odd("concat.mp4", "not_a_video")
def _(path: Path) -> None:
    path.write_text(f"ffconcat version 1.0\nfile '{ELSEWHERE}'\n")


@odd("audio_only.mp4", "no_video")
def _(path: Path) -> None:
    ffmpeg(*tone(), *AAC, path)


@odd("song_with_cover.mp4", "no_video")
def _(path: Path) -> None:
    """The cover is a video track of one picture to libav, and music players' files are full of them."""
    cover = ["-map", "0:a", "-map", "1:v", "-frames:v", "1", "-c:v", "mjpeg", "-disposition:v:0", "attached_pic"]
    ffmpeg(*tone(), *picture(), *cover, *AAC, path)


# --- odd, and right ------------------------------------------------------------------------------------------------


@odd("fragmented.mp4")
def _(path: Path) -> None:
    path.write_bytes(_bytes("-movflags", "frag_keyframe+empty_moov", "-g", "5"))


@odd("no_audio.mp4", audio="no_audio")
def _(path: Path) -> None:
    silent(path, *H264)


@odd("cover.mp4")
def _(path: Path) -> None:
    """A video with a cover picture of another size, which is a video track to libav."""
    video, cover = path.with_name(f".{path.name}"), path.with_name(".cover.jpg")
    make_video(video, hue=90)
    ffmpeg(*picture(size="320x200"), "-frames:v", "1", "-f", "image2", cover)
    streams = ["-map", "1", "-map", "0", "-c", "copy", "-disposition:v:0", "attached_pic"]
    ffmpeg("-i", video, "-i", cover, *streams, path)
    video.unlink()
    cover.unlink()


@odd("resized.mp4")
def _(path: Path) -> None:
    """A transport stream whose pictures change their size and shape half-way."""
    parts = [path.with_name(f".{number}_{path.name}") for number in range(2)]
    for number, (part, size) in enumerate(zip(parts, ("96x160", "200x120"), strict=True)):
        late = ("-output_ts_offset", str(number * SECONDS))
        make_video(part, hue=91 + number, size=size, options=(*late, "-f", "mpegts"))
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    for part in parts:
        part.unlink()


def make_rotated(path: Path, degrees: int, size: str = SIZE) -> None:
    """Shown in `size`: grey, red in the top left corner; coded: turned, with a display matrix that undoes it."""
    turns = {0: "null", 90: "transpose=clock", 180: "hflip,vflip", 270: "transpose=cclock"}
    patch = "drawbox=x=0:y=0:w=iw/3:h=ih/4:color=red:t=fill"
    source = ["-f", "lavfi", "-i", f"color=gray:size={size}:rate={RATE}:duration={SECONDS},{patch},{turns[degrees]}"]
    coded = path.with_name(f".coded_{path.name}")
    ffmpeg(*source, *tone(), *H264, *AAC, coded)
    ffmpeg("-display_rotation", str(degrees), "-i", coded, "-c", "copy", path)
    coded.unlink()


for _degrees in (90, 180, 270):

    @odd(f"rotated_{_degrees}.mp4")
    def _(path: Path, degrees: int = _degrees) -> None:
        make_rotated(path, degrees)


VFR_TIMES_S = [number / 15 for number in range(10)] + [10 / 15 + number * 0.4 for number in range(6)]


def make_vfr(path: Path, offset_s: float = 0.0) -> None:
    """Ten frames at 15 a second, then six at 2.5 a second (VFR_TIMES_S), each as grey as its time."""
    import av
    import numpy as np

    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=1000)
        stream.width, stream.height, stream.pix_fmt = 96, 160, "yuv420p"
        stream.codec_context.options = {"qscale": "3"}
        for number, time in enumerate(VFR_TIMES_S):
            grey = np.full((160, 96, 3), 20 + 12 * number, np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
            frame.pts = round((time + offset_s) * 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@odd("vfr.mp4", audio="no_audio")
def _(path: Path) -> None:
    make_vfr(path)


@odd("vfr_late_start.mkv", audio="no_audio")
def _(path: Path) -> None:
    make_vfr(path, offset_s=7.0)


@odd("one_frame.mp4", audio="no_audio")
def _(path: Path) -> None:
    silent(path, "-frames:v", "1", *H264)


@odd("blink.mp4")
def _(path: Path) -> None:
    make_video(path, hue=20, seconds=0.1)


@odd("chroma_422.mp4", audio="no_audio")
def _(path: Path) -> None:
    silent(path, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv422p")


@odd("ten_bits.mp4", audio="no_audio")
def _(path: Path) -> None:
    silent(path, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le")


for _size in ("2x2", "3x5", "101x57", "16x400", "400x16"):

    @odd(f"size_{_size}.mp4", audio="no_audio")
    def _(path: Path, size: str = _size) -> None:
        source = ["-f", "lavfi", "-i", f"mandelbrot=size={size}:rate={RATE},format=yuv444p"]
        encoder = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv444p"]
        silent(path, "-t", str(SECONDS), *encoder, source=source)


HUGE = 16_000
# Of a JPEG: length 17, 8 bits, then height and width.
START_OF_FRAME = b"\xff\xc0\x00\x11\x08"


@odd("huge.mp4", "too_large")
def _(path: Path) -> None:
    """A track of 16000 x 16000 pixels by its header and by its JPEGs' headers, in a few kilobytes."""
    silent(path, "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-f", "mov", source=picture(0.4))
    data = bytearray(path.read_bytes())
    at = data.find(START_OF_FRAME)
    while at != -1:
        data[at + 5 : at + 9] = struct.pack(">HH", HUGE, HUGE)
        at = data.find(START_OF_FRAME, at + 1)
    entry = data.index(b"jpeg", data.index(b"stsd"))
    data[entry + 28 : entry + 32] = struct.pack(">HH", HUGE, HUGE)
    path.write_bytes(data)


@odd("huge_inside.mov", "too_large")
def _(path: Path) -> None:
    """The container says 96 x 160, the video itself 9216 x 4096."""
    black = ["-f", "lavfi", "-i", "color=black:size=9216x4096:rate=5:duration=0.2"]
    silent(path, "-frames:v", "1", *H264, source=black)
    data = bytearray(path.read_bytes())
    entry = data.index(b"avc1", data.index(b"stsd"))
    data[entry + 28 : entry + 32] = struct.pack(">HH", 96, 160)
    path.write_bytes(data)


@odd("hours.mkv", "too_long", audio="no_audio")
def _(path: Path) -> None:
    """Two frames, three hours apart."""
    silent(path, "-frames:v", "2", "-vf", "setpts=N*10800/TB", "-fps_mode", "passthrough", *H264)


CODECS = {
    "hevc.mp4": ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none", "-tag:v", "hvc1"),
    "vp9.webm": ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"),
    "vp8.webm": ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8"),
    "av1.mp4": ("-c:v", "libsvtav1", "-preset", "12"),
    "mpeg4.mp4": ("-c:v", "mpeg4"),
    "prores.mov": ("-c:v", "prores_ks"),
    "motion_jpeg.mov": ("-c:v", "mjpeg"),
    "h264.mov": ("-c:v", "libx264", "-preset", "ultrafast"),
    "h264.mkv": ("-c:v", "libx264", "-preset", "ultrafast"),
    "old.avi": ("-c:v", "mpeg4"),
    "bought.m4v": ("-c:v", "libx264", "-preset", "ultrafast", "-f", "mp4"),
    "stream.flv": ("-c:v", "libx264", "-preset", "ultrafast"),
    "camera.MTS": ("-c:v", "libx264", "-preset", "ultrafast", "-f", "mpegts"),
}
for _name, _options in CODECS.items():

    @odd(_name)
    def _(path: Path, options: tuple[str, ...] = _options) -> None:
        hue = 30 + list(CODECS.values()).index(options)
        sound = ("-c:a", "libopus") if path.suffix == ".webm" else tuple(AAC)
        environment = dict(os.environ)
        os.environ["SVT_LOG"] = "0"
        try:
            ffmpeg(*picture(hue=hue, size="96x128"), *tone(frequency=300 + hue), *options, *sound, path)
        finally:
            os.environ.clear()
            os.environ.update(environment)


@odd("LOUD NAME.MP4")
def _(path: Path) -> None:
    make_video(path, hue=50)


@odd("transport_stream.mp4")
def _(path: Path) -> None:
    make_video(path, hue=51, options=("-f", "mpegts"))


@odd("backwards.mp4", frames="ok")
def _(path: Path) -> None:
    """Two transport streams, one behind the other: half-way the times start anew."""
    part = path.with_name(f".part_{path.name}")
    make_video(part, hue=52, options=("-f", "mpegts"))
    path.write_bytes(part.read_bytes() * 2)
    part.unlink()


@odd("two_videos.mp4")
def _(path: Path) -> None:
    maps = ["-map", "0", "-map", "1", "-map", "2"]
    ffmpeg(*picture(hue=53), *picture(hue=54, size="160x96"), *tone(), *maps, *H264, *AAC, path)


@odd("subtitles.mkv")
def _(path: Path) -> None:
    text = path.with_name(".text.srt")
    text.write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    ffmpeg("-i", text, *picture(hue=55), *tone(), *H264, *AAC, "-c:s", "srt", path)
    text.unlink()


@odd("audio_starts_late.mp4")
def _(path: Path) -> None:
    ffmpeg(*picture(2.0, hue=56), "-itsoffset", "1", *tone(1.0), *H264, *AAC, path)


@odd("silent_track.mp4")
def _(path: Path) -> None:
    ffmpeg(*picture(hue=57), "-f", "lavfi", "-i", f"anullsrc=duration={SECONDS}", *H264, *AAC, path)


# --- odd places in the file system ---------------------------------------------------------------------------------


@odd("folder.mp4", "not_a_video", listed=False)
def _(path: Path) -> None:
    path.mkdir()


@odd("pipe.mp4", "not_a_video", listed=False)
def _(path: Path) -> None:
    """Whoever opens it waits for ever."""
    os.mkfifo(path)


@odd("link.mp4")
def _(path: Path) -> None:
    target = path.parent / ".elsewhere" / "target.mp4"
    target.parent.mkdir(exist_ok=True)
    make_video(target, hue=58)
    path.symlink_to(target)


@odd("dangling.mp4", listed=False)
def _(path: Path) -> None:
    path.symlink_to("nowhere.mp4")


@functools.cache
def _webm(seconds: float) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "video.webm"
        vp8 = ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-g", "15", "-c:a", "libopus"]
        ffmpeg(*picture(seconds), *tone(seconds), *vp8, path)
        return path.read_bytes()
