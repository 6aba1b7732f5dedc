"""Libraries of models, as all programs load them."""

from __future__ import annotations

from typing import Any


def transformers_library() -> Any:
    """The library transformers, without its progress bars; its types say less than is true."""
    import transformers

    library: Any = transformers
    library.utils.logging.disable_progress_bar()
    return library
