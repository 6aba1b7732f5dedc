"""Pictures, sounds and times are those that a player shows: files as phones, editors and downloads really make them."""

from __future__ import annotations

import hashlib
import json
import wave
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

import collect_creators
import download_reels
import odd_media
from common.config import AudioSection, FramesSection, VideoSection
from common.manifest import Row, read_manifest
from common.stage import Work
from common.states import ReelError
from extract_audio import extract_audio
from media.colour import beyond_sdr, unknown_colours
from media.container import read_boxes
from media.frames import Sample, sample_video
from media.probe import probe
from media.sound_track import SoundTrack, extract
from odd_media import AAC, H264, ffmpeg
from sample_frames import sample_frames

RED = (224, 32, 32)
FIELD = ["-f", "lavfi", "-i", f"color=0x{bytes(RED).hex()}:size=180x320:rate=5:duration=0.6,format=gbrp"]
PATCH = "drawbox=x=0:y=0:w=iw/3:h=ih/4:color=red:t=fill"


def frames_of(path: Path) -> Sample:
    return sample_video(path, FramesSection())


def facts_of(path: Path) -> dict:
    return probe(path, VideoSection())


def sound_of(path: Path) -> tuple[SoundTrack, np.ndarray]:
    """What is said of a sound, and its samples in [-1, 1]."""
    target = path.with_name(f"{path.name}.wav")
    found = extract(path, target)
    with wave.open(str(target)) as file:
        assert (file.getnchannels(), file.getframerate()) == (1, 16_000)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    assert len(samples) / 16_000 == found.seconds
    return found, samples


def loud_seconds(samples: np.ndarray) -> list[bool]:
    """For each half second, whether anything is heard."""
    pieces = [samples[start : start + 8000] for start in range(0, len(samples), 8000)]
    return [bool(np.sqrt(np.square(piece).mean()) > 0.01) for piece in pieces if len(piece) > 4000]


def work_on(video: Path, folder: Path, content: bytes) -> Work:
    """The work on a video that had this content when it was collected."""
    folder.mkdir()
    row = Row("ada", "r1", "video", "ok", path=str(video), sha256=hashlib.sha256(content).hexdigest())
    return Work("ada", "r1", {"video": row}, folder)


# --- the picture ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("aspect", "shown"), [("16/9", (320, 320)), ("1/2", (180, 640)), ("1", (180, 320))])
def test_pixels_that_are_not_square_are_shown_as_wide_as_players_do(tmp_path: Path, aspect: str, shown: tuple):
    path = tmp_path / "video.mp4"
    ffmpeg(*odd_media.picture(size="180x320"), "-vf", f"setsar={aspect}", *H264, path)
    facts = facts_of(path)
    assert (facts["width"], facts["height"]) == shown
    assert frames_of(path).frames[0].shape[:2] == shown[::-1]


@pytest.mark.parametrize(
    "turn",
    [
        ("-display_hflip",),
        ("-display_vflip",),
        ("-display_rotation", "90", "-display_hflip"),
        ("-display_rotation", "90", "-display_vflip"),
        ("-display_rotation", "180", "-display_hflip"),
        ("-display_rotation", "270"),
        (),
    ],
)
def test_turned_and_mirrored_pictures_are_those_that_ffmpeg_shows(tmp_path: Path, turn: tuple[str, ...]):
    coded, path, shown = tmp_path / "coded.mp4", tmp_path / "video.mp4", tmp_path / "shown.png"
    source = ["-f", "lavfi", "-i", f"color=gray:size=120x200:rate=5:duration=1,{PATCH}"]
    ffmpeg(*source, "-vf", "setsar=4/3", *H264, coded)
    ffmpeg(*turn, "-i", coded, "-c", "copy", path)
    ffmpeg("-i", path, "-frames:v", "1", "-vf", "scale=trunc(iw*sar/2)*2:ih", shown)
    expected = cv2.cvtColor(cv2.imread(str(shown)), cv2.COLOR_BGR2RGB)
    facts, frame = facts_of(path), frames_of(path).frames[0]
    assert (facts["height"], facts["width"]) == frame.shape[:2]
    if facts["rotation"] % 180 == 0:  # ffmpeg turns after it stretched, and forgets the shape of the pixels
        assert np.abs(frame.astype(int) - cv2.resize(expected, frame.shape[1::-1])).mean() < 4
    assert facts["mirrored"] == any("flip" in option for option in turn)
    red = [part[..., 0].mean() > part[..., 1].mean() + 40 for part in quarters(frame)]
    assert red == [part[..., 0].mean() > part[..., 1].mean() + 40 for part in quarters(expected)]
    assert sum(red) == 1


def quarters(picture: np.ndarray) -> list[np.ndarray]:
    """The four corners, a sixth of each side."""
    y, x = picture.shape[0] // 6, picture.shape[1] // 6
    return [picture[:y, :x], picture[:y, -x:], picture[-y:, :x], picture[-y:, -x:]]


def test_an_angle_that_players_do_not_follow_is_said(tmp_path: Path):
    coded, path = tmp_path / "coded.mp4", tmp_path / "video.mp4"
    odd_media.make_video(coded)
    ffmpeg("-display_rotation", "30", "-i", coded, "-c", "copy", path)
    sample = frames_of(path)
    assert sample.decoded.display.rotation == 0
    assert "30 degrees" in sample.decoded.notes()[0]


def test_motion_in_a_mirrored_picture_goes_the_other_way(tmp_path: Path):
    still, plain, mirrored = tmp_path / "still.png", tmp_path / "plain.mp4", tmp_path / "mirrored.mp4"
    noise = cv2.GaussianBlur(np.random.default_rng(0).normal(size=(500, 900)).astype(np.float32), (0, 0), 12)
    cv2.imwrite(str(still), cv2.normalize(noise, None, 20, 235, cv2.NORM_MINMAX).astype(np.uint8))
    moving = ["-loop", "1", "-framerate", "15", "-t", "2", "-i", still]
    ffmpeg(*moving, "-vf", "crop=360:360:400-60*t:60,scale=180:180,format=yuv420p", *H264, plain)
    ffmpeg("-display_hflip", "-i", plain, "-c", "copy", mirrored)
    pans = [np.mean([step["pan"] for step in frames_of(path).decoded.motion]) for path in (plain, mirrored)]
    assert pans[0] > 0.08
    assert pans[1] == pytest.approx(-pans[0])


@pytest.mark.parametrize(
    ("transfer", "primaries", "said"),
    [
        ("arib-std-b67", "2020", "HLG"),
        ("smpte2084", "2020", "PQ"),
        ("bt709", "2020", "wide gamut"),
        ("bt709", "smpte432", "wide gamut"),
        ("bt709", "smpte431", "wide gamut"),
        ("bt709", "bt470m", "colours of BT.470 M"),
        ("bt709", "film", "colours of film"),
        ("linear", "bt709", "linear light"),
    ],
)
def test_a_red_field_stays_red_however_it_was_recorded(tmp_path: Path, transfer: str, primaries: str, said: str):
    path = tmp_path / "video.mov"
    name = {"2020": "bt2020"}.get(primaries, primaries)
    given = "matrixin=gbr:transferin=bt709:primariesin=bt709:rangein=full"
    convert = f"zscale={given}:matrix=2020_ncl:transfer={transfer}:primaries={primaries}:range=limited:npl=203"
    tags = ["-color_primaries", name, "-color_trc", transfer, "-colorspace", "bt2020nc"]
    x265 = f"log-level=none:colorprim={name}:transfer={transfer}:colormatrix=bt2020nc"
    encoder = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", x265, "-tag:v", "hvc1"]
    ffmpeg(*FIELD, "-vf", f"{convert},format=yuv420p10le", *encoder, *tags, path)
    sample = frames_of(path)
    assert np.abs(sample.frames[0].mean(axis=(0, 1)) - RED).max() <= 6
    assert facts_of(path)["colour"] == said
    assert sample.decoded.notes()[0].startswith(said)


@pytest.mark.parametrize(
    ("transfer", "primaries", "said"),
    [
        ("bt709", "smpte431", "wide gamut"),
        ("bt709", "smpte170m", "colours of SMPTE 170M"),
        ("bt709", "smpte240m", "colours of SMPTE 240M"),
        ("bt709", "bt470m", "colours of BT.470 M"),
        ("bt709", "bt470bg", "colours of BT.470 BG"),
        ("bt709", "film", "colours of film"),
        ("linear", "bt709", "linear light"),
        ("log100", "bt709", "logarithmic light"),
        ("log316", "bt709", "logarithmic light"),
        ("bt470m", "film", "colours of film and a gamma of 2.2"),
        ("bt470bg", "bt709", "a gamma of 2.8"),
    ],
)
def test_other_colours_are_those_that_ffmpeg_shows(tmp_path: Path, transfer: str, primaries: str, said: str):
    """The picture has the codes 0, 85, 170 and 255 of red, green and blue: what they mean is only in the tags."""
    path, shown = tmp_path / "video.mov", tmp_path / "shown.png"
    code = "85*mod(floor({}),4)"
    codes = f"geq=r='{code.format('X/45')}':g='{code.format('Y/80')}':b='{code.format('Y/20')}'"
    tags = ["-color_primaries", primaries, "-color_trc", transfer, "-colorspace", "bt709"]
    x265 = f"lossless=1:log-level=none:colorprim={primaries}:transfer={transfer}:colormatrix=bt709"
    encoder = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", x265, "-tag:v", "hvc1"]
    convert = f"format=gbrp,{codes},scale=out_color_matrix=bt709:out_range=tv,format=yuv444p10le"
    source = ["-f", "lavfi", "-i", "color=black:size=180x320:rate=5:duration=0.6"]
    ffmpeg(*source, "-vf", convert, *encoder, *tags, path)
    back = f"zscale=matrixin=bt709:transferin={transfer}:primariesin={primaries}:rangein=limited"
    back += ":matrix=gbr:transfer=bt709:primaries=bt709:range=full,format=gbrp"
    ffmpeg("-i", path, "-frames:v", "1", "-vf", back, shown)
    expected = cv2.cvtColor(cv2.imread(str(shown)), cv2.COLOR_BGR2RGB).astype(int)
    sample = frames_of(path)
    inside = (slice(2, None, 4), slice(2, None, 4))  # colours are stored at half the size
    different = np.abs(sample.frames[0].astype(int) - expected)[inside].max(axis=2)
    assert np.median(different) <= 2
    assert np.quantile(different, 0.9) <= 12
    assert facts_of(path)["colour"] == said
    assert sample.decoded.notes()[0] == f"{said}, shown as on a common screen (BT.709)"


def test_colours_that_nothing_here_knows_are_named():
    frame = av.VideoFrame(16, 16, "yuv420p")
    frame.color_trc, frame.color_primaries = 21, 13
    assert beyond_sdr(frame) is None
    assert unknown_colours(frame) == "transfer 21 and primaries 13 of ITU-T H.273 not known, colours shown as they are"
    frame.color_trc, frame.color_primaries = 2, 2
    assert unknown_colours(frame) is None


def test_colours_that_only_the_container_names_are_taken_from_there(tmp_path: Path):
    coded, path = tmp_path / "coded.mp4", tmp_path / "video.mp4"
    given = "matrixin=gbr:transferin=bt709:primariesin=bt709:rangein=full"
    convert = f"zscale={given}:matrix=2020_ncl:transfer=smpte2084:primaries=2020:range=limited:npl=203"
    tags = ["-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc"]
    ffmpeg(*FIELD, "-vf", f"{convert},format=yuv420p10le", "-c:v", "libx264", "-preset", "ultrafast", *tags, coded)
    nothing = "h264_metadata=colour_primaries=2:transfer_characteristics=2:matrix_coefficients=2"
    ffmpeg("-i", coded, "-c", "copy", "-bsf:v", nothing, *tags, "-movflags", "write_colr", path)
    assert facts_of(path)["colour"] == "PQ"
    assert np.abs(frames_of(path).frames[0].mean(axis=(0, 1)) - RED).max() <= 6


def test_a_screen_that_was_recorded_has_the_curve_of_screens(tmp_path: Path):
    path = tmp_path / "video.mp4"
    given = "matrixin=gbr:transferin=bt709:primariesin=bt709:rangein=full"
    convert = f"zscale={given}:matrix=709:transfer=iec61966-2-1:primaries=smpte432:range=limited"
    tags = ["-color_primaries", "smpte432", "-color_trc", "iec61966-2-1", "-colorspace", "bt709"]
    ffmpeg(*FIELD, "-vf", f"{convert},format=yuv420p", *H264, *tags, path)
    assert np.abs(frames_of(path).frames[0].mean(axis=(0, 1)) - RED).max() <= 6


def test_colours_that_cannot_be_converted_are_a_reason_and_no_defect(tmp_path: Path):
    plain, path = tmp_path / "plain.mp4", tmp_path / "video.mp4"
    ffmpeg(*FIELD, "-vf", "format=yuv444p", "-c:v", "libx264", "-preset", "ultrafast", plain)
    ffmpeg("-i", plain, "-c", "copy", "-bsf:v", "h264_metadata=matrix_coefficients=8", path)  # YCgCo
    with pytest.raises(ReelError, match=r"corrupt.*colours that cannot be converted \(yuv444p, matrix 8 of"):
        frames_of(path)


def test_a_picture_that_is_held_does_not_end_the_video(tmp_path: Path):
    path = tmp_path / "video.ogv"
    ffmpeg(*FIELD, "-vf", "tpad=stop_duration=2:stop_mode=clone,format=yuv420p", "-c:v", "libtheora", path)
    sample = frames_of(path)
    assert sample.decoded.notes() == []
    assert np.abs(sample.frames[-1].mean(axis=(0, 1)) - RED).max() <= 6


# --- the time line -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("container", "sound"), [("mpegts", "aac"), ("webm", "libopus")])
def test_pieces_put_together_are_one_video(tmp_path: Path, container: str, sound: str):
    video = ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8") if container == "webm" else tuple(H264)
    data = b""
    for colour in ("red", "blue"):
        source = ["-f", "lavfi", "-i", f"color={colour}:size=96x160:rate=10:duration=2"]
        ffmpeg(*source, *odd_media.tone(2), *video, "-c:a", sound, "-f", container, tmp_path / colour)
        data += (tmp_path / colour).read_bytes()
    path = tmp_path / "joined.mp4"
    path.write_bytes(data)
    sample, facts = frames_of(path), facts_of(path)
    assert {int(frame.mean(axis=(0, 1)).argmax()) for frame in sample.frames} == {0, 2}
    assert sample.decoded.n_late == 0
    assert sample.decoded.duration_s == pytest.approx(4, abs=0.15)
    assert facts["duration_s"] == pytest.approx(4, abs=0.15)
    assert "2 pieces" in facts["notes"][0]
    assert sound_of(path)[0].seconds == pytest.approx(4, abs=0.15)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_sound_that_begins_late_is_heard_when_a_player_lets_it_be_heard(tmp_path: Path, suffix: str):
    path = tmp_path / f"late{suffix}"
    ffmpeg(*odd_media.picture(3.0), "-itsoffset", "1.5", *odd_media.tone(1.5), *H264, *AAC, path)
    found, samples = sound_of(path)
    assert loud_seconds(samples) == [False, False, False, True, True, True]
    assert found.notes() == ["silence was put where the file has no sound: 1.5 s"]
    facts = facts_of(path)
    assert facts["duration_s"] == pytest.approx(3, abs=0.05)
    assert "sound from 1.5 to 3.0 s" in facts["notes"][0]


def test_a_picture_that_begins_late_has_the_times_of_the_player(tmp_path: Path):
    path = tmp_path / "late.mp4"
    ffmpeg(*odd_media.tone(3.0), "-itsoffset", "1", *odd_media.picture(2.0), *H264, *AAC, path)
    sample = frames_of(path)
    assert min(sample.times_s) >= 1
    assert sample.shots == [(pytest.approx(1, abs=0.01), pytest.approx(3, abs=0.01))]
    assert "picture from 1.0 to 3.0 s" in facts_of(path)["notes"][0]


def test_the_last_picture_is_held_while_the_sound_goes_on(tmp_path: Path):
    path = tmp_path / "still.mp4"
    ffmpeg(*odd_media.picture(0.2), *odd_media.tone(4.0), *H264, *AAC, path)
    sample = frames_of(path)
    assert sample.shots == [(0, pytest.approx(4, abs=0.05))]
    assert sample.decoded.duration_s == pytest.approx(facts_of(path)["duration_s"], abs=0.05)


def test_a_gap_in_the_sound_is_silence(tmp_path: Path):
    path = tmp_path / "gap.ts"
    keep = "aselect='lt(t,0.9)+gt(t,2)'"
    ffmpeg(*odd_media.picture(3.0), *odd_media.tone(3.0), "-af", keep, *H264, *AAC, path)
    assert loud_seconds(sound_of(path)[1]) == [True, True, False, False, True, True]


def test_what_an_edit_list_cuts_away_is_neither_shown_nor_counted(tmp_path: Path):
    whole, path = tmp_path / "whole.mp4", tmp_path / "trimmed.mp4"
    ffmpeg(*odd_media.picture(3.0), *odd_media.tone(3.0), *H264, "-g", "45", *AAC, whole)
    ffmpeg("-ss", "1.3", "-i", whole, "-c", "copy", path)
    assert facts_of(path)["duration_s"] == pytest.approx(1.7, abs=0.05)
    sample = frames_of(path)
    assert sample.decoded.n_frames == pytest.approx(1.7 * odd_media.RATE, abs=1)
    assert sample.decoded.duration_s == pytest.approx(1.7, abs=0.1)
    assert sound_of(path)[0].seconds == pytest.approx(1.7, abs=0.05)


def test_an_ordinary_video_has_nothing_to_be_said(tmp_path: Path):
    path = tmp_path / "video.mp4"
    odd_media.make_video(path, seconds=2.0)
    assert facts_of(path)["notes"] == []
    assert facts_of(path)["duration_s"] == pytest.approx(2, abs=0.001)
    assert frames_of(path).decoded.notes() == []
    found, samples = sound_of(path)
    assert found.notes() == []
    assert len(samples) == 32_000


# --- the sound -----------------------------------------------------------------------------------------------------


def two_channels(path: Path, right: str) -> Path:
    """A sine on the left, an expression of it (`left`) on the right."""
    left = "0.5*sin(2000*t)"
    source = ["-f", "lavfi", "-i", f"aevalsrc={left}|{right.replace('left', left)}:duration=3:sample_rate=44100"]
    ffmpeg(*odd_media.picture(3.0), *source, *H264, "-c:a", "pcm_s16le", path)
    return path


@pytest.mark.parametrize(
    ("right", "opposite_s"),
    [("-1*left", 3.0), ("-0.8*left", 3.0), ("left*if(lt(t\\,1.5)\\,1\\,-1)", 1.5), ("left", 0), ("0", 0)],
)
def test_channels_of_opposite_polarity_do_not_cancel_each_other(tmp_path: Path, right: str, opposite_s: float):
    found, samples = sound_of(two_channels(tmp_path / "video.mov", right))
    assert loud_seconds(samples) == [True] * 6
    powers = np.square(samples).reshape(12, -1).mean(axis=1)
    assert powers.min() > 0.8 * powers.max()
    assert [f"for {opposite_s:g} of 3.0 s" in note for note in found.notes()] == ([True] if opposite_s else [])


@pytest.mark.parametrize(
    ("layout", "channels", "inverted"),
    [
        ("3.0", ["s", "-s", "0"], "FR"),
        ("3.0", ["s", "s", "-1.4*s"], "FC"),
        ("quad", ["s", "-s", "0", "0"], "FR"),
        ("quad", ["0", "0", "s", "-s"], "BR"),
        ("quad", ["s", "s", "-1*s", "-1*s"], "BL, BR"),
        ("5.1", ["s", "-s", "0", "0", "0", "0"], "FR"),
        ("5.1(side)", ["0.8*s", "-0.8*s", "0", "0.5", "v", "-v"], "FR, SR"),
        ("7.1", ["s", "-s", "0.3*v", "0", "0", "0", "0", "0"], "FR"),
        ("5.1", ["s", "s", "s", "s", "v", "s"], ""),
    ],
)
def test_no_channel_of_a_room_silences_another(tmp_path: Path, layout: str, channels: list[str], inverted: str):
    path = tmp_path / "video.mov"
    parts = "|".join(channels).replace("s", "0.5*sin(2000*t)").replace("v", "0.5*sin(3000*t)")
    source = ["-f", "lavfi", "-i", f"aevalsrc={parts}:duration=1.5:sample_rate=44100:channel_layout={layout}"]
    ffmpeg(*odd_media.picture(1.5), *source, *H264, "-c:a", "pcm_s16le", path)
    found, samples = sound_of(path)
    assert loud_seconds(samples) == [True] * 3
    notes = [f"{layout} channels were mixed to one"]
    if inverted:
        told = "channels have opposite polarity (phase) for 1.5 of 1.5 s; inverted there, or parts of the sound would"
        notes.append(f"{told} be lost: {inverted}")
    assert found.notes() == notes


def test_frames_of_eight_planes_are_read(tmp_path: Path):
    path = tmp_path / "video.mp4"
    parts = "|".join(["0.5*sin(2000*t)", "-0.5*sin(2000*t)", *["0"] * 6])
    source = ["-f", "lavfi", "-i", f"aevalsrc={parts}:duration=1.5:sample_rate=48000:channel_layout=7.1"]
    ffmpeg(*odd_media.picture(1.5), *source, *H264, *AAC, path)
    assert loud_seconds(sound_of(path)[1]) == [True] * 3


@pytest.mark.parametrize("default", [0, 1])
def test_the_default_track_is_heard_and_the_other_one_is_named(tmp_path: Path, default: int):
    path = tmp_path / "video.mp4"
    low, high = odd_media.tone(2, 300), odd_media.tone(2, 3000)
    maps = [part for number in range(3) for part in ("-map", str(number))]
    names = ["-metadata:s:a:0", "language=deu", "-metadata:s:a:1", "language=spa"]
    flags = [f"-disposition:a:{default}", "default", f"-disposition:a:{1 - default}", "0"]
    ffmpeg(*odd_media.picture(2.0), *low, *high, *maps, *H264, *AAC, *names, *flags, path)
    found, samples = sound_of(path)
    loudest_hz = np.abs(np.fft.rfft(samples[:16_000])).argmax()
    assert loudest_hz == pytest.approx((300, 3000)[default], abs=3)
    taken, left = ("deu", "spa") if default == 0 else ("spa", "deu")
    assert found.notes() == [f"the audio track {taken} aac was taken, left out: {left} aac"]


@pytest.mark.parametrize(("layout", "channels"), [("5.1", 6), ("quad", 4)])
def test_all_channels_of_a_room_are_heard(tmp_path: Path, layout: str, channels: int):
    for loud in {0, channels - 1}:
        path = tmp_path / f"{loud}.mov"
        parts = "|".join("sin(2000*t)" if number == loud else "0" for number in range(channels))
        source = ["-f", "lavfi", "-i", f"aevalsrc={parts}:duration=1:channel_layout={layout}"]
        ffmpeg(*odd_media.picture(1.0), *source, *H264, "-c:a", "pcm_s16le", path)
        found, samples = sound_of(path)
        assert loud_seconds(samples) == [True, True]
        assert found.notes() == [f"{layout} channels were mixed to one"]


# --- the end of a file, and files that change ----------------------------------------------------------------------


def test_bytes_behind_a_whole_video_are_noted(tmp_path: Path):
    path = tmp_path / "video.mp4"
    odd_media.make_video(path)
    path.write_bytes(path.read_bytes() + b"a camera's own trailer, which is no box")
    assert facts_of(path)["notes"] == ["39 bytes stand behind the last box"]


def test_a_box_of_a_camera_is_a_box(tmp_path: Path):
    path = tmp_path / "video.mp4"
    odd_media.make_video(path)
    data = path.read_bytes()
    at = data.index(b"ftyp") - 4
    end = at + int.from_bytes(data[at : at + 4])
    path.write_bytes(data + b"\x00\x00\x00\x20sefd" + bytes(24))
    assert facts_of(path)["notes"] == []
    path.write_bytes(data[:end] + b"\x00\x00\x00\x08beam" + data[end:])  # moves the media: nothing can be decoded
    assert read_boxes(path).behind == 0


@pytest.mark.parametrize(("missing", "whole"), [(3, True), (400, False)])
def test_a_cut_inside_the_headers_counts_only_where_it_loses_a_track(tmp_path: Path, missing: int, whole: bool):
    path = tmp_path / "video.mp4"
    odd_media.make_video(path)  # its headers stand at the end, a remark about the encoder last
    path.write_bytes(path.read_bytes()[:-missing])
    if whole:
        assert f"ends {missing} bytes before its box 'moov'" in facts_of(path)["notes"][0]
        assert facts_of(path)["audio_codec"] == "aac"
    else:
        with pytest.raises(ReelError, match="truncated"):
            facts_of(path)


@pytest.mark.parametrize(
    ("missing", "whole"), [(3, True), (28, True), (54, True), (55, False), (300, False), (900, False)]
)
def test_a_cut_behind_the_tables_of_the_last_track_loses_nothing(tmp_path: Path, missing: int, whole: bool):
    path = tmp_path / "video.3gp"  # ends with groups of samples (54 bytes), behind the tables of its sound
    bare = ["-fflags", "+bitexact", "-map_metadata", "-1"]
    ffmpeg(*odd_media.picture(1.0), *odd_media.tone(1, 300), *H264, *AAC, *bare, path)
    path.write_bytes(path.read_bytes()[:-missing])
    if whole:
        (note,) = facts_of(path)["notes"]
        assert note.endswith("before its box 'moov' does; all pictures and sounds can be decoded")
        assert facts_of(path)["duration_s"] == pytest.approx(1.0, abs=0.1)
        assert loud_seconds(sound_of(path)[1]) == [True, True]
    else:
        with pytest.raises(ReelError, match=r"truncated|corrupt"):
            facts_of(path)


@pytest.mark.parametrize(
    ("suffix", "codecs", "harmless"),
    [
        ("avi", ["-c:v", "mpeg4", "-c:a", "pcm_s16le"], 40),  # of its index
        ("mkv", [*H264, *AAC], 5),
        ("webm", ["-c:v", "libvpx", "-c:a", "libopus"], 5),
        ("wmv", ["-c:v", "wmv2", "-c:a", "wmav2"], 30),
        ("flv", [*H264, *AAC], 3),
    ],
)
def test_a_file_that_says_its_length_is_not_whole_where_it_is_shorter(
    tmp_path: Path, suffix: str, codecs: list[str], harmless: int
):
    path = tmp_path / f"video.{suffix}"
    ffmpeg(*odd_media.picture(2.0), *odd_media.tone(2, 300), *codecs, path)
    data, seconds = path.read_bytes(), facts_of(path)["duration_s"]
    assert facts_of(path)["notes"] == []
    path.write_bytes(data + b"what a download left")
    assert facts_of(path)["notes"] == []
    path.write_bytes(data[:-harmless])
    (note,) = facts_of(path)["notes"]
    assert note.startswith(f"the file ends {harmless} bytes too early, in its part ")
    assert facts_of(path)["duration_s"] == seconds
    for share in (0.3, 0.66, 0.95):
        path.write_bytes(data[: round(share * len(data))])
        with pytest.raises(ReelError, match="truncated"):
            facts_of(path)


def test_a_recording_that_does_not_say_its_length_is_taken_as_it_is(tmp_path: Path):
    path = tmp_path / "video.webm"
    ffmpeg(*odd_media.picture(2.0), "-c:v", "libvpx", "-live", "1", path)  # as browsers record
    assert facts_of(path)["notes"] == []
    path.write_bytes(path.read_bytes()[:-500])
    assert facts_of(path)["duration_s"] > 1.5


def test_a_second_video_behind_the_first_is_noted(tmp_path: Path):
    path = tmp_path / "video.mp4"
    odd_media.make_video(path)
    path.write_bytes(path.read_bytes() * 2)
    assert "another video stands behind the first" in facts_of(path)["notes"][0]


@pytest.mark.parametrize("rest", [1.0, 0.5])
def test_a_video_that_was_replaced_meanwhile_is_no_result_of_the_old_one(tmp_path: Path, rest: float):
    path = tmp_path / "video.mp4"
    odd_media.make_video(path, hue=3)
    collected = path.read_bytes()
    path.with_suffix(".json").write_text(json.dumps({"audio_codec": "aac"}))
    sample_frames(work_on(path, tmp_path / "same", collected), FramesSection())
    odd_media.make_video(path, hue=5)
    path.write_bytes(path.read_bytes()[: round(path.stat().st_size * rest)])
    for number, (core, settings) in enumerate([(sample_frames, FramesSection()), (extract_audio, AudioSection())]):
        with pytest.raises(ReelError, match="changed"):
            core(work_on(path, tmp_path / str(number), collected), settings)


def test_a_video_that_changes_after_it_was_collected_is_failed_and_collected_anew(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = Path("videos/ada/a.mp4")
    path.parent.mkdir(parents=True)

    def collect() -> None:
        manifest = "--manifest=results/creators/0.parquet"
        collect_creators.main(collect_creators.parse(["--batch=0", "--batches=1", manifest]))

    def check() -> tuple[str, str | None]:
        manifests = ["--creators=results/creators/0.parquet", "--manifest=results/video/0.parquet"]
        download_reels.main(download_reels.parse([*manifests, "--workers=1"]))
        (row,) = read_manifest(Path("results/video/0.parquet"))
        return row.state, row.reason

    odd_media.make_video(path, hue=3)
    collect()
    odd_media.make_video(path, hue=40)
    assert check() == ("failed", "changed")
    collect()
    assert check() == ("ok", None)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a full disk is had on Linux only")
def test_a_full_disk_is_an_error_of_the_machine_and_leaves_no_wav(tmp_path: Path):
    path = tmp_path / "video.mp4"
    odd_media.make_video(path)
    path.with_suffix(".json").write_text(json.dumps({"audio_codec": "aac"}))
    work = work_on(path, tmp_path / "work", path.read_bytes())
    work.artifact(".wav").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        extract_audio(work, AudioSection())
