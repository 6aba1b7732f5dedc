"""Extract the audio track of each reel as 16 kHz mono wav (ffmpeg)."""

from __future__ import annotations

import argparse
import functools
import json
import subprocess
import wave
from pathlib import Path

from common.config import AudioSection
from common.isolation import run_isolated
from common.options import read_section
from common.program import die_with_parent, run
from common.stage import Stage, Work, run_stage, stage_parser
from common.states import OK, Outcome, ReelError
from media.container import FFMPEG_GUARDS
from media.wav import SAMPLE_RATE

VERSION = "1"
STAGE = Stage("audio", "extract_audio", VERSION, ".wav", inputs=("video",))


def extract_audio(work: Work, settings: AudioSection) -> Outcome:
    """The core: one reel's video to a wav file; skipped where there is no audio track."""
    video = work.video()
    facts = json.loads(video.with_suffix(".json").read_text(encoding="utf-8"))
    if facts["audio_codec"] is None:
        return Outcome("skipped", "no_audio")
    target = work.artifact(".wav")
    problems = convert(video, target, settings.timeout_s)
    seconds = duration_s(target)
    if seconds == 0:
        raise ReelError("corrupt", problems or "the audio track holds no sound that can be decoded")
    if problems:
        return Outcome("ok", detail=problems)
    return OK


def convert(video: Path, target: Path, timeout_s: float) -> str | None:
    """Run ffmpeg; returns its first complaint, None where it had none."""
    from imageio_ffmpeg import get_ffmpeg_exe

    command = [get_ffmpeg_exe(), "-nostdin", "-hide_banner", "-loglevel", "error", "-y", *FFMPEG_GUARDS]
    # An absolute path begins with a slash, so no name is taken for an option; bitexact leaves the version out.
    command += ["-i", str(video.absolute()), "-map", "0:a:0", "-vn", "-sn", "-dn", "-ac", "1", "-ar", str(SAMPLE_RATE)]
    command += ["-c:a", "pcm_s16le", "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact"]
    try:
        done = subprocess.run(
            [*command, "-f", "wav", str(target)],
            capture_output=True,
            timeout=timeout_s,
            check=False,
            preexec_fn=die_with_parent,
        )
    except subprocess.TimeoutExpired:
        raise ReelError("timeout", f"more than {timeout_s:g} s") from None
    lines = done.stderr.decode("utf-8", "replace").splitlines()
    # Lines begin with the address of a component: no two runs would say the same.
    complaint = lines[0].split("] ", 1)[-1][:200] if lines else None
    if not target.exists() or target.stat().st_size == 0:
        raise ReelError("corrupt", complaint or f"ffmpeg exit code {done.returncode}")
    return complaint


def duration_s(path: Path) -> float:
    """Seconds of sound in a wav file."""
    with wave.open(str(path), "rb") as sound:
        return sound.getnframes() / sound.getframerate()


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, AudioSection)
    isolated = functools.partial(
        # ffmpeg ends itself at the time limit; the worker's own limit is for what hangs all the same.
        run_isolated, extract_audio, workers=arguments.workers, timeout_s=settings.timeout_s + 30, memory_mb=4096
    )  # fmt: skip
    run_stage(STAGE, arguments, settings, lambda works: isolated(works, settings))


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    return stage_parser(STAGE, AudioSection, __doc__).parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
