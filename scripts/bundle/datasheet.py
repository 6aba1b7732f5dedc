"""What a bundle says of itself in words: README.md and datasheet.md, from the templates beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from bundle.crate import NO_LICENCE
from common.config import PublishSection

FOLDER = Path(__file__).parent
AUTHORS = "*To be written by the authors.*"
SYNTHETIC = "**Synthetic data: the creators do not exist.**\n\n"
# What says who or what somebody is or says, by its name in `publish.allow`.
TELLING = ("handles", "names", "captions", "transcripts", "links", "descriptions", "embeddings", "music")


def readme(name: str, synthetic: bool, settings: PublishSection) -> str:
    """The README of a bundle."""
    what = (
        "All tables of a study as they are, with handles and texts. **Not for the public.**"
        if settings.kind == "full"
        else "Tables of a study with pseudonyms and rounded numbers. Besides: "
        + (", ".join(sorted(settings.allow)) or "nothing")
        + "."
    )
    return _filled("readme.md", name, synthetic, settings, what=what)


def datasheet(
    name: str,
    synthetic: bool,
    settings: PublishSection,
    tables: Mapping[str, pa.Table],
    suppressed: int,
    published: date,
) -> str:
    """The datasheet of a bundle, as far as the run knows; what it does not know is left to the authors, and says so.

    Args:
        name: of the study.
        synthetic: say that the data are synthetic.
        settings: what was published.
        tables: of the bundle.
        suppressed: clusters that were too small to be shown.
        published: date of publication.
    """
    creators, reels = tables["creators"], tables["reels"]
    first, last = pc.min(reels.column("taken_at")).as_py(), pc.max(reels.column("taken_at")).as_py()
    made_by = {
        value
        for column in ("description_producer", "embedding_producer")
        for value in pc.unique(reels.column(column)).to_pylist()
        if value
    }
    public = settings.kind == "public"
    return _filled(
        "datasheet.md",
        name,
        synthetic,
        settings,
        authors=AUTHORS,
        creators=creators.num_rows,
        reels=reels.num_rows,
        edges=tables["edges"].num_rows,
        period=f"from {first:%B %Y} to {last:%B %Y}" if first else "at times that are not known",
        complete=pc.sum(pc.equal(creators.column("follows_status"), "complete")).as_py() or 0,
        profiles=creators.num_rows - creators.column("profile").null_count,
        embedded=reels.num_rows - reels.column("embedding").null_count,
        rounded=", rounded to two digits" if public else "",
        people=_people(settings, suppressed),
        producers="\n".join(f"- Made by {one}." for one in sorted(made_by)) or "- By what programs is not known.",
        changes="Numbers are rounded, times are months, vectors have three digits." if public else "Nothing besides.",
        published=published.isoformat(),
    )


def _filled(template: str, name: str, synthetic: bool, settings: PublishSection, **values: object) -> str:
    text = (FOLDER / template).read_text(encoding="utf-8")
    shown = SYNTHETIC if synthetic else ""
    return text.format(name=name, synthetic=shown, licence=settings.licence or NO_LICENCE, **values)


def _people(settings: PublishSection, suppressed: int) -> str:
    if settings.kind == "full":
        return "All tables are as in the study, with handles, names, captions and speech: treat them as such."
    held = ", ".join(item for item in TELLING if item not in settings.allow) or "nothing"
    said = [f"Ids are pseudonyms. Kept back: {held}. Pictures, sound and videos are never in a bundle."]
    if suppressed:
        said.append(
            f"Not shown: {suppressed} clusters of fewer than {settings.smallest_cluster} creators, who are published "
            "as in none."
        )
    said.append(
        "Pseudonyms do not make people unrecognisable: who knows whom a creator follows, or has the same videos and "
        "models, may find a creator again. Embeddings can be inverted in part (Morris et al. 2023, arXiv:2310.06816)."
    )
    return "\n  ".join(said)
