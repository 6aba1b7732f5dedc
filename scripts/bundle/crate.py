"""The bundle described for machines: RO-Crate (https://w3id.org/ro/crate), written by the library `rocrate`."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path

from bundle.kinds import SUMS, files_of

METADATA = "ro-crate-metadata.json"
NO_LICENCE = "No licence is given: ask the authors."
DESCRIPTION = (
    "What was found about creators of short videos: clusters by what their reels show, and how the follow network "
    "keeps to these; made by Reel Atlas."
)
SYNTHETIC = "Synthetic data: these people do not exist. "
KINDS = {
    ".parquet": "application/vnd.apache.parquet", ".json": "application/json", ".md": "text/markdown",
    ".yaml": "application/yaml", ".png": "image/png", ".pdf": "application/pdf",
}  # fmt: skip
SAID = {
    "README.md": "How to read this bundle",
    "SHA256SUMS": "Checksums of all other files",
    "bundle.json": "What kind of folder this is",
    "datasheet.md": "What the data are, how they were made, and what to mind",
    "figures/coverage.png": "What became of the reels in each stage, as made by the authors",
    "figures/hypotheses.png": "Each test beside its null distribution, as made by the authors",
    "figures/map.pdf": "The map for print",
    "figures/map.png": "The map as a picture",
    "figures/robustness.png": "Clusters and verdicts over many seeds and settings, as made by the authors",
    "figures/similarity.png": "How likely a follow is, by similarity, as made by the authors",
    "findings/effects.parquet": "Sizes of homophily with intervals, of the cohort and of each cluster",
    "findings/hypotheses.json": "Tests of the clusters against the follow network",
    "findings/hypotheses.md": "The same tests in words",
    "findings/mixing.parquet": "Mixing matrix: follows from each cluster to each, with numbers of creators",
    "findings/nulls.parquet": "How each test's statistic lies under the null",
    "findings/numbers.json": "All numbers of the study that a paper quotes",
    "findings/robustness.json": "Clusters and verdicts over many seeds and settings",
    "findings/sensitivity.parquet": "The tests under other choices",
    "findings/similarity.parquet": "How likely a follow is, by similarity of two creators",
    "map/cluster_names.parquet": "Names and words of the clusters",
    "map/clusters.parquet": "The cluster of each creator",
    "map/coordinates.parquet": "Where each creator lies on the map",
    "ro-crate-metadata.json": "The bundle described for machines",
    "study.yaml": "The settings of the analysis, as a study of Reel Atlas",
    "tables/coverage.parquet": "How many reels each stage made, skipped and could not make",
    "tables/creator_measures.parquet": "What the reels of each creator look like: means and spreads of the measures",
    "tables/creators.parquet": "A row for each creator",
    "tables/edges.parquet": "Follows between creators of the cohort",
    "tables/follows.parquet": "Whom the creators follow",
    "tables/measures.parquet": "What each reel looks like, as numbers",
    "tables/reels.parquet": "A row for each reel",
    "tables/status.parquet": "What became of each reel in each stage",
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
