"""The page of the atlas: markup, style, script and data in one file, which loads nothing and runs nothing else.

What people wrote is data: it lies in a block of JSON that is no script, and the page's script makes text nodes of it.
The Content-Security-Policy allows this one script and this one style by their hashes, pictures inside the page, and
nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from pathlib import Path
from string import Template
from typing import Any

TEMPLATE = Path(__file__).parent / "page.html"
BUILT = Path(__file__).resolve().parent.parent.parent / "atlas" / "dist"


def atlas_page(data: dict[str, Any]) -> str:
    """The whole page.

    Args:
        data: what atlas/src/main.js reads; `name`, `synthetic`, `method` and `warning` are shown as they are.
    """
    script, style = ((BUILT / name).read_text(encoding="utf-8").strip() for name in ("atlas.js", "atlas.css"))
    policy = {
        "default-src": "'none'",
        "script-src": _allowed(script),
        "style-src": _allowed(style),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    synthetic = '<span class="badge">SYNTHETIC DATA</span>' if data["synthetic"] else ""
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        csp="; ".join(f"{name} {value}" for name, value in policy.items()),
        title=html.escape(data["name"]),
        badge=synthetic,
        method=html.escape(data["method"]),
        warning=f'<p class="warning">{html.escape(data["warning"])}</p>' if data["warning"] else "",
        style=style,
        script=script,
        data=json_block(data),
    )


def json_block(data: Any) -> str:
    """JSON that cannot end the block it stands in, nor begin a comment in it."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    escapes = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
    return text.translate({ord(character): code for character, code in escapes.items()})


def _allowed(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
