"""What a bundle says of itself in words: README.md and datasheet.md, from the templates beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import get_args

import pyarrow as pa
import pyarrow.compute as pc

from bundle.crate import METADATA, NO_LICENCE, SAID
from bundle.kinds import SUMS, files_of
from bundle.public import is_open, smallest_group
from common.config import Publishable, PublishSection

FOLDER = Path(__file__).parent
AUTHORS = "*To be written by the authors.*"
SYNTHETIC = "**Synthetic data: the creators do not exist.**\n\n"
# What a public bundle keeps back unless `publish.allow` names it.
HELD = tuple(item for item in get_args(Publishable) if item != "words")


@dataclass(frozen=True)
class About:
    """A bundle that describes itself.

    Attributes:
        name: of the study.
        synthetic: say that the data are synthetic.
        settings: what was published.
        tables: of the study, without people who opted out.
        published: tables of the bundle.
        suppressed: clusters that were too small to be shown.
        date: of publication.
    """

    name: str
    synthetic: bool
    settings: PublishSection
    tables: Mapping[str, pa.Table]
    published: Mapping[str, pa.Table]
    suppressed: int
    date: date

    @property
    def left_out(self) -> int:
        """Creators of the study who are not in the bundle's tables."""
        return len(self.tables["creators"]) - len(self.published["creators"])

    @property
    def remakeable(self) -> bool:
        """Whether map, clusters and tests can be made again from the bundle."""
        return self.settings.kind == "full" or {"profiles", "edges"} <= set(self.settings.allow)


def readme(about: About, folder: Path) -> str:
    """The README of a bundle; names each file that lies in the folder."""
    settings = about.settings
    allowed = ", ".join(settings.allow) or "nothing"
    if settings.kind == "full":
        what = "All tables of a study as they are, with handles and texts. **Not for the public.**"
    else:
        what = (
            f"What was found about {about.tables['creators'].num_rows:,} creators, and not who they are. Allowed by "
            f"the authors (`publish.allow`): {allowed}."
        )
    listed = sorted(files_of(folder) | {"README.md", METADATA, SUMS})
    return _filled(
        "readme.md",
        about,
        what=what,
        files="\n".join(f"| `{file}` | {SAID[file]} |" for file in listed),
        remake=_read("remake.md" if about.remakeable else "as_made.md").format(people=_groups(about)).strip(),
    )


def datasheet(about: About) -> str:
    """The datasheet of a bundle, as far as the run knows; what it does not know is left to the authors, and says so."""
    creators, reels = about.tables["creators"], about.tables["reels"]
    first, last = pc.min(reels.column("taken_at")).as_py(), pc.max(reels.column("taken_at")).as_py()
    made_by = {
        value
        for column in ("description_producer", "embedding_producer")
        for value in pc.unique(reels.column(column)).to_pylist()
        if value
    }
    public = about.settings.kind == "public"
    return _filled(
        "datasheet.md",
        about,
        authors=AUTHORS,
        creators=creators.num_rows,
        reels=reels.num_rows,
        edges=about.tables["edges"].num_rows,
        period=f"from {first:%B %Y} to {last:%B %Y}" if first else "at times that are not known",
        complete=pc.sum(pc.equal(creators.column("follows_status"), "complete")).as_py() or 0,
        profiles=creators.num_rows - creators.column("profile").null_count,
        embedded=reels.num_rows - reels.column("embedding").null_count,
        in_bundle=_in_bundle(about),
        people=_people(about),
        producers="\n".join(f"- Made by {one}." for one in sorted(made_by)) or "- By what programs is not known.",
        changes="Numbers are rounded or told as bands, times are months, vectors have three digits."
        if public
        else "Nothing besides.",
        published=about.date.isoformat(),
    )


def _read(template: str) -> str:
    return (FOLDER / template).read_text(encoding="utf-8")


def _filled(template: str, about: About, **values: object) -> str:
    shown = SYNTHETIC if about.synthetic else ""
    licence = about.settings.licence or NO_LICENCE
    return _read(template).format(name=about.name, synthetic=shown, licence=licence, **values)


def _in_bundle(about: About) -> str:
    if about.settings.kind == "full":
        return "All of it is in the bundle."
    rows = [name for name in ("reels", "edges") if name in about.published]
    return (
        f"In the bundle, {about.published['creators'].num_rows:,} creators have a row, under a "
        f"pseudonym; there are {' and '.join(f'rows of {name}' for name in rows) or 'no rows of reels or follows'}."
    )


def _groups(about: About) -> str:
    if about.settings.kind == "full" or is_open(about.settings.allow):
        return "Creators have pseudonyms."
    said = f"At least {about.settings.k} creators share each cluster and band of followers that is told."
    return said + (f" {about.left_out:,} creators with fewer of their kind have no row." if about.left_out else "")


def _people(about: About) -> str:
    settings = about.settings
    if settings.kind == "full":
        return "All tables are as in the study, with handles, names, captions and speech: treat them as such."
    held = ", ".join(item for item in HELD if item not in settings.allow) or "nothing"
    said = [f"Ids are pseudonyms. Kept back: {held}. Pictures, sound and videos are never in a bundle.", _groups(about)]
    if about.suppressed:
        said.append(
            f"Not shown: {about.suppressed} clusters of fewer than {smallest_group(settings)} creators, who are "
            "published as in none."
        )
    if is_open(settings.allow):
        said.append(
            "Pseudonyms do not make people unrecognisable: who knows whom a creator follows, or numbers of her or his "
            "profile and reels, or has the same videos and models, may find a creator again. Embeddings can be "
            "inverted in part (Morris et al. 2023, arXiv:2310.06816)."
        )
    else:
        said.append(
            "Who knows that somebody is in the cohort, and how many followers she or he has, knows a band of "
            "followers, and in which clusters creators of this band are; where all are in one, it is hers or his."
        )
    return "\n  ".join(said)
