"""Sections on where creators and reels come from, which take part, and their videos."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from common.config.section import Section, Share, execution


class FilesSource(Section):
    """A folder of videos, with optional tables beside it. Paths are relative to the study's directory."""

    videos: str = Field("videos", min_length=1, description="Folder with one folder of videos per creator.")
    creators: str | None = Field(
        None, description="CSV: handle, full_name, followers, following, follows_status; further columns are kept."
    )
    reels: str | None = Field(
        None, description="CSV: handle, file, reel_id, caption, taken_at, plays, views, likes, comments, url."
    )
    follows: str | None = Field(None, description="CSV: source, target (handles).")


class Inst2txtSource(Section):
    """A database of the first study's programs (`instagram_data.db`), read without changing it."""

    database: str = Field("instagram_data.db", min_length=1, description="The SQLite file.")
    videos: str | None = Field(
        None, min_length=1, description="Folder of its videos, named after the reel's pk or code (`<pk>.mp4`)."
    )


class ExportsSource(Section):
    """Files that other tools left: Zeeschuimer or 4CAT (NDJSON; CSV of TikTok), instaloader, yt-dlp."""

    folder: str = Field("exports", min_length=1, description="Folder with the files, in subfolders as they are.")
    creators: str | None = Field(
        None, description="CSV: handle, full_name, followers, following, follows_status; further columns are kept."
    )
    follows: str | None = Field(None, description="CSV: source, target (handles).")
    only_listed: bool | None = Field(
        None,
        description="Only creators whom the creators file lists take part; other accounts that the files tell of are "
        "counted (null: yes where there is a creators file).",
    )

    @model_validator(mode="after")
    def _a_list_to_go_by(self) -> ExportsSource:
        if self.only_listed and self.creators is None:
            raise ValueError("source.exports.only_listed: true needs source.exports.creators, the file with the list")
        return self

    @property
    def limited(self) -> bool:
        """Whether only listed creators take part."""
        return self.creators is not None if self.only_listed is None else self.only_listed


class BundleSource(Section):
    """A published bundle: tables of a study, from which everything after them is made, without videos or models."""

    folder: str = Field("bundle", min_length=1, description="Folder of the bundle, with bundle.json in it.")


def _iso_date(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else value


Snapshot = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$"), BeforeValidator(_iso_date)]


class SourceSection(Section):
    """Where creators, reels and follow lists come from."""

    kind: Literal["files", "hikerapi", "inst2txt", "exports", "bundle"] = Field("files", description="Kind of source.")
    snapshot: Snapshot | None = Field(
        None,
        description="Date (2026-11-23) under which answers of a service are kept in data/raw. The same date never pays "
        "twice; a new one collects afresh beside the old one. Needed by the source `hikerapi`.",
    )
    files: FilesSource = Field(FilesSource(), description="Settings of the source `files`.")
    inst2txt: Inst2txtSource = Field(Inst2txtSource(), description="Settings of the source `inst2txt`.")
    exports: ExportsSource = Field(ExportsSource(), description="Settings of the source `exports`.")
    bundle: BundleSource = Field(BundleSource(), description="Settings of the source `bundle`.")


class HikerapiSection(Section):
    """The source `hikerapi`. Its token is HIKERAPI_TOKEN, in the environment or in .env."""

    creators: str = Field(
        "config/creators.csv", min_length=1, description="List of handles or profile links, one a line."
    )
    max_calls: int | None = execution(
        None, "Calls that this snapshot may cost at most; collecting stops cleanly there (null: no limit).", ge=0
    )
    calls_per_s: int = execution(15, "Calls a second of the whole run (see also --resources calls_per_s=N).", ge=1)
    connections: int = execution(8, "Calls under way at a time, in one job.", ge=1, le=64)
    timeout_s: float = execution(30.0, "Seconds to wait for an answer to go on.", gt=0)
    attempts: int = execution(5, "Attempts for a call that is throttled or fails for the moment.", ge=1)
    max_wait_s: float = execution(120.0, "Longest wait between two attempts, whatever the service asks for.", ge=0)
    max_pages: int = Field(2000, ge=1, description="Pages of one list at most; a list that goes on is `partial`.")
    min_follows_share: Share = Field(
        0.9, description="A follow list that ends with less than this share of the profile's number is `partial`."
    )
    price_per_1000_calls: float = execution(1.0, "Your plan's price (US dollars), for `snakemake cost`.", ge=0)
    url: str = Field("https://api.hikerapi.com", pattern=r"^https?://", description="Where the service is.")


class SelectSection(Section):
    """Which creators and reels take part."""

    reels_per_creator: int = Field(5, ge=1, description="Reels taken of each creator, the most played first.")
    latest: int | None = Field(60, ge=1, description="Choose among this many latest reels of a creator (null: all).")
    min_followers: int | None = Field(
        None,
        ge=0,
        description="Exclude creators known to have fewer followers (hikerapi: 10000 unless given; null: nobody).",
    )
    max_following: int | None = Field(
        None,
        ge=0,
        description="Exclude creators known to follow more accounts (hikerapi: 1001 unless given; null: nobody).",
    )


class VideoSection(Section):
    """Downloads, and the check of every video file before anything decodes it."""

    max_pixels: int = Field(8192 * 4352, ge=1, description="Largest frame (width x height) that is decoded.")
    max_minutes: float = Field(60.0, gt=0, description="Longer videos are refused as `too_long`.")
    timeout_s: float = execution(120.0, "Seconds one file may take.", gt=0)
    memory_mb: int = execution(4096, "Address space a decoding process may use.", ge=1024)
    connections: int = execution(5, "Downloads at a time, in one job.", ge=1, le=64)
    max_download_mb: int = execution(1000, "Larger files are not downloaded (`too_large`).", ge=1)
    read_timeout_s: float = execution(30.0, "Download: seconds to wait for the next piece.", gt=0)
    download_timeout_s: float = execution(600.0, "Download: seconds for a whole file, all attempts together.", gt=0)
    attempts: int = execution(4, "Download: attempts for a file that breaks off.", ge=1)
    allow_private: bool = execution(
        False,
        "Also follow links to this machine and the network it is in (localhost, 10.0.0.1): for a server of your own. "
        "Leave it off for links that come from other people's files.",
    )


# The first study's, for creators collected by their handles.
POLICIES = {"min_followers": 10_000, "max_following": 1001}
