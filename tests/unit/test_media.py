"""The media core on real files: typed reasons for what is broken, right facts and frames for what is odd."""

from __future__ import annotations

import itertools
import json
import os
import time
import warnings
import wave
import zipfile
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
import scenedetect
from scenedetect import ContentDetector, FrameTimecode

import odd_media
import sample_frames
from common.config import AudioSection, FramesSection, VideoSection
from common.isolation import run_isolated
from common.manifest import Row
from common.stage import Work
from common.states import OK, Outcome, ReelError
from extract_audio import extract_audio
from media.cuts import CutDetector
from media.download import HEAD_BYTES, video_suffix
from media.frames import MAX_CANDIDATES, Sample, choose_times, sample_video
from media.probe import probe

# A deprecated call into PyAV would break at its next release.
pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return odd_media.make_corpus(tmp_path_factory.mktemp("odd"))


def outcome_of(function, *arguments) -> str:
    try:
        function(*arguments)
    except ReelError as error:
        return error.reason
    return "ok"


def work_on(video: Path, folder: Path) -> Work:
    folder.mkdir(parents=True, exist_ok=True)
    row = Row("creator", "reel", "video", "ok", path=str(video))
    return Work("creator", "reel", {"video": row}, folder)


def make_shots(path: Path, *shots: tuple[str, float], size: str = "180x320", options: tuple[str, ...] = ()) -> Path:
    """Sources one after another, hard cuts between them."""
    inputs = itertools.chain.from_iterable(("-f", "lavfi", "-t", str(length), "-i", source) for source, length in shots)
    width, height = size.split("x")
    chain = "".join(
        f"[{number}:v]scale={width}:{height},setsar=1,fps=25,format=yuv420p[s{number}];" for number in range(len(shots))
    )
    chain += "".join(f"[s{number}]" for number in range(len(shots))) + f"concat=n={len(shots)}[v]"
    odd_media.ffmpeg(*inputs, "-filter_complex", chain, "-map", "[v]", *odd_media.H264, *options, path)
    return path


WHITE, NAVY, LIME = (f"color={name}:size=180x320:rate=25" for name in ("white", "navy", "lime"))
TEST = "testsrc2=size=180x320:rate=25"


# --- the corpus ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", odd_media.ODD)
def test_odd_files_get_the_reason_that_is_theirs(corpus: dict[str, Path], name: str, tmp_path: Path):
    if name == "dangling.mp4":
        pytest.skip("no file to be opened; the source does not list it")
    kind, path = odd_media.ODD[name], corpus[name]
    before = path.stat()
    checked = outcome_of(probe, path, VideoSection())
    assert checked in kind.video
    if checked == "ok":
        facts = probe(path, VideoSection())
        assert outcome_of(sample_video, path, FramesSection()) in kind.frames
        link = tmp_path / f"reel{path.suffix.lower()}"
        link.symlink_to(path)
        link.with_suffix(".json").write_text(json.dumps(facts))
        assert audio_outcome(link, tmp_path / "work") in kind.audio
    after = path.stat()
    assert (after.st_mode, after.st_mtime_ns, after.st_size) == (before.st_mode, before.st_mtime_ns, before.st_size)


def audio_outcome(video: Path, folder: Path) -> str:
    """The state or reason of extract_audio; where it is ok, the wav is checked."""
    work = work_on(video, folder)
    try:
        outcome = extract_audio(work, AudioSection())
    except ReelError as error:
        return error.reason
    if outcome.state == "ok":
        with wave.open(str(work.artifact(".wav"))) as sound:
            assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (16_000, 1, 2)
            assert sound.getnframes() > 0
    return outcome.reason or outcome.state


def test_a_pipe_is_refused_at_once(corpus: dict[str, Path]):
    with pytest.raises(ReelError, match="not_a_video"):  # opened, it would hold the test for ever
        probe(corpus["pipe.mp4"], VideoSection())


def test_nothing_of_another_file_is_read_through_a_playlist(corpus: dict[str, Path], tmp_path: Path):
    for name in ("playlist.mp4", "concat.mp4"):
        video = corpus[name]
        facts = tmp_path / f"{name}.json"
        facts.write_text(json.dumps({"audio_codec": "aac"}))
        link = tmp_path / name
        link.symlink_to(video)
        facts.rename(link.with_suffix(".json"))
        assert audio_outcome(link, tmp_path / f"work {name}") == "not_a_video"


def test_limits_of_size_and_duration_hold(corpus: dict[str, Path]):
    assert outcome_of(probe, corpus["h264.mov"], VideoSection(max_pixels=96 * 128)) == "ok"
    assert outcome_of(probe, corpus["h264.mov"], VideoSection(max_pixels=96 * 128 - 1)) == "too_large"
    assert outcome_of(probe, corpus["h264.mov"], VideoSection(max_minutes=1.0 / 60)) == "too_long"


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("no_audio.mp4", {"audio_codec": None, "video_codec": "h264", "fps": 15.0, "rotation": 0}),
        ("av1.mp4", {"video_codec": "av1", "audio_codec": "aac"}),
        ("vp9.webm", {"video_codec": "vp9", "audio_codec": "opus"}),
        ("prores.mov", {"video_codec": "prores"}),
        ("rotated_90.mp4", {"width": 96, "height": 160, "rotation": 90}),
        ("rotated_180.mp4", {"width": 96, "height": 160, "rotation": 180}),
        ("rotated_270.mp4", {"width": 96, "height": 160, "rotation": 270}),
        ("size_101x57.mp4", {"width": 101, "height": 57}),
        ("unknown_audio_codec.mkv", {"audio_codec": "unknown"}),
        ("cover.mp4", {"width": 96, "height": 160, "video_codec": "h264"}),
        ("two_videos.mp4", {"width": 96, "height": 160}),
        ("one_frame.mp4", {"fps": None}),
    ],
)
def test_facts(corpus: dict[str, Path], name: str, facts: dict):
    found = probe(corpus[name], VideoSection())
    assert {key: found[key] for key in facts} == facts


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("fragmented.mp4", 1.2),
        ("one_frame.mp4", 1 / 15),
        ("vfr.mp4", 2.67),
        ("vfr_late_start.mkv", 2.67),
        ("blink.mp4", 0.1),
    ],
)
def test_duration_counts_from_the_first_packet_to_the_end_of_the_last(
    corpus: dict[str, Path], name: str, seconds: float
):
    assert probe(corpus[name], VideoSection())["duration_s"] == pytest.approx(seconds, abs=0.06)


def test_a_download_gets_the_suffix_of_its_content(corpus: dict[str, Path]):
    for name in ("h264.mkv", "prores.mov", "vp9.webm", "old.avi", "stream.flv", "hevc.mp4"):
        assert video_suffix(corpus[name].read_bytes()[:HEAD_BYTES]) == corpus[name].suffix
    assert video_suffix(corpus["camera.MTS"].read_bytes()[:HEAD_BYTES]) == ".ts"
    for name in ("page.mp4", "photo.mp4", "archive.mp4", "noise.mkv"):
        assert video_suffix(corpus[name].read_bytes()[:HEAD_BYTES]) is None


# --- frames --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_frames_are_upright(tmp_path: Path, degrees: int):
    path = tmp_path / "rotated.mp4"
    odd_media.make_rotated(path, degrees, size="120x200")
    sample = sample_video(path, FramesSection())
    assert sample.decoded.display.rotation == degrees
    for frame in sample.frames:
        assert frame.shape == (200, 120, 3)
        corners = {"top left": frame[5:40, 5:30], "top right": frame[5:40, -30:-5], "bottom left": frame[-40:-5, 5:30]}
        red = {name: patch[..., 0].mean() - patch[..., 1].mean() > 100 for name, patch in corners.items()}
        assert red == {"top left": True, "top right": False, "bottom left": False}


@pytest.mark.parametrize("matrix", ["bt709", "smpte170m"])
@pytest.mark.parametrize("span", ["tv", "pc"])
@pytest.mark.parametrize("pixels", ["yuv420p", "yuv422p10le", "yuv444p"])
def test_colours_are_those_that_players_show(tmp_path: Path, matrix: str, span: str, pixels: str):
    path = tmp_path / "colour.mp4"
    shown = (200, 60, 30)
    source = f"color=0x{bytes(shown).hex()}:size=900x1600:rate=5:duration=0.6,format=gbrp"
    convert = f"scale=out_color_matrix={matrix}:out_range={span},format={pixels}"
    tags = ["-colorspace", matrix, "-color_range", span]
    odd_media.ffmpeg(
        "-f", "lavfi", "-i", source, "-vf", convert, *tags, "-c:v", "libx264", "-preset", "ultrafast", path
    )
    frame = sample_video(path, FramesSection()).frames[0]
    assert frame.shape == (672, 378, 3)
    assert np.abs(frame.mean(axis=(0, 1)) - shown).max() < 6


@pytest.mark.parametrize("name", ["vfr.mp4", "vfr_late_start.mkv"])
def test_times_are_those_of_the_time_stamps(corpus: dict[str, Path], name: str):
    sample = sample_video(corpus[name], FramesSection())
    assert sample.decoded.n_frames == len(odd_media.VFR_TIMES_S)
    greys = np.array([20 + 12 * number for number in range(len(odd_media.VFR_TIMES_S))])
    assert len(sample.times_s) >= 5
    for time_s, frame in zip(sample.times_s, sample.frames, strict=True):
        number = int(np.abs(greys - frame.mean()).argmin())
        assert time_s == pytest.approx(odd_media.VFR_TIMES_S[number], abs=0.002)


@pytest.mark.parametrize(("seconds", "allowed"), [(4, 6), (16, 10), (31, 16), (61, 20), (121, 24)])
def test_without_a_cut_frames_are_spread_evenly_within_the_budget(tmp_path: Path, seconds: int, allowed: int):
    path = tmp_path / "video.mp4"
    source = ["-f", "lavfi", "-i", f"testsrc2=size=32x56:rate=8:duration={seconds}"]
    odd_media.silent(path, *odd_media.H264, source=source)
    sample = sample_video(path, FramesSection(backend="content", threshold=255.0))
    assert sample.shots == [(0.0, pytest.approx(seconds, abs=0.01))]
    assert len(sample.frames) == allowed
    step = seconds / allowed
    wanted = [step * (number + 0.5) for number in range(allowed)]
    # Candidates lie 0.25 s apart, further in long videos.
    assert np.abs(np.array(sample.times_s) - wanted).max() <= max(0.25, seconds / 80)


SHOTS = (WHITE, 1.0), (TEST, 1.4), (NAVY, 0.8), (LIME, 2.0)
EDGES = [0.0, 1.0, 2.4, 3.2, 5.2]


def test_cuts_are_found_and_every_shot_is_seen(tmp_path: Path):
    sample = sample_video(make_shots(tmp_path / "shots.mp4", *SHOTS), FramesSection())
    assert [start for start, _ in sample.shots] == pytest.approx(EDGES[:-1], abs=0.021)
    assert sample.shots[-1][1] == pytest.approx(EDGES[-1], abs=0.021)
    seen = [next(n for n, (start, end) in enumerate(sample.shots) if start <= time < end) for time in sample.times_s]
    assert set(seen) == {0, 1, 2, 3}
    for shot, frame in zip(seen, sample.frames, strict=True):
        shown = {0: (255, 255, 255), 2: (0, 0, 128), 3: (0, 255, 0)}.get(shot)
        if shown:
            assert np.abs(frame.mean(axis=(0, 1)) - shown).max() < 6


@pytest.mark.parametrize("shots", range(1, 30))
@pytest.mark.parametrize("allowed", [1, 6, 24])
def test_the_budget_holds_however_many_shots_there_are(shots: int, allowed: int):
    edges = [number * 1.5 for number in range(shots + 1)]
    times = choose_times(list(itertools.pairwise(edges)), allowed)
    assert 1 <= len(times) <= allowed
    assert times == sorted(times)
    assert 0 <= times[0] <= times[-1] <= edges[-1]


@pytest.mark.parametrize("options", [(), ("-g", "10"), ("-bf", "3", "-preset", "veryfast")])
def test_the_same_cuts_as_scenedetect(tmp_path: Path, options: tuple[str, ...]):
    settings = FramesSection(backend="content")
    mandelbrot = "mandelbrot=size=180x320:rate=25:start_scale=0.4"
    life = "life=size=90x160:rate=25:seed=4:mold=10:ratio=0.3:life_color=yellow:death_color=navy"
    shots = ((TEST, 1.3), (mandelbrot, 2.1), (LIME, 0.2), (life, 1.7), (WHITE, 1.0), (TEST, 0.9))
    path = make_shots(tmp_path / "video.mp4", *shots, size="540x960", options=options)
    detector = ContentDetector(threshold=settings.threshold, min_scene_len=settings.min_shot_s)
    theirs = [start.seconds for start, _ in scenedetect.detect(str(path), detector, start_in_scene=True)][1:]
    ours = [start for start, _ in sample_video(path, settings).shots[1:]]
    assert len(theirs) >= 3
    assert ours == pytest.approx(theirs, abs=1.5 / 25)


def test_the_faster_detector_scores_as_the_original():
    chance = np.random.default_rng(0)
    original = ContentDetector(threshold=32.0, min_scene_len=0.5)
    ours = CutDetector(32.0, 0.5, Fraction(25))
    for number in range(6):
        yuv = chance.integers(0, 256, (96 * 3 // 2, 64), np.uint8)
        bgr = cv2.cvtColor(yuv, cv2.COLOR_YUV2BGR_I420)
        original.process_frame(FrameTimecode(number, 25.0), bgr)
        ours.look(number / 25, yuv)
        assert ours._frame_score == pytest.approx(original._frame_score, rel=1e-12)


# --- motion --------------------------------------------------------------------------------------------------------


def moving(path: Path, x: str = "0", y: str = "0", zoom: str = "1") -> Sample:
    """A still picture of smooth structure, with a window on it that moves: the content moves the other way."""
    still = path.with_name("still.png")
    if not still.exists():
        noise = np.random.default_rng(0).normal(size=(900, 900)).astype(np.float32)
        smooth = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 12), None, 20, 235, cv2.NORM_MINMAX).astype(np.uint8)
        cv2.imwrite(str(still), smooth)
    window = f"zoompan=z='{zoom}':x='{x}':y='{y}':d=1:s=180x180:fps=25" if zoom != "1" else f"crop=360:360:{x}:{y}"
    source = ["-loop", "1", "-framerate", "25", "-t", "2", "-i", still]
    odd_media.ffmpeg(*source, "-vf", f"{window},scale=180:180,format=yuv420p", *odd_media.H264, path)
    return sample_video(path, FramesSection())


def mean_motion(sample: Sample) -> dict[str, float]:
    assert len(sample.decoded.motion) >= 8
    return {name: float(np.mean([step[name] for step in sample.decoded.motion])) for name in sample.decoded.motion[0]}


def test_motion_has_the_direction_of_what_is_seen(tmp_path: Path):
    still = mean_motion(moving(tmp_path / "still.mp4", "270", "270"))
    assert still["speed"] < 0.002
    # 60 pixels a second of a window 360 wide: 0.118 diagonals a second.
    right = mean_motion(moving(tmp_path / "right.mp4", "400-60*t", "270"))
    assert right["pan"] == pytest.approx(0.118, rel=0.15)
    assert abs(right["tilt"]) < 0.01
    left = mean_motion(moving(tmp_path / "left.mp4", "270+60*t", "270"))
    assert left["pan"] == pytest.approx(-0.118, rel=0.15)
    down = mean_motion(moving(tmp_path / "down.mp4", "270", "400-60*t"))
    assert down["tilt"] == pytest.approx(0.118, rel=0.15)
    centre = {"x": "iw/2-iw/zoom/2", "y": "ih/2-ih/zoom/2"}
    closer = mean_motion(moving(tmp_path / "in.mp4", **centre, zoom="1+on*0.012"))
    assert closer["zoom"] > 0.03
    assert abs(closer["pan"]) < 0.01
    away = mean_motion(moving(tmp_path / "out.mp4", **centre, zoom="1.6-on*0.012"))
    assert away["zoom"] < -0.03


def test_motion_is_turned_with_the_picture(tmp_path: Path):
    upright, turned = tmp_path / "right.mp4", tmp_path / "turned.mp4"
    shown = mean_motion(moving(upright, "400-60*t", "270"))
    # Coded lying on its side, and turned back by the display matrix.
    coded = tmp_path / "coded.mp4"
    odd_media.ffmpeg("-i", upright, "-vf", "transpose=clock", *odd_media.H264, coded)
    odd_media.ffmpeg("-display_rotation", "90", "-i", coded, "-c", "copy", turned)
    found = mean_motion(sample_video(turned, FramesSection()))
    assert found["pan"] == pytest.approx(shown["pan"], rel=0.1)
    assert abs(found["tilt"]) < 0.01


def test_a_cut_is_no_motion(tmp_path: Path):
    sample = sample_video(make_shots(tmp_path / "shots.mp4", (WHITE, 1.0), (NAVY, 1.0), (LIME, 1.0)), FramesSection())
    assert len(sample.shots) == 3
    assert max(step["speed"] for step in sample.decoded.motion) < 0.002


# --- artifacts -----------------------------------------------------------------------------------------------------


def test_two_runs_give_the_same_bytes(tmp_path: Path):
    video = make_shots(tmp_path / "shots.mp4", *SHOTS)
    made = []
    for number in range(2):
        work = work_on(video, tmp_path / str(number))
        assert sample_frames.sample_frames(work, FramesSection()) == OK
        made.append([work.artifact(suffix).read_bytes() for suffix in (".zip", ".jpg")])
        time.sleep(2.1 * (1 - number))  # the times in a zip have a resolution of two seconds
    assert made[0] == made[1]


def test_the_zip_says_when_each_frame_is_shown(tmp_path: Path):
    work = work_on(make_shots(tmp_path / "shots.mp4", *SHOTS, size="720x1280"), tmp_path / "work")
    sample_frames.sample_frames(work, FramesSection())
    with zipfile.ZipFile(work.artifact(".zip")) as packed:
        facts = json.loads(packed.read("frames.json"))
        assert [*(frame["file"] for frame in facts["frames"]), "frames.json"] == packed.namelist()
        for frame in facts["frames"]:
            picture = cv2.imdecode(np.frombuffer(packed.read(frame["file"]), np.uint8), cv2.IMREAD_COLOR)
            assert picture.shape == (672, 378, 3)
    assert facts["duration_s"] == pytest.approx(5.2, abs=0.02)
    assert facts["fps"] == pytest.approx(25, abs=0.1)
    assert len(facts["shots"]) == 4
    assert cv2.imread(str(work.artifact(".jpg"))).shape[0] % sample_frames.SHEET_FRAME_HEIGHT == 0


def test_long_videos_take_no_more_memory(tmp_path: Path):
    path = tmp_path / "long.mp4"
    odd_media.silent(path, *odd_media.H264, source=["-f", "lavfi", "-i", "testsrc2=size=32x56:rate=10:duration=180"])
    decoded = sample_video(path, FramesSection()).decoded
    assert 60 <= len(decoded.candidates) <= MAX_CANDIDATES == 160
    gaps = np.diff([at for at, _ in decoded.candidates])
    assert gaps.max() <= 2.5


def test_no_warnings_of_libraries(corpus: dict[str, Path]):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in ("h264.mkv", "rotated_90.mp4", "flipped_2.mp4", "one_frame.mp4"):
            probe(corpus[name], VideoSection())
            sample_video(corpus[name], FramesSection())


# --- isolation -----------------------------------------------------------------------------------------------------


def misbehave(how: str) -> Outcome:
    """What decoders do to the process they run in."""
    if how == "hang":
        time.sleep(60)
    elif how == "abort":
        os.abort()
    elif how == "exit":
        os._exit(3)
    elif how == "eat":
        held = [np.empty(50_000_000) for _ in range(1_000)]
        raise AssertionError(len(held))
    elif how == "fail":
        raise ReelError("corrupt", "a reason")
    elif how == "defect":
        raise KeyError("unforeseen")
    return OK


def test_one_bad_file_fails_alone():
    tasks = ["good 1", "abort", "good 2", "eat", "good 3", "exit", "fail", "defect", "good 4"]
    found = dict(run_isolated(misbehave, tasks, workers=2, timeout_s=60, memory_mb=3000))
    assert sorted(found) == sorted(tasks)
    # Only what hangs has a short time: on a busy machine, others need seconds to begin.
    found |= run_isolated(misbehave, ["hang"], workers=1, timeout_s=2, memory_mb=3000)
    reasons = {task: outcome.reason for task, outcome in found.items() if outcome.state == "failed"}
    assert reasons == {
        "abort": "crashed",
        "hang": "timeout",
        "eat": "out_of_memory",
        "exit": "crashed",
        "fail": "corrupt",
        "defect": "error",
    }
    assert all(found[task] == OK for task in tasks if task.startswith("good"))
    transient = {task for task, outcome in found.items() if outcome.transient}
    assert transient == {"abort", "hang", "eat", "exit", "defect"}
