"""Identify the music of each reel (ACRCloud), and estimate how much of its sound is speech and music.

The shares are measured here, whatever the backend. Of the sound, only a piece from its middle is sent, or its
fingerprint; each answer is billed and kept under `--raw` for good, so that no piece is paid for twice. A service that
fails makes the reel fail: no answer is never taken for no music.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.config import MusicSection
from common.options import read_section
from common.program import run
from common.stage import Stage, Work, in_threads, run_stage, stage_parser
from common.states import OK, Outcome
from common.store import Store, digest
from media.sound import SILENT_DB, loudness_db, measure
from media.wav import as_wav, read_wav

if TYPE_CHECKING:
    import numpy as np

    from media.acrcloud import AcrCloud

VERSION = "1"
STAGE = Stage("music", "identify_music", VERSION, ".json", inputs=("audio",))
# In data/raw: the stage of the answers that were paid for.
ANSWERS = "acrcloud"


class Identifier:
    """Measures sounds, and asks the service about them.

    Args:
        settings: of the stage.
        raw: where answers are kept.
        batch: whose reels they are about.
    """

    def __init__(self, settings: MusicSection, raw: Path, batch: str) -> None:
        self.settings, self.raw, self.batch = settings, raw, batch

    @functools.cached_property
    def service(self) -> AcrCloud:
        """Made when it is first needed."""
        from media.acrcloud import AcrCloud

        return AcrCloud(self.settings)

    @functools.cached_property
    def answers(self) -> Store:
        """Of the same kind as the store of results, and never emptied."""
        return Store(self.raw)

    @functools.cached_property
    def owners(self) -> set[tuple[str, str, str]]:
        """Whose the kept answers are, of this batch."""
        return self.answers.owners(ANSWERS, self.batch)

    def identify(self, work: Work) -> Outcome:
        """The core: one reel's wav to what is known of its sound."""
        from media.acrcloud import best_hit

        samples = read_wav(work.needed("audio"))
        sound = measure(samples)
        answer = None if self.settings.backend == "none" else self._answer(work, samples)
        content = {
            "state": "ok",
            "backend": self.settings.backend,
            "identified": best_hit(answer, self.settings.min_score) if answer else None,
            "sound": sound.kind,
            "speech_share": sound.speech_share,
            "music_share": sound.music_share,
            "silence_share": sound.silence_share,
            "answer": answer,
        }
        work.artifact(".json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return OK

    def _answer(self, work: Work, samples: np.ndarray) -> dict[str, Any] | None:
        """What the service says, now or before; None where there is nothing to be asked about."""
        from media.acrcloud import fingerprint, piece_of

        piece = piece_of(samples, self.settings.position, self.settings.seconds)
        if loudness_db(piece) <= SILENT_DB:
            return None
        sample: bytes | None = as_wav(piece)
        data_type = "audio"
        if self.settings.backend == "acrcloud-fingerprint":
            sample, data_type = fingerprint(as_wav(piece), self.settings.seconds), "fingerprint"
        if sample is None:
            return None
        made_from = {"piece": hashlib.sha256(as_wav(piece)).hexdigest(), "data_type": data_type}
        key = digest(made_from)
        entry = self.answers.find(ANSWERS, key)
        if entry is None:
            answer = self.service.identify(sample, data_type)
            self.answers.note_owner(ANSWERS, self.batch, work.creator_id, work.reel_id, key)
            with self.answers.workspace() as workspace:
                folder = workspace / "answer"
                folder.mkdir()
                (folder / "reel.json").write_text(json.dumps(answer, ensure_ascii=False) + "\n", encoding="utf-8")
                entry = self.answers.publish(ANSWERS, key, folder, OK, f"identify_music {VERSION}", made_from)
        elif (work.creator_id, work.reel_id, key) not in self.owners:
            self.answers.note_owner(ANSWERS, self.batch, work.creator_id, work.reel_id, key)
        kept: dict[str, Any] = json.loads(entry.artifact(".json").read_text(encoding="utf-8"))
        return kept


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, MusicSection)
    identifier = Identifier(settings, arguments.raw, arguments.manifest.stem)

    def compute(works: list[Work]) -> Iterator[tuple[Work, Outcome]]:
        asked = settings.backend != "none"
        yield from in_threads(identifier.identify, works, max(arguments.workers, settings.connections if asked else 1))

    run_stage(STAGE, arguments, settings, compute)


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    options = stage_parser(STAGE, MusicSection, __doc__)
    options.add_argument("--raw", type=Path, default=Path("data/raw"), help="folder of answers [%(default)s]")
    return options.parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
