"""Identify the music of each reel (ACRCloud), and estimate how much of its sound is speech and music.

The shares are measured here, whatever the backend. Of the sound, only a piece from its middle is sent, or its
fingerprint; each answer is billed and kept under `--raw` for good, so that no piece is paid for twice. A service that
fails makes the reel fail: no answer is never taken for no music.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.batch import run_stage, stage_parser
from common.claims import Claims
from common.config import MusicSection
from common.isolation import in_threads
from common.options import read_section
from common.program import run
from common.stage import Stage, Work
from common.states import OK, Outcome, ReelError
from common.store import ARTIFACT, Entry, Store, digest
from media.sound import SILENT_DB, loudness_db, measure
from media.wav import as_wav, read_wav

if TYPE_CHECKING:
    import numpy as np

VERSION = "2"
STAGE = Stage("music", "identify_music", VERSION, ".json", inputs=("audio",))
# In data/raw: the stage of the answers that were paid for.
ANSWERS = "acrcloud"
# Answers that were not understood, to look at; the same sound is asked about again.
UNREAD = "acrcloud_unread"


class Identifier:
    """Measures sounds, and asks the service about them.

    Args:
        settings: of the stage.
        raw: where answers are kept.
        batch: whose reels they are about.
    """

    def __init__(self, settings: MusicSection, raw: Path, batch: str) -> None:
        from media.acrcloud import AcrCloud

        self.settings, self.batch = settings, batch
        self.service = AcrCloud(settings)
        # Of the same kind as the store of results, and never emptied.
        self.answers = Store(raw)
        self.owners = self.answers.owners(ANSWERS, batch) if settings.backend != "none" else set()
        self.claims = Claims(raw / "claims")

    def identify(self, work: Work) -> Outcome:
        """The core: one reel's wav to what is known of its sound."""
        from media.acrcloud import best_hit

        samples = read_wav(work.needed("audio"))
        sound = measure(samples)
        answer, not_asked = self._answer(work, samples) if self.settings.backend != "none" else (None, "backend none")
        content = {
            "state": "ok",
            "backend": self.settings.backend,
            "identified": best_hit(answer, self.settings.min_score) if answer else None,
            "sound": sound.kind,
            "speech_share": sound.speech_share,
            "music_share": sound.music_share,
            "silence_share": sound.silence_share,
            "not_asked": not_asked,
            "answer": answer,
        }
        work.artifact(".json").write_bytes(_json(content, indent=1))
        return OK

    def _answer(self, work: Work, samples: np.ndarray) -> tuple[dict[str, Any] | None, str | None]:
        """What the service says, now or before; or why there is nothing to be asked about."""
        from media.acrcloud import fingerprint, piece_of

        piece = piece_of(samples, self.settings.position, self.settings.seconds)
        if loudness_db(piece) <= SILENT_DB:
            return None, "silence"
        wav = as_wav(piece)
        sample: bytes | None = wav
        data_type = "audio"
        if self.settings.backend == "acrcloud-fingerprint":
            sample, data_type = fingerprint(wav, self.settings.seconds), "fingerprint"
        if sample is None:
            return None, "no fingerprint"
        made_from = {"piece": hashlib.sha256(wav).hexdigest(), "data_type": data_type}
        key = digest(made_from)
        entry = self.answers.find(ANSWERS, key)
        if entry is None:
            with self.claims.hold(key):  # reels with the same sound are one question, whoever asks it
                entry = self.answers.find(ANSWERS, key) or self._ask(work, sample, key, made_from)
        self._note_owner(work, key)
        kept: dict[str, Any] = json.loads(entry.artifact(".json").read_text(encoding="utf-8"))
        return kept, None

    def _ask(self, work: Work, sample: bytes, key: str, made_from: dict[str, str]) -> Entry:
        """Ask the service, and keep its answer."""
        from media.acrcloud import UnreadError

        try:
            answer = self.service.identify(sample, made_from["data_type"])
        except UnreadError as problem:
            unread = self._keep_unread(work, problem.content, made_from)
            raise ReelError(problem.reason, f"{problem.detail}; the answer is kept in {unread}") from None
        self._note_owner(work, key)  # first: an answer that is there must be found by whoever asks to be forgotten
        with self.answers.workspace() as folder:
            (folder / "reel.json").write_bytes(_json(answer))
            return self.answers.publish(ANSWERS, key, folder, OK, f"identify_music {VERSION}", made_from)

    def _note_owner(self, work: Work, key: str) -> None:
        owner = (work.creator_id, work.reel_id, key)
        if owner not in self.owners:
            self.answers.note_owner(ANSWERS, self.batch, *owner)
            self.owners.add(owner)

    def _keep_unread(self, work: Work, content: bytes, made_from: dict[str, str]) -> Path:
        """Keep an answer that is not understood; the file."""
        about = {**made_from, "answer": hashlib.sha256(content).hexdigest()}
        key = digest(about)
        self.answers.note_owner(UNREAD, self.batch, work.creator_id, work.reel_id, key)
        with self.answers.workspace() as folder:
            (folder / f"{ARTIFACT}.txt").write_bytes(content)
            entry = self.answers.publish(UNREAD, key, folder, OK, f"identify_music {VERSION}", about)
        return entry.artifact(".txt")


def _json(value: Any, indent: int | None = None) -> bytes:
    """A value as a line of JSON; half an emoji, which UTF-8 cannot write, is escaped."""
    return json.dumps(value, indent=indent, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, MusicSection)

    def compute(works: list[Work]) -> Iterator[tuple[Work, Outcome]]:
        identifier = Identifier(settings, arguments.raw, arguments.manifest.stem)
        asked = settings.backend != "none"
        yield from in_threads(identifier.identify, works, max(arguments.workers, settings.connections if asked else 1))

    run_stage(STAGE, arguments, settings, compute)


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    options = stage_parser(STAGE, MusicSection, __doc__)
    options.add_argument("--raw", type=Path, default=Path("data/raw"), help="folder of answers [%(default)s]")
    return options.parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
