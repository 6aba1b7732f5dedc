"""One run of a stage over one batch of reels.

The runner decides which reels are in the batch, takes from the store what it has, has the core compute the rest,
isolates failures, and writes files, manifest and journal.
"""

from __future__ import annotations

import argparse
import errno
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from common.claims import Claims
from common.config import Section
from common.files import append_line, file_sha256, link_or_copy, read_lines
from common.manifest import Row, file_stem, read_manifest, read_reels, write_manifest
from common.models import Model, add_weights
from common.named import Names
from common.options import add_section
from common.own_folder import OwnFolder
from common.program import UserError, log, parser
from common.progress import Progress
from common.stage import Stage, Work
from common.states import INSTALLATION, Outcome, reason_file
from common.store import Entry, Store, digest

FULL_BYTES = 1 << 20  # with less room, a disk counts as full
# Lists, in the folder of a batch's creators, the results that the source brought along: stage, reel and key.
IMPORTS = "imports.jsonl"
Compute = Callable[[list[Work]], Iterable[tuple[Work, Outcome]]]


def stage_parser(
    stage: Stage, section: type[Section], description: str | None, *, weights: bool = False
) -> argparse.ArgumentParser:
    """The options that all stages share, and those of the stage's section.

    Args:
        stage: what is made of what.
        section: its settings.
        description: what the program does.
        weights: whether it has models, see `read_weights`.
    """
    made = parser(description)
    for name in (*stage.inputs, *stage.optional):
        # The section may have a setting of that name (description.context).
        option = f"--{name}-manifest" if name in section.model_fields else f"--{name}"
        made.add_argument(
            option,
            dest=f"{name}_manifest",
            type=Path,
            required=name in stage.inputs,
            metavar="MANIFEST",
            help=f"manifest of stage {name}{' (if there is one)' if name in stage.optional else ''}",
        )
    made.add_argument("--manifest", type=Path, required=True, help="manifest to write")
    made.add_argument("--files", type=Path, help="folder for the reels' files [the manifest's name without .parquet]")
    made.add_argument("--journal", type=Path, help="append one JSON line per reel and attempt to this file")
    made.add_argument("--store", type=Path, default=Path("data/store"), help="folder of computed results [%(default)s]")
    made.add_argument("--imports", type=Path, help="list of results that the source brought along")
    made.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes or threads [%(default)s]")
    if weights:
        add_weights(made)
    add_section(made, section)
    return made


def run_stage(
    stage: Stage, arguments: argparse.Namespace, settings: Section, compute: Compute, models: Sequence[Model] = ()
) -> None:
    """Handle one batch: take what the store has, compute the rest, write files, manifest and journal.

    Args:
        stage: what is made of what.
        arguments: of `stage_parser`.
        settings: the stage's section.
        compute: the core: yields an outcome for each work, in any order, as soon as it is there. Only called when
            something is missing, so that a model is only loaded when a reel needs it.
        models: whose weights the results depend on.
    """
    batch = _Batch(stage, arguments, settings, models)
    with batch.store.workspace() as workspace:
        pending = batch.take_from_store(workspace)
        try:
            while pending:
                now, later = batch.share_out(pending)
                for work, outcome in compute(now) if now else ():
                    batch.finish(work, outcome)
                batch.claims.release_all()
                pending = batch.take_up(later)
        finally:
            batch.claims.release_all()
    batch.report_unexpected()
    batch.close()


def server_log(arguments: argparse.Namespace) -> Path:
    """Where the log of a server is kept that a stage's program starts for a batch: beside its own."""
    beside: Path = arguments.log or arguments.manifest
    return beside.with_suffix(".vllm.log")


@dataclass
class _Batch:
    """One run of a stage over one batch."""

    stage: Stage
    arguments: argparse.Namespace
    settings: Section
    models: Sequence[Model]
    rows: dict[str, Row] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    not_stored: dict[str, Outcome] = field(default_factory=dict)
    computed: int = 0
    unexpected: list[Exception] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = Store(self.arguments.store)
        self.store.sweep()
        self.claims = Claims(self.store.root / "claims")
        self.owners = self.store.owners(self.stage.name, self.arguments.manifest.stem)
        imports = read_lines(self.arguments.imports) if self.arguments.imports else []
        self.imports = {line["reel_id"]: line["key"] for line in imports if line["stage"] == self.stage.name}
        if self.arguments.manifest.exists():
            read_manifest(self.arguments.manifest)  # another table is not written over
        files = self.arguments.files or self.arguments.manifest.with_suffix("")
        self.files = OwnFolder(files, f"stage {self.stage.name}", "--files")
        self.names = Names(_folder_of(self.arguments.manifest, self.stage.row_name) / "creators")
        self.name = self.arguments.manifest.stem
        self.progress = Progress(f"{self.stage.row_name}, batch {self.name}")
        self.producer = self.stage.producer(self.settings, self.models)
        given = [name for name in self.stage.optional if getattr(self.arguments, f"{name}_manifest")]
        stages = (*self.stage.inputs, *given)
        tables = {name: read_reels(getattr(self.arguments, f"{name}_manifest"), name) for name in stages}
        self.inputs = {
            reel: {name: self._row(tables[name], name, reel) for name in stages} for reel in tables[stages[0]]
        }

    def _row(self, table: dict[str, Row], stage: str, reel: str) -> Row:
        if reel not in table:
            this, first = (getattr(self.arguments, f"{name}_manifest") for name in (stage, self.stage.inputs[0]))
            raise UserError(
                f"{this}: no row for reel {reel}, which {first} lists: the two manifests are of different runs"
            )
        return table[reel]

    def take_from_store(self, workspace: Path) -> list[Work]:
        """Record the reels that need no work; return the others."""
        pending: list[Work] = []
        for reel, inputs in sorted(self.inputs.items()):
            creator = inputs[self.stage.inputs[0]].creator_id
            if reel in self.imports:  # made by another program; nothing of it is made again
                self.keys[reel] = self.imports[reel]
                entry = self.store.find(self.stage.name, self.keys[reel])
                if entry is None:
                    raise UserError(
                        f"stage {self.stage.name}: the result that was imported for reel {reel} is no longer in the "
                        "store. Import it again: snakemake --forcerun collect_creators"
                    )
                self._record(creator, reel, entry.outcome, entry, cached=True)
                continue
            missing = [inputs[name] for name in self.stage.inputs if inputs[name].state != "ok"]
            if missing:
                self._pass_on(creator, reel, missing[0])
                continue
            self._check_files(inputs)
            self.keys[reel] = digest(self.stage.made_from(self.settings, self.models, inputs))
            entry = self.store.find(self.stage.name, self.keys[reel])
            if entry and not self._lost(inputs, entry):
                self._record(creator, reel, entry.outcome, entry, cached=True)
                continue
            folder = workspace / str(len(pending))
            folder.mkdir()
            pending.append(Work(creator, reel, inputs, folder))
        self.progress.start(total=len(self.inputs), pending=len(pending))
        return pending

    def share_out(self, pending: list[Work]) -> tuple[list[Work], list[Work]]:
        """The reels to compute now, and those with the same result as one of them, or as one that is asked elsewhere.

        What an endpoint answers is paid for: of the batches, studies and machines that share a store, one asks.
        """
        paid = getattr(self.settings, "backend", None) == "openai"
        now: dict[str, Work] = {}
        later = []
        for work in pending:
            key = self.keys[work.reel_id]
            if key in now or (paid and not self.claims.take(key)):
                later.append(work)
            elif paid and self.store.find(self.stage.name, key):  # published between the look and the claim
                self.claims.release(key)
                later.append(work)
            else:
                now[key] = work
        self.computed += len(now)
        if not now:
            self.claims.wait(self.keys[later[0].reel_id])
        return list(now.values()), later

    def take_up(self, later: list[Work]) -> list[Work]:
        """Record the reels whose result has been made in the meantime; return the others."""
        pending = []
        for work in later:
            key = self.keys[work.reel_id]
            entry = self.store.find(self.stage.name, key)
            if entry:
                self._record(work.creator_id, work.reel_id, entry.outcome, entry, cached=True)
            elif key in self.not_stored:
                self.computed += 1
                self.finish(work, self.not_stored[key])
            else:
                pending.append(work)
        return pending

    def _check_files(self, inputs: dict[str, Row]) -> None:
        """Stop if a file that a manifest lists is missing: a reel left out silently would be a wrong result."""
        for row in inputs.values():
            if row.state == "ok":
                row.file()
        if self.stage.external:
            original = self.stage.external(inputs, self.store)
            if original and not original[0].exists() and not self._in_store(original[0]):
                raise UserError(
                    f"{original[0]}: gone since the reels were collected; run snakemake again to collect anew"
                )

    def _pass_on(self, creator: str, reel: str, missing: Row) -> None:
        """Carry an earlier stage's skip or failure over to this stage."""
        if missing.state == "skipped":
            path, sha256 = self._write_reason(reel, str(missing.reason), missing.detail)
            row = Row(creator, reel, self.stage.row_name, "skipped", missing.reason, missing.detail, path, sha256)
        else:
            reason = missing.detail if missing.reason == "no_input" else f"{missing.stage}: {missing.reason}"
            row = Row(creator, reel, self.stage.row_name, "failed", "no_input", reason)
        self.rows[reel] = row

    def _write_reason(self, reel: str, reason: str, detail: str | None) -> tuple[str, str]:
        target = self._output(reel, ".json")
        target.unlink(missing_ok=True)
        target.write_text(reason_file(reason, detail))
        return str(target), file_sha256(target)

    def finish(self, work: Work, outcome: Outcome) -> None:
        """Publish what the core made of a reel."""
        # Not every library and program says that it could not write, and half a file looks corrupt, or whole.
        if shutil.disk_usage(self.store.root).free < FULL_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.store.root)) from outcome.cause
        if outcome.cause is not None:
            log.error("reel %s: %s", work.reel_id, outcome.detail)
            self.unexpected.append(outcome.cause)
        if outcome.transient or not outcome.stored:
            self.not_stored[self.keys[work.reel_id]] = outcome
            self.claims.release(self.keys[work.reel_id])
            self._record(work.creator_id, work.reel_id, outcome, None, cached=False)
            return
        if outcome.state == "ok" and not work.artifact(self.stage.suffix).exists():
            raise RuntimeError(f"{self.stage.program} reported reel {work.reel_id} as ok and wrote no file")
        if outcome.state == "skipped" and not any(work.folder.iterdir()):
            work.artifact(".json").write_text(reason_file(str(outcome.reason), outcome.detail))
        if outcome.state == "failed":  # what a failing core left half-written is no result
            work.clear()
        # Before the entry is there: whoever asks to be forgotten must find it, whenever a process is killed.
        self._note_owner(work.creator_id, work.reel_id)
        entry = self.store.publish(
            self.stage.name,
            self.keys[work.reel_id],
            work.folder,
            outcome,
            self.producer,
            self.stage.made_from(self.settings, self.models, work.inputs),
        )
        self.claims.release(self.keys[work.reel_id])
        self._record(work.creator_id, work.reel_id, entry.outcome, entry, cached=False)

    def report_unexpected(self) -> None:
        """Log each kind of exception that the program does not handle once, with its traceback.

        Where all of several reels that were computed end with one kind of exception, or crash and the batch has no
        other result, the program or its environment is at fault and not the reels: that exception is raised.

        Raises:
            UserError: the process crashed with each reel.
        """
        crashed = [row for row in self.rows.values() if row.reason == "crashed"]
        if self.computed == len(crashed) > 1 and not any(row.state == "ok" for row in self.rows.values()):
            raise UserError(
                f"{self.stage.row_name}, batch {self.name}: the process crashed with each of {len(crashed)} reels "
                f"({crashed[0].detail}), so the machine or a library is at fault rather than these files. Look at the "
                "log, mend it (memory, the environment: make install), and give the same command again; a file that "
                "crashes every player can be taken out of the study"
            )
        kinds = {type(error): error for error in reversed(self.unexpected)}
        if self.computed == len(self.unexpected) > 1 == len(kinds):
            raise self.unexpected[0]
        for error in kinds.values():
            log.error("an exception that %s does not handle; please report it", self.stage.program, exc_info=error)

    def _record(self, creator: str, reel: str, outcome: Outcome, entry: Entry | None, cached: bool) -> None:
        path = sha256 = None
        for suffix, checksum in entry.files.items() if entry else []:
            target = self._output(reel, suffix)
            link_or_copy(entry.artifact(suffix), target)  # type: ignore[union-attr]
            if suffix == self.stage.suffix or path is None:
                path, sha256 = str(target), checksum
        external = self.stage.external(self.inputs[reel], self.store) if self.stage.external else None
        if external and outcome.state == "ok":
            facts, sha256 = path, external[1]
            if external[0].exists():
                path = self._link_external(reel, external[0])
            # The video may be deleted later (study.retain_media_days): list the JSON with its facts instead.
            if getattr(self.arguments, "temporary_media", False) and self._in_store(external[0]):
                path = facts
        if outcome.state == "failed":
            why = f"{outcome.reason}{f' ({outcome.detail})' if outcome.detail else ''}"
            log.warning("%s: %s failed: %s", self.stage.row_name, self.names.of(creator, reel), why)
        producer = entry.producer if entry else self.producer
        if outcome.reason == "error":
            producer += f"; installation {os.environ.get(INSTALLATION, 'unknown')}"
        self.rows[reel] = Row(
            creator, reel, self.stage.row_name, outcome.state, outcome.reason, outcome.detail, path, sha256, producer
        )
        if entry:
            self._note_owner(creator, reel)
        if self.arguments.journal:
            append_line(
                self.arguments.journal,
                {
                    "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                    "stage": self.stage.row_name,
                    "batch": self.name,
                    "reel_id": reel,
                    "state": outcome.state,
                    "reason": outcome.reason,
                    "cached": cached,
                    "key": self.keys[reel],
                    "pid": os.getpid(),
                },
            )
        self.progress.step(cached=cached, failed=outcome.state == "failed")

    def _note_owner(self, creator: str, reel: str) -> None:
        owner = (creator, reel, self.keys[reel])
        if owner not in self.owners:
            self.store.note_owner(self.stage.name, self.name, *owner)
            self.owners.add(owner)

    def _lost(self, inputs: dict[str, Row], entry: Entry) -> bool:
        """Whether the downloaded video is missing although delete_media did not remove it."""
        return bool(self.stage.external) and entry.outcome.state == "ok" and not self.stage.external(inputs, self.store)  # type: ignore[misc]

    def _in_store(self, path: Path) -> bool:
        return path.absolute().is_relative_to(self.store.root.absolute())

    def _link_external(self, reel: str, original: Path) -> str:
        target = self._output(reel, original.suffix.lower())
        if self._in_store(original):
            link_or_copy(original, target)
            return str(target)
        absolute = Path(os.path.normpath(original.absolute()))
        target.unlink(missing_ok=True)
        # A relative link survives the move of a study that has its videos inside.
        inside = absolute.is_relative_to(Path.cwd())
        target.symlink_to(os.path.relpath(absolute, target.parent) if inside else absolute)
        return str(target)

    def _output(self, reel: str, suffix: str) -> Path:
        return self.files.file(f"{file_stem(reel)}{suffix}")

    def close(self) -> None:
        """Write the manifest; remove files of reels that are no longer in the batch."""
        left_out = sorted(set(self.inputs) - set(self.rows))
        if left_out:
            raise RuntimeError(f"{self.stage.program} gave no outcome for {', '.join(left_out)}")
        self.files.tidy()
        write_manifest(list(self.rows.values()), self.arguments.manifest)
        self.progress.end()


def _folder_of(manifest: Path, stage: str) -> Path:
    """The folder of the results that a stage's manifest is in; `embedding/text` lies a level deeper."""
    manifest = manifest.absolute()
    return manifest.parents[2 if manifest.parent.parent.name == stage.split("/", maxsplit=1)[0] else 1]
