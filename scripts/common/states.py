"""The states of a reel (or creator) in a stage, and the fixed vocabulary of reasons."""

from __future__ import annotations

import errno
import json
from dataclasses import dataclass, field
from typing import Literal

State = Literal["ok", "skipped", "failed"]


@dataclass(frozen=True)
class Reason:
    """Why a reel has no result.

    Attributes:
        meaning: what happened, for people.
        transient: another try may succeed; such failures are not kept in the store, and `snakemake retry` takes
            them up.
        stored: the failure depends on nothing but the content; one that does not, such as a link, is not kept either.
    """

    meaning: str
    transient: bool = False
    stored: bool = True


# A result that is there, and not all it could be.
NOTED = {
    "no_row": Reason("the source's table of creators or reels has no row of it: nothing more is known"),
    "follows_partial": Reason("the follow list is not complete", transient=True),
    "cut_off": Reason("the model's answer ended at the limit of tokens"),
    "unsure_language": Reason("the language of the speech is not sure, so neither is its text"),
    "mixed_languages": Reason("several languages are spoken; the text is in one of them"),
    "not_translated": Reason("the speech has no English text"),
    "partly_dropped": Reason("parts of the speech's text were dropped: the sound does not support them"),
}
SKIPPED = {
    "no_audio": Reason("the video has no audio track"),
    "no_speech": Reason("nobody speaks"),
    "too_long": Reason("longer than the configuration allows"),
    "not_selected": Reason("beyond select.reels_per_creator or select.latest"),
    "duplicate": Reason("the same content as another reel of this creator"),
    "missing_file": Reason("listed in the reels file, but there is no such video"),
    "no_link": Reason("the source has neither a video file nor a link to one"),
    "passed_over": Reason("a file that is not taken for a video; its row says why"),
    "no_reels": Reason("the creator has no video"),
    "not_listed": Reason("accounts that source.exports.creators does not list"),
    "not_in_study": Reason("listed with the accounts it follows, but no creator of the study"),
    "not_a_reel": Reason("a picture or an album, no reel"),
    "not_needed": Reason("results of later stages were imported"),
    "below_min_followers": Reason("fewer followers than select.min_followers"),
    "above_max_following": Reason("follows more accounts than select.max_following"),
}
FAILED = {
    "not_found": Reason("the service knows no such account"),
    "private": Reason("the account is private"),
    "changed_format": Reason("an answer or a file has another form than expected; please report it", transient=True),
    "unauthorized": Reason("the service refuses the token", transient=True),
    "balance": Reason("the account with the service is used up", transient=True),
    "budget": Reason("hikerapi.max_calls is used up", transient=True),
    "throttled": Reason("the service was asked too often", transient=True),
    "unavailable": Reason("the service could not be reached or failed", transient=True),
    "no_credentials": Reason("the service needs a token (environment or .env)", transient=True),
    "gone": Reason("the reel is no longer there", stored=False),
    "expired": Reason("the link has expired and the source has no fresh one", transient=True),
    "media_deleted": Reason("the video was deleted as study.retain_media_days says", stored=False),
    "file_too_large": Reason("larger than video.max_download_mb", stored=False),
    "no_link": Reason("the source has neither a video file nor a link to one", stored=False),
    "private_address": Reason(
        "the link leads to an address that is not on the public internet (video.allow_private)", stored=False
    ),
    "no_input": Reason("an earlier stage left nothing to work on"),
    "empty": Reason("the file has no bytes"),
    "not_a_video": Reason("the content is something else than its name says (HTML, text, ...)"),
    "corrupt": Reason("the content cannot be decoded"),
    "truncated": Reason("the file ends before its container says"),
    "changed": Reason("the file changed while a run went on; run again to collect it anew", transient=True),
    "no_video": Reason("the file has no video track"),
    "too_large": Reason("frames larger than video.max_pixels"),
    "too_long": Reason("longer than video.max_minutes"),
    "empty_answer": Reason("the model answered nothing, or its thoughts only"),
    "prompt_cut": Reason("the server showed the model less than it was sent: frames or text were cut", transient=True),
    "no_answer": Reason("the model wrote no answer: one sign repeated, its prompt, or scores that are no numbers"),
    "refused": Reason("the service does not take this input", stored=False),
    "quota": Reason("the account with the service is used up for now", transient=True),
    "no_text": Reason("nothing is left of the description after cleaning"),
    "timeout": Reason("took longer than allowed", transient=True),
    "out_of_memory": Reason("took more memory than allowed", transient=True),
    "crashed": Reason("the decoding process died", transient=True),
    "error": Reason("the program met something it does not handle; please report it", transient=True),
}
# Variable with the digest of code, Python and packages (`snakefile.study.installation`): another takes up each `error`.
INSTALLATION = "ATLAS_INSTALLATION"
# What `snakemake retry` takes up.
TRANSIENT = {reason for reason, facts in (NOTED | FAILED).items() if facts.transient}


class ReelError(Exception):
    """A reel that a stage cannot handle, for a known reason.

    Raised in the pure core of a stage; the stage runner makes a status row of it.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Outcome:
    """What became of one reel in one stage.

    Attributes:
        state: ok, skipped or failed.
        reason: of the vocabulary above.
        detail: in words.
        cause: the exception that the program does not handle, where there was one; see `unexpected`.
    """

    state: State
    reason: str | None = None
    detail: str | None = None
    cause: Exception | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        vocabularies: dict[State, list[str | None]] = {"ok": [None, *NOTED], "skipped": [*SKIPPED], "failed": [*FAILED]}
        if self.reason not in vocabularies[self.state]:
            raise ValueError(f"{self.state}: {self.reason!r} is not in the vocabulary of states.py")

    @property
    def stored(self) -> bool:
        """Whether the outcome is kept in the store."""
        return self.state != "failed" or FAILED[str(self.reason)].stored

    @property
    def transient(self) -> bool:
        """Whether another try may succeed."""
        return self.state == "failed" and FAILED[str(self.reason)].transient


OK = Outcome("ok")


# A disk that is full, failing, away or read-only. It is not this reel's: what was begun would be lost, and so would the
# reels after it.
DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ESTALE}


def unexpected(error: Exception) -> Outcome:
    """The outcome of a reel with which the program met an exception that it does not handle.

    Raises:
        OSError: a disk is at fault. (Errors of libav, of a broken video, are of a class of their own.)
    """
    if type(error) is OSError and error.errno in DISK:
        raise error
    return Outcome("failed", "error", f"{type(error).__name__}: {error}", error)


def reason_file(reason: str, detail: str | None) -> str:
    """The content of a skipped reel's file."""
    return json.dumps(
        {"state": "skipped", "reason": reason, "meaning": SKIPPED[reason].meaning, "detail": detail}, indent=1
    )
