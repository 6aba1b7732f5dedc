"""The bundle described for machines: RO-Crate (https://w3id.org/ro/crate), written by the library `rocrate`."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path

from bundle.contents import SUMS, files_of

METADATA = "ro-crate-metadata.json"
NO_LICENCE = "No licence is given: ask the authors."
DESCRIPTION = (
    "Creators of short videos, what their reels show (mean embeddings), a map with clusters, and the follow network "
    "between them; made by Reel Atlas."
)
SYNTHETIC = "Synthetic data: these people do not exist. "
KINDS = {
    ".parquet": "application/vnd.apache.parquet", ".json": "application/json", ".md": "text/markdown",
    ".yaml": "application/yaml", ".png": "image/png", ".pdf": "application/pdf", "": "text/plain",
}  # fmt: skip
SAID = {
    "bundle.json": "What this folder is", "README.md": "How to read this bundle", "datasheet.md": "Datasheet",
    "study.yaml": "A study of Reel Atlas that reads this bundle", SUMS: "Checksums of all files",
}  # fmt: skip


def write_crate(folder: Path, name: str, synthetic: bool, licence: str | None, published: date) -> None:
    """Describe every file of a bundle.

    Args:
        folder: with all files but the checksums.
        name: of the study.
        synthetic: say that the data are synthetic.
        licence: its address.
        published: date of publication.
    """
    from rocrate.rocrate import ROCrate

    crate = ROCrate()
    crate.name = f"{name} (synthetic data)" if synthetic else name
    crate.description = SYNTHETIC + DESCRIPTION if synthetic else DESCRIPTION
    crate.license = licence or NO_LICENCE
    crate.datePublished = datetime.combine(published, time(), UTC)
    for file in sorted(files_of(folder)):
        if file != METADATA:
            said = SAID.get(file, f"{Path(file).stem} ({Path(file).parent})")
            crate.add_file(folder / file, file, properties={"name": said, "encodingFormat": KINDS[Path(file).suffix]})
    crate.metadata.write(folder)


def check_crate(folder: Path) -> list[str]:
    """What is wrong with the description of a bundle; nothing: all is well."""
    from rocrate.rocrate import ROCrate

    path = folder / METADATA
    try:
        crate = ROCrate(folder)
        root = crate.root_dataset
        wanting = [name for name in ("name", "description", "license", "datePublished") if not root.get(name)]
    except Exception as error:  # whatever a library says of a file that is none
        return [f"{path}: not the description of a crate: {error}"]
    problems = [f"{path}: no {name}" for name in wanting]
    described = {entity.id for entity in crate.data_entities}
    files = files_of(folder) - {METADATA}
    problems += [f"{folder / file}: is described and is not there" for file in sorted(described - files)]
    return problems + [f"{folder / file}: is not described in {METADATA}" for file in sorted(files - described)]
