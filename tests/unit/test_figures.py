"""Figures as a journal prints them: widths, letters, captions; the map's cards, the mixing matrix, directions."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from analysis.mixing_matrix import mixing_matrix
from analysis.network import Network
from analysis.placed_creators import PlacedCreators
from common.config import FiguresSection
from figures.cards import card, free_places
from figures.coverage import coverage_figure
from figures.hypotheses import hypotheses_figure
from figures.map import map_figure
from figures.mixing import mixing_figure
from figures.network import network_figure, tapered
from figures.page import save_figure, style
from figures.portraits import Portrait, portraits_figure, whole_sentences
from figures.power import power_figure
from figures.reel_frames import telling_frames
from figures.robustness import robustness_figure
from figures.similarity import similarity_figure

CLUSTERS = 5
NAMES = {number: f"velvet, lanterns, {'ochre ' * number}" for number in range(CLUSTERS)}
PICTURE = np.tile(np.array([200, 40, 90], np.uint8), (64, 36, 1))


def placed(each: int = 12) -> PlacedCreators:
    """Creators around five middles, and three in no cluster."""
    stream = np.random.default_rng(5)
    middles = np.array([[0.15, 0.2], [0.2, 0.85], [0.5, 0.5], [0.85, 0.15], [0.8, 0.8]])
    near = np.clip(middles[:, None] + 0.05 * stream.standard_normal((CLUSTERS, each, 2)), 0, 1).reshape(-1, 2)
    places = np.concatenate([near, stream.random((3, 2))])
    labels = np.concatenate([np.repeat(np.arange(CLUSTERS), each), [-1] * 3])
    ids = pa.array([f"creator{number:04d}" for number in range(len(places))])
    return PlacedCreators(ids, places, labels, "UMAP", len(places))


def network() -> Network:
    stream = np.random.default_rng(6)
    creators = placed()
    ends = stream.integers(0, len(creators), (400, 2))
    pairs = np.unique(ends[ends[:, 0] != ends[:, 1]], axis=0)
    return Network(creators.creator_ids, pairs[:, 0], pairs[:, 1])


def draw_map() -> Figure:
    pictures = {number: [PICTURE] * 3 for number in NAMES}
    return map_figure(placed(), "A study", True, "A remark.", NAMES, pictures=pictures)


def draw_mixing() -> Figure:
    found = network()
    return mixing_figure(
        mixing_matrix(placed().clusters, found.sources, found.targets, CLUSTERS), NAMES, "A study", True
    )


def draw_robustness() -> Figure:
    shares = {
        f"{kind}_{end}": 0.7 for kind in ("ari", "without_tenth") for end in ("low", "lower", "median", "upper", "high")
    }
    counts = {f"{kind}_{end}": 0.2 for kind in ("clusters", "noise") for end in ("low", "median", "high")}
    row = {"n_runs": 9, "varied": "seed and creators", "test": ["H1-label", "H1-degree"], "supported": [None, 1.0]}
    rows = [
        row | shares | counts | {"variant": "as_configured", "settings": "{}"},
        row | shares | counts | {"variant": "few_neighbours", "settings": '{"neighbours": 10}'},
    ]
    return robustness_figure(rows, 0.6, None, "A study", True)


def draw_hypotheses() -> Figure:
    made = {
        "observed": 0.3,
        "p_value": 0.0001,
        "p_adjusted": 0.0004,
        "n_draws": 9999,
        "statistic": "s",
        "verdict": "supported",
    }
    names = ["H1-label", "H1-degree", "H2"]
    nulls = [{"id": name, "statistic_low": 0.0, "statistic_high": 0.1, "n_draws": 40} for name in names]
    return hypotheses_figure([made | {"id": name} for name in names], nulls, "A study", True)


def draw_coverage() -> Figure:
    row = {"stage": "transcript", "state": "skipped", "creators": 0}
    reasons = ["no_speech", "no_audio", "not_translated", "too_long"]
    rows = [row | {"reason": reason, "reels": 61 - 9 * place} for place, reason in enumerate(reasons)]
    return coverage_figure([*rows, row | {"state": "ok", "reason": None, "reels": 40}], "A study", True)


def draw_similarity() -> Figure:
    row = {"n_pairs": 90, "n_follows": 9, "share": 0.1, "ci_low": 0.05, "ci_high": 0.2, "expected": 0.1}
    return similarity_figure([row | {"similarity_mean": place / 10} for place in range(9)], "A study", True)


def draw_portraits() -> Figure:
    words, text = ["velvet", "lanterns"], "A street at night, lit by lanterns. " * 12
    portraits = [Portrait(n, 9, NAMES[n], words, text, [[PICTURE, PICTURE]] * 3) for n in range(CLUSTERS)]
    return portraits_figure(portraits, "A study", True)


def draw_power() -> Figure:
    study = {
        "clusters": 9,
        "popularity_skew": 1.2,
        "activity_skew": 0.8,
        "separation": 2.0,
        "cohorts": 40,
        "alpha": 0.05,
    }
    row = study | {"power": 0.6, "ci_low": 0.5, "ci_high": 0.7, "mean_degree": 12.5}
    tests = ("H1-label", "H1-degree", "dyadic")
    rows = [
        row | {"test": test, "creators": size, "homophily": strength}
        for test in tests
        for size in (50, 200, 400)
        for strength in (1.0, 1.5, 2.0)
    ]
    return power_figure(rows, "A study", True)


DRAWN: dict[str, Callable[[], Figure]] = {
    "map": draw_map, "network": lambda: network_figure(placed(), network(), "A study", True), "mixing": draw_mixing,
    "robustness": draw_robustness, "hypotheses": draw_hypotheses, "coverage": draw_coverage,
    "similarity": draw_similarity, "portraits": draw_portraits, "power": draw_power,
}  # fmt: skip


def beyond(figure: Figure) -> set[Text]:
    """Labels of ticks outside of what a chart shows, which are not drawn."""
    return {
        label
        for chart in figure.axes
        for axis, place in ((chart.xaxis, 0), (chart.yaxis, 1))
        for label in axis.get_ticklabels()
        if not min(axis.get_view_interval()) <= label.get_position()[place] <= max(axis.get_view_interval())
    }


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("width", [89, 120, 183])
def test_a_figure_is_as_wide_as_asked_for_with_letters_of_six_points_that_stay_on_the_page(
    name: str, width: int
) -> None:
    with style(FiguresSection(width=width)):
        figure = DRAWN[name]()
        figure.canvas.draw()
        assert figure.get_figwidth() * 25.4 == pytest.approx(width, abs=0.2)
        page = figure.bbox
        words = [text for text in figure.findobj(Text) if text.get_text().strip() and text not in beyond(figure)]
        assert len(words) > 5
        for text in words:
            box = text.get_window_extent()
            assert text.get_fontsize() >= 6, text.get_text()
            assert box.x0 > -3, text.get_text()
            assert box.x1 < page.x1 + 3, text.get_text()
            assert box.y0 > -3, text.get_text()
            assert box.y1 < page.y1 + 3, text.get_text()


def test_a_figure_without_titles_is_its_panels_and_keeps_its_caption_and_the_word_synthetic(tmp_path: Path) -> None:
    files = [tmp_path / f"map.{kind}" for kind in ("svg", "pdf", "txt")]
    with style(FiguresSection(titles=False)):
        bare = draw_map()
        save_figure(bare, *files)
    with style():
        titled = draw_map()
    assert "A study" not in [text.get_text() for text in bare.texts]
    assert "synthetic data" in [text.get_text() for text in bare.texts]
    assert bare.get_figheight() < titled.get_figheight()
    caption = files[2].read_text()
    assert caption.startswith("Synthetic data. 63 creators placed by what their reels show")
    assert caption.endswith("A remark.\n")
    letters = re.findall(r"<text[^>]*>([^<]*)</text>", files[0].read_text())
    assert {"synthetic data", "0  (n = 12)"} <= set(letters)
    assert b"/FontFile2" in files[1].read_bytes()


def test_the_captions_of_all_figures_stand_in_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "map.txt").write_text("Dots.\n")
    (tmp_path / "mixing.txt").write_text("Follows.\n")
    files = [str(tmp_path / name) for name in ("map.txt", "mixing.txt")]
    monkeypatch.setattr("sys.argv", ["x", "--captions", *files, "--output", str(tmp_path / "captions.md")])
    program = importlib.import_module("write_captions")
    program.main(program.parse())
    said = (tmp_path / "captions.md").read_text()
    assert said == "# Captions\n\n**Figure 1** (`map`). Dots.\n\n**Figure 2** (`mixing`). Follows.\n"


def test_cards_hide_no_dot_and_no_other_card_and_stand_at_their_clusters() -> None:
    creators = placed()
    area = np.array([6.8, 5.0])
    dots = creators.places * 4 + (area - 4) / 2
    cards = [card(number, 12, NAMES[number], [PICTURE] * 3, CLUSTERS, float(area.prod())) for number in NAMES]
    corners = free_places(dots, creators.clusters, cards, area)
    sizes = np.array([one.size for one in cards])
    assert (corners > 0).all()
    assert (corners + sizes < area).all()
    hidden = ((dots[:, None] > corners) & (dots[:, None] < corners + sizes)).all(axis=2)
    assert not hidden.any()
    for one in range(CLUSTERS):
        for other in range(one):
            shared = np.minimum(corners + sizes, corners[other] + sizes[other])[one] - np.maximum(
                corners[one], corners[other]
            )
            assert (shared <= 0).any()
        own = dots[creators.clusters == one]
        outside = np.linalg.norm(own - np.clip(own, corners[one], corners[one] + sizes[one]), axis=1)
        assert outside.min() < 0.8  # inches
    np.testing.assert_array_equal(corners, free_places(dots, creators.clusters, cards, area))


def test_names_and_pictures_stand_on_the_map_and_many_clusters_have_a_legend() -> None:
    with style():
        drawn = draw_map()
        creators = placed(60)
        many = PlacedCreators(creators.creator_ids, creators.places, np.arange(len(creators)) // 15, "UMAP", 303)
        crowded = map_figure(many, "s", False, None, dict.fromkeys(range(21), "velvet"), pictures={0: [PICTURE]})
    said = [text.get_text() for text in drawn.axes[0].texts]
    assert {f"{number}  (n = 12)" for number in NAMES} <= set(said)
    assert len(drawn.axes[0].images) == 3 * CLUSTERS
    assert not drawn.legends
    assert not crowded.axes[0].images
    assert crowded.legends


def test_the_mixing_matrix_says_how_many_follows_there_are_and_how_many_times_as_many_as_by_chance() -> None:
    labels = np.array([0] * 4 + [1] * 4)
    inside = [(a, b) for group in (range(4), range(4, 8)) for a in group for b in group if a != b]
    ends = np.array([*inside, (0, 4)])
    found = mixing_matrix(labels, ends[:, 0], ends[:, 1], 2)
    with style():
        figure = mixing_figure(found, {0: "velvet", 1: "chrome"}, "s", False)
        empty = mixing_figure(mixing_matrix(labels, ends[:0, 0], ends[:0, 1], 2), {}, "s", False)
    cells = [text.get_text() for text in figure.axes[0].texts]
    assert [text.get_fontweight() for text in figure.axes[0].texts] == ["bold", "normal", "normal", "bold"]
    assert cells[0] == f"12\n× {12 / found.expected[0, 0]:.2g}"
    assert [cell.split("\n")[0] for cell in cells] == ["12", "1", "0", "12"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["0  velvet", "1  chrome"]
    assert "There are no follows in clusters." in [text.get_text() for text in empty.axes[0].texts]


def test_a_line_is_wide_where_somebody_follows_and_narrow_at_who_is_followed() -> None:
    corners = tapered(np.array([[[0.0, 0.0], [0.5, 0.0], [1.0, 0.0]]]), 0.1)[0]
    at = {x: np.ptp(corners[corners[:, 0] == x][:, 1]) for x in (0.0, 0.5, 1.0)}
    assert at[0.0] > 5 * at[1.0] > 0
    assert at[0.0] > at[0.5] > at[1.0]
    still = np.array([[[0.3, 0.3], [0.3, 0.3]]])
    assert np.isfinite(tapered(still, 0.1)).all()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("One is short. Another one is much longer than the line.", "One is short."),
        ("Both. Fit.", "Both. Fit."),
        ("Red velvet, gold chains, and a very long clause that never ends", "Red velvet, gold chains, …"),
        ("Unendingwordwithoutaplacetocut " * 3, "Unendingwordwithoutaplacetocut …"),
    ],
)
def test_a_description_ends_with_a_sentence_or_a_clause(text: str, said: str) -> None:
    assert " ".join(whole_sentences(text, 34, 1)) == said


def test_two_frames_that_show_the_same_are_one() -> None:
    dark, light = np.zeros((8, 4, 3), np.uint8), np.full((8, 4, 3), 200, np.uint8)
    assert [one.mean() for one in telling_frames([light, dark, dark + 3])] == [200, 0]
    assert [one.mean() for one in telling_frames([dark + 3, dark, dark + 5])] == [0]
    assert len(telling_frames([dark])) == 1
