"""Tokens in `.env`: read when they are needed, and who else can read them is said once."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.secrets import HF_TOKEN, secret


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(HF_TOKEN, raising=False)


@pytest.mark.parametrize(
    ("mode", "what"),
    [(0o644, "read"), (0o640, "read"), (0o604, "read"), (0o777, "read and change"), (0o662, "read and change"),
     (0o622, "change"), (0o620, "change"), (0o602, "change")],
)  # fmt: skip
def test_a_file_of_tokens_that_others_can_read_or_change_is_warned_of_once(caplog, mode, what):
    Path(".env").write_text(f"{HF_TOKEN}=canary-token\n")
    Path(".env").chmod(mode)
    assert secret(HF_TOKEN) == secret(HF_TOKEN) == "canary-token"
    (record,) = caplog.records
    assert (
        f"other users of this machine can {what} it (mode {mode:o}). Close it: chmod 600 {Path('.env').absolute()}"
        in record.getMessage()
    )
    assert "canary-token" not in caplog.text


def test_the_warning_comes_also_where_the_environment_has_the_token(caplog, monkeypatch):
    monkeypatch.setenv(HF_TOKEN, "from the environment")
    Path(".env").write_text(f"{HF_TOKEN}=canary-token\n")
    Path(".env").chmod(0o644)
    assert secret(HF_TOKEN) == "from the environment"
    assert "chmod 600" in caplog.text


def test_a_file_of_ones_own_is_read_without_a_word(caplog):
    Path(".env").write_text(f"{HF_TOKEN}=canary-token\n")
    Path(".env").chmod(0o600)
    assert secret(HF_TOKEN) == "canary-token"
    assert not caplog.records
