"""The page of the atlas as a file: one file, the same bytes, nothing that a browser would run but its script."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import zipfile
from html.parser import HTMLParser

import pytest

from atlas.page import atlas_page, json_block
from atlas_tables import build_page, in_node, study_tables
from study import CHECKOUT

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!-- <script>",
    "\u2028\u2029",
    "a\ud800b".encode("utf-8", "replace").decode(),
]


class Reader(HTMLParser):
    """The scripts and styles of a page, and every tag."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.blocks: list[list[str]] = []
        self.inside = False

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside = tag in ("script", "style")
        if self.inside:
            self.blocks.append([tag, ""])

    def handle_endtag(self, tag):  # noqa: ARG002 (the base class names it)
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.blocks[-1][1] += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


def test_the_page_is_one_file_whose_policy_allows_its_own_script_and_style_only(tmp_path):
    page = build_page(tmp_path, study_tables(12, HOSTILE), "--name", 'A "study" <i>').read_text()
    reader = read(page)
    scripts = [attributes for tag, attributes in reader.tags if tag == "script"]
    assert [attributes.get("type") for attributes in scripts] == ["application/json", None]
    policy = next(
        a["content"] for t, a in reader.tags if t == "meta" and a.get("http-equiv") == "Content-Security-Policy"
    )
    own = {}
    for tag, content in reader.blocks:
        if not content.startswith("{"):
            own[tag] = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    assert f"script-src 'sha256-{own['script']}'" in policy
    assert f"style-src 'sha256-{own['style']}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not [a for _, a in reader.tags if any(name.startswith("on") for name in a)]
    assert not [a for _, a in reader.tags if a.get("src") or a.get("href")]
    data = json.loads(next(content for _, content in reader.blocks if content.startswith("{")))
    assert data["name"] == 'A "study" <i>'
    assert data["reels"][0]["caption"] == HOSTILE[0]
    assert (data["creators"][11]["x"], data["creators"][11]["cluster"]) == (None, None)
    assert [cluster["id"] for cluster in data["clusters"]] == [0, 1, 2, -1]


def test_the_same_tables_give_the_same_bytes(tmp_path):
    rows = study_tables(12, HOSTILE)
    assert build_page(tmp_path, rows).read_bytes() == build_page(tmp_path, rows).read_bytes()


def test_texts_and_pictures_can_be_left_out(tmp_path):
    rows = study_tables(12, ["somebody's words"])
    full = build_page(tmp_path, rows).read_text()
    assert '"caption":"somebody' in full
    assert '"speech":"somebody' in full
    bare = build_page(tmp_path, rows, "--captions=false", "--transcripts=false").read_text()
    data = next(content for _, content in read(bare).blocks if content.startswith("{"))
    assert '"caption"' not in data
    assert '"speech"' not in data


def test_frames_that_cannot_be_read_are_named_with_the_remedy(tmp_path):
    damaged = tmp_path / "artifact.zip"
    damaged.write_bytes(b"PK\x03\x04 and nothing more")
    none, unsaid = tmp_path / "none.zip", tmp_path / "unsaid.zip"
    for path, facts in ((none, '{"frames": []}'), (unsaid, "{}")):
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("frames.json", facts)
    for frames in (damaged, tmp_path / "gone.zip", none, unsaid):
        rows = study_tables(12, ["somebody's words"], [frames])
        with pytest.raises(AssertionError, match=rf"{frames}: the frames of r_00000 cannot .*redo.py --stage frames"):
            build_page(tmp_path, rows)


def test_a_page_that_is_too_large_is_refused(tmp_path):
    with pytest.raises(AssertionError, match=r"more than atlas.max_mb \(0.5\): raise it"):
        build_page(tmp_path, study_tables(12, HOSTILE), "--max-mb=0.5")


def test_an_empty_study_has_a_page(tmp_path):
    rows = study_tables(3, HOSTILE) | {
        name: list[dict[str, object]]() for name in ("reels", "edges", "coordinates", "clusters", "names")
    }
    assert "no creator has a place" in build_page(tmp_path, rows).read_text()


def test_json_cannot_end_its_block():
    block = json_block({"text": "".join(HOSTILE)})
    assert not re.search("[<>&\u2028\u2029]", block)
    assert json.loads(block)["text"] == "".join(HOSTILE)


def test_the_title_is_text():
    data = {"name": "<script>", "synthetic": False, "method": "<b>", "warning": "<i>"}
    page = atlas_page(data)
    assert "<title>&lt;script&gt;</title>" in page
    assert '<p class="warning">&lt;i&gt;</p>' in page
    assert "SYNTHETIC" not in page.split("<script type")[0]


def test_unstable_clusters_are_told_beside_them(tmp_path):
    rows = study_tables(12, HOSTILE)
    assert (
        '<p class="warning">Clusters change.</p>' in build_page(tmp_path, rows, warning="Clusters change.").read_text()
    )
    assert '<p class="warning">' not in build_page(tmp_path, rows).read_text()


def test_the_page_names_the_licences_of_what_it_contains():
    page = atlas_page({"name": "", "synthetic": False, "method": "", "warning": None})
    assert (CHECKOUT / "atlas/LICENCES.txt").read_text().strip() in page


def test_names_on_the_map_do_not_cover_each_other():
    """From the source, in Node.js: where there is room for one only it is the larger cluster's."""
    covered, near, far = in_node("""
    import { apart } from './names.js';
    const clusters = [[0.5, 0.5], [0.55, 0.5], [0.5, 0.5], [0.5, 0.9]].map((label, id) => ({ id, label }));
    const said = ({ id }) => `${id} a name of some words`;
    const shown = [400, 2000, 40000].map((scale) => apart(clusters, said, scale).named.map(([, text]) => text));
    console.log(JSON.stringify(shown));
    """)
    assert covered == ["0 a name of some words", "3 a name of some words"]
    assert near == ["0 a name of some words", "1", "3 a name of some words"]
    assert far == ["0 a name of some words", "1 a name of some words", "3 a name of some words"]


def test_the_built_script_is_that_of_its_sources(tmp_path):
    """`npm ci` and a build give the committed bytes; run where npm is."""
    if not shutil.which("npm"):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("npm is not here")
    shutil.copytree(CHECKOUT / "atlas", tmp_path / "atlas", ignore=shutil.ignore_patterns("node_modules", "dist"))
    for command in (["npm", "ci", "--no-fund", "--no-audit"], ["npm", "run", "build"]):
        done = subprocess.run(command, cwd=tmp_path / "atlas", capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    for name in ("atlas.js", "atlas.css"):
        assert (tmp_path / "atlas/dist" / name).read_bytes() == (CHECKOUT / "atlas/dist" / name).read_bytes(), (
            f"atlas/dist/{name} is not that of atlas/src: run `make atlas`"
        )
