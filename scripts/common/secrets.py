"""Tokens of services: from the environment, or from `.env` in the study's directory; never anywhere else."""

from __future__ import annotations

import functools
import logging
import os
import stat
from pathlib import Path

log = logging.getLogger("atlas")

ACRCLOUD_ACCESS_KEY, ACRCLOUD_ACCESS_SECRET = "ACRCLOUD_ACCESS_KEY", "ACRCLOUD_ACCESS_SECRET"
OPENAI_API_KEY, HF_TOKEN = "OPENAI_API_KEY", "HF_TOKEN"
HIKERAPI_TOKEN = "HIKERAPI_TOKEN"  # noqa: S105 (the name of the variable, not its value)


def secret(name: str) -> str | None:
    """The secret's value, None where it is not given; the environment comes before `.env`."""
    value = os.environ.get(name)
    if Path(".env").exists():
        _warn_of_others(Path(".env").absolute())
        if not value:
            from dotenv import dotenv_values

            value = dotenv_values(".env").get(name)
    return value.strip() if value and value.strip() else None


@functools.cache
def _warn_of_others(path: Path) -> None:
    """Say once where others can read the file of secrets, or change it, and have calls made with their own tokens."""
    mode = path.stat().st_mode
    rights = {"read": stat.S_IRGRP | stat.S_IROTH, "change": stat.S_IWGRP | stat.S_IWOTH}
    given = " and ".join(what for what, bits in rights.items() if mode & bits)
    if given:
        log.warning(
            "%s holds your tokens, and other users of this machine can %s it (mode %o). Close it: chmod 600 %s",
            path, given, stat.S_IMODE(mode), path,
        )  # fmt: skip
