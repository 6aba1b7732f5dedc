"""The bundle described for machines: RO-Crate (https://w3id.org/ro/crate), written by the library `rocrate`."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path

from bundle.kinds import SUMS, files_of

METADATA = "ro-crate-metadata.json"
NO_LICENCE = "No licence is given: ask the authors."
DESCRIPTION = (
    "Creators of short videos, what their reels show (mean embeddings), a map with clusters, and the follow network "
    "between them; made by Reel Atlas."
)
SYNTHETIC = "Synthetic data: these people do not exist. "
KINDS = {
    ".parquet": "application/vnd.apache.parquet", ".json": "application/json", ".md": "text/markdown",
    ".yaml": "application/yaml", ".png": "image/png", ".pdf": "application/pdf",
}  # fmt: skip
SAID = {
    "bundle.json": "What kind of folder this is",
    "README.md": "How to read this bundle",
    "datasheet.md": "What the data are, how they were made, and what to mind",
    "study.yaml": "A study of Reel Atlas that reads this bundle and makes tables, map, tests and figures again",
    "figures/map.png": "The map as a picture",
    "figures/map.pdf": "The map for print",
    "findings/hypotheses.json": "Tests of the clusters against the follow network",
    "findings/robustness.json": "Clusters and verdicts over many seeds and settings",
    "map/coordinates.parquet": "Where each creator lies on the map",
    "map/clusters.parquet": "The cluster of each creator",
    "map/cluster_names.parquet": "Names, words and most central creators of the clusters",
    "tables/creators.parquet": "A row for each creator, with the mean embedding of what the reels show",
    "tables/reels.parquet": "A row for each reel",
    "tables/follows.parquet": "Whom the creators follow",
    "tables/edges.parquet": "Follows between creators of the cohort",
    "tables/status.parquet": "What became of each reel in each stage",
    "tables/coverage.parquet": "How many reels each stage made, skipped and could not make",
}


def write_crate(folder: Path, name: str, synthetic: bool, licence: str | None, published: date) -> None:
    """Describe every file of a bundle.

    Args:
        folder: with all files but the checksums, which list the description, too.
        name: of the study.
        synthetic: say that the data are synthetic.
        licence: its address.
        published: date of publication.
    """
    from rocrate.model.contextentity import ContextEntity
    from rocrate.rocrate import ROCrate

    crate = ROCrate()
    crate.name = f"{name} (synthetic data)" if synthetic else name
    crate.description = SYNTHETIC + DESCRIPTION if synthetic else DESCRIPTION
    name, said = (licence, "Licence of this bundle") if licence else ("No licence", NO_LICENCE)
    facts = {"@type": "CreativeWork", "name": name, "description": said}
    crate.license = crate.add(ContextEntity(crate, licence or "#licence", facts))
    crate.datePublished = datetime.combine(published, time(), UTC)
    for file in sorted(files_of(folder)):
        facts = {"name": file, "description": SAID[file], "encodingFormat": KINDS[Path(file).suffix]}
        crate.add_file(folder / file, file, properties=facts | {"contentSize": str((folder / file).stat().st_size)})
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
    files = files_of(folder) - {METADATA, SUMS}
    problems += [f"{folder / file}: is described and is not there" for file in sorted(described - files)]
    return problems + [f"{folder / file}: is not described in {METADATA}" for file in sorted(files - described)]
