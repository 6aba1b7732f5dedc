"""What a stage with one file per reel declares, and what its core is given of a reel.

A stage's program supplies a pure core, either of one reel (run in worker processes, see isolation.py) or of a list of
reels for models that profit from staying loaded. The runner (batch.py) does the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.config import Section
from common.manifest import Row
from common.models import Model
from common.states import ReelError
from common.store import ARTIFACT, Store
from common.suffixes import VIDEO_SUFFIXES


@dataclass(frozen=True)
class Work:
    """One reel to be handled.

    Attributes:
        creator_id: whose reel.
        reel_id: which reel.
        inputs: rows of the earlier stages' manifests, by stage.
        folder: where the core writes its artifacts.
    """

    creator_id: str
    reel_id: str
    inputs: dict[str, Row]
    folder: Path

    def input(self, stage: str) -> Path | None:
        """The file that an earlier stage made, None where it made none (optional inputs only)."""
        row = self.inputs.get(stage)
        return row.file() if row and row.state == "ok" else None

    def needed(self, stage: str) -> Path:
        """The file that an earlier stage made; the runner has checked that there is one."""
        return self.inputs[stage].file()

    def video(self) -> Path:
        """The reel's video; raises ReelError where it was deleted after use."""
        row = self.inputs["video"]
        listed = row.file()
        # With study.retain_media_days the manifest lists the facts about the video, which stay.
        if listed.suffix != ".json":
            return listed
        for suffix in VIDEO_SUFFIXES:
            if listed.with_suffix(suffix).exists():
                return listed.with_suffix(suffix)
        raise ReelError("media_deleted")

    def artifact(self, suffix: str) -> Path:
        """Where the core writes the artifact with this suffix (".wav")."""
        return self.folder / f"{ARTIFACT}{suffix}"

    def clear(self) -> None:
        """Remove what a core left behind that did not come to its end."""
        for leftover in self.folder.iterdir():
            leftover.unlink()


@dataclass(frozen=True)
class Stage:
    """A stage with one file per reel.

    Attributes:
        name: of its folder, its configuration section and its rows in the status table.
        program: name of the program and its rule.
        version: raised when the same input gives another output.
        suffix: of the file it makes of each reel.
        inputs: earlier stages a reel needs a file from; the first one says which reels there are.
        optional: earlier stages whose file is used where there is one.
        depends_on: what a result depends on, as a JSON value, where that is not the inputs' content.
        made_with: what else the settings lead to that a result depends on, by name: the digest of a prompt, say.
        external: a file made elsewhere that the reel's output is a link to, with its sha256; None where there is none.
        rows: what its rows and journal lines call it, where a study runs it in several ways that share a store.
    """

    name: str
    program: str
    version: str
    suffix: str
    inputs: tuple[str, ...]
    optional: tuple[str, ...] = ()
    depends_on: Callable[[dict[str, Row], Any], Any] | None = None
    made_with: Callable[[Any], dict[str, str]] | None = None
    external: Callable[[dict[str, Row], Store], tuple[Path, str] | None] | None = None
    rows: str | None = None

    @property
    def row_name(self) -> str:
        """The stage as manifests, tables and journals call it."""
        return self.rows or self.name

    def producer(self, settings: Section, models: Sequence[Model]) -> str:
        """What made a result, in words."""
        used = [f"{model.name}@{model.sha256[:12]}" for model in models]
        used += [f"{name} {value[:40]}" for name, value in self._made_with(settings).items()]
        return "; ".join([f"{self.program} {self.version}", *used])

    def _made_with(self, settings: Section) -> dict[str, str]:
        return self.made_with(settings) if self.made_with else {}

    def made_from(self, settings: Section, models: Sequence[Model], inputs: dict[str, Row]) -> dict[str, Any]:
        """What a result depends on; its digest is the key of the store."""
        return {
            "stage": self.name,
            "version": f"{self.program} {self.version}",
            "settings": settings.result_settings(),
            "models": {model.name: model.sha256 for model in models},
            "made_with": self._made_with(settings),
            "inputs": self.depends_on(inputs, settings)
            if self.depends_on
            else {
                stage: row.sha256 if row.state == "ok" else f"{row.state}: {row.reason}"
                for stage, row in inputs.items()
            },
        }
