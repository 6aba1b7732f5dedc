#!/usr/bin/env python
"""Say of one reel, stage by stage, what was made, by what, from what, and what would change if it were run now."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from typing import Any, cast

from common.config import Config, EmbeddingSection, Modality, Section
from common.files import read_lines
from common.manifest import Row, read_manifest
from common.models import Model, open_model
from common.named import Names
from common.program import UserError, parser, run
from common.stage import Stage
from common.stages import folders, programs
from common.states import FAILED, NOTED, SKIPPED
from common.store import Entry, Store, digest
from common.study_folder import add_study, enter_study


def main(arguments: argparse.Namespace) -> None:
    _, config = enter_study(arguments)
    store = Store(Path(arguments.store or config.store.directory))
    names = Names(arguments.results / "creators")
    arguments.reel = names.reel_id(arguments.reel)
    rows = find_rows(arguments.results, arguments.reel, folders(config))
    if not rows:
        raise UserError(
            f"no stage in {arguments.results} knows a reel {arguments.reel}; give its id or its file's name, see the "
            "folders in results/reels"
        )
    print(names.of(next(iter(rows.values())).creator_id, arguments.reel))
    for stage, program in programs(config).items():
        folder = folders(config)[stage]
        name = Path(folder).name
        row = rows.get(name)
        print(f"\n{stage}: {summary(row)}")
        if row is None or stage == "creators":
            continue
        module = importlib.import_module(program)
        made: Stage = module.STAGES[folder] if hasattr(module, "STAGES") else module.STAGE
        settings = getattr(config, made.name)
        if isinstance(settings, EmbeddingSection):
            settings = settings.only(cast("Modality", name))
        key = last_key(arguments.results, folder, arguments.reel)
        entry = store.find(made.name, key) if key else None
        if entry:
            print(f"  from: {origins(entry)}")
        try:
            lines = changes(made, settings, current_models(settings, config, arguments), rows, entry)
        except UserError as error:
            lines = [f"its model is not there: {error}"]
        for line in lines:
            print(f"  if run now: {line}")


def find_rows(results: Path, reel: str, stages: dict[str, str]) -> dict[str, Row]:
    """The reel's manifest rows, by what later stages call their input: the last part of the folder's name."""
    rows: dict[str, Row] = {}
    for folder in stages.values():
        for path in sorted((results / folder).glob("*.parquet")):
            if path.stem.isdigit():
                rows |= {Path(folder).name: row for row in read_manifest(path) if row.reel_id == reel}
    return rows


def summary(row: Row | None) -> str:
    """A row in words."""
    if row is None:
        return "not made yet"
    meaning = (NOTED | SKIPPED | FAILED).get(row.reason or "")
    why = f" ({row.reason}: {meaning.meaning}{f'; {row.detail}' if row.detail else ''})" if meaning else ""
    detail = f"; {row.detail}" if row.detail and not meaning else ""
    made = f" by {row.producer}" if row.producer else ""
    return f"{row.state}{why}{made}{f', {row.path}' if row.path else ''}{detail}"


def last_key(results: Path, folder: str, reel: str) -> str | None:
    """The store key of the reel's last attempt, from the journal."""
    keys = [
        line["key"]
        for path in sorted((results / "journal" / folder).glob("*.jsonl"))
        for line in read_lines(path)
        if line["reel_id"] == reel
    ]
    return keys[-1] if keys else None


def origins(entry: Entry) -> str:
    """What a result was made from, in words."""
    made_from = entry.made_from
    models = "".join(f", model {name} ({sha256[:12]})" for name, sha256 in made_from["models"].items())
    return f"{made_from['version']}{models}, settings {made_from['settings']}, inputs {made_from['inputs']}"


def changes(
    stage: Stage, settings: Section, models: list[Model], rows: dict[str, Row], entry: Entry | None
) -> list[str]:
    """What differs between how a result was made and how it would be made now."""
    inputs = {name: rows[name] for name in (*stage.inputs, *stage.optional) if name in rows}
    missing = [name for name in stage.inputs if name not in inputs or inputs[name].state != "ok"]
    if missing:
        return [f"nothing can be made: stage {missing[0]} has no file of this reel"]
    now = stage.made_from(settings, models, inputs)
    if entry is None:
        return ["it would be computed: the store has no result of it"]
    if digest(now) == digest(entry.made_from):
        return ["nothing changes"]
    return [f"{name} changes from {old} to {new}" for name, old, new in differences(entry.made_from, now)]


def current_models(settings: Section, config: Config, arguments: argparse.Namespace) -> list[Model]:
    """The models that a stage would use now."""
    folder = Path(config.models.directory or Path(__file__).resolve().parent.parent / "data" / "models")
    return [open_model(arguments.results / "models" / f"{name}.json", folder) for name in settings.weights]


def differences(before: Any, after: Any, name: str = "") -> list[tuple[str, Any, Any]]:
    """The leaves in which two JSON values differ, with their paths."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            change
            for key in sorted({*before, *after})
            for change in differences(before.get(key), after.get(key), f"{name}.{key}".lstrip("."))
        ]
    return [] if before == after else [(name, before, after)]


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("reel", help="reel id, or the name of its file")
    add_study(options)
    options.add_argument("--results", type=Path, default=Path("results"), help="in the study's folder [%(default)s]")
    options.add_argument("--store", type=Path, help="in the study's folder [store.directory of the study]")
    return options.parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
