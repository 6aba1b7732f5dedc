"""Tokens of services: from the environment, or from `.env` in the study's directory; never anywhere else."""

from __future__ import annotations

import os
from pathlib import Path

ACRCLOUD_ACCESS_KEY, ACRCLOUD_ACCESS_SECRET = "ACRCLOUD_ACCESS_KEY", "ACRCLOUD_ACCESS_SECRET"
OPENAI_API_KEY, HF_TOKEN = "OPENAI_API_KEY", "HF_TOKEN"
HIKERAPI_TOKEN = "HIKERAPI_TOKEN"  # noqa: S105 (the name of the variable, not its value)


def secret(name: str) -> str | None:
    """The secret's value, None where it is not given; the environment comes before `.env`."""
    value = os.environ.get(name)
    if not value and Path(".env").exists():
        from dotenv import dotenv_values

        value = dotenv_values(".env").get(name)
    return value.strip() if value and value.strip() else None
