"""Imported before all packages: where one of them is missing, says which Python was started and which is meant.

Standard library only, and nothing that Python 3.8 cannot read: whoever starts a program without the environment is told
so, instead of being shown a traceback of imports.
"""

import sys
from pathlib import Path
from types import TracebackType

OLDEST = (3, 11)
CHECKOUT = Path(__file__).resolve().parents[2]


def remedy() -> str:
    """How to start a program with the packages of the lock file."""
    return (
        f"{sys.executable} (Python {sys.version.split()[0]}) is not the Python with the packages of requirements.lock. "
        f"Activate the environment first (. {CHECKOUT}/.venv/bin/activate; `make demo` in {CHECKOUT} makes it where it "
        "is missing), or bring it in step with the lock: pip install -r requirements.lock"
    )


def explain(kind: "type[BaseException]", error: BaseException, trace: "TracebackType | None") -> None:
    """What is shown of an exception that nobody caught: of a missing package, the remedy."""
    if issubclass(kind, ImportError):
        print(f"{Path(sys.argv[0]).name}: {error}. {remedy()}", file=sys.stderr)  # noqa: T201
    else:
        sys.__excepthook__(kind, error, trace)


if sys.version_info < OLDEST:
    sys.exit(f"Python {OLDEST[0]}.{OLDEST[1]} or later is needed. {remedy()}")
if sys.excepthook is sys.__excepthook__:
    sys.excepthook = explain
