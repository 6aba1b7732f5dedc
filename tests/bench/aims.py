"""How every benchmark says what it found, so that `python tests/bench` can end with one table."""

from __future__ import annotations

MARK = "=> "


def report(what: str, value: str, aim: str = "", reached: bool | None = None) -> None:
    """Print one result.

    Args:
        what: what was compared.
        value: the ratio or the time, with its unit.
        aim: in words; empty where there is none.
        reached: whether the aim is; None where there is none.
    """
    print(
        f"{MARK}{what} | {value} | {aim or '-'} | {'-' if reached is None else 'yes' if reached else 'NO'}", flush=True
    )


def results(output: str) -> list[list[str]]:
    """The results that a benchmark printed: what, value, aim, reached."""
    return [line.removeprefix(MARK).split(" | ") for line in output.splitlines() if line.startswith(MARK)]
