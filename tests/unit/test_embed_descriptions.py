"""Embeddings of pictures and of both: tiny models of the real classes, through the program of the rule."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import embed_descriptions
import tiny_models
import why
from common.config import ConfigError, EmbeddingSection, parse_config
from common.files import file_sha256, read_lines
from common.manifest import Row, read_reels, write_manifest
from common.models import open_model, write_marker
from common.program import UserError
from common.stages import embeddings, folders, programs

FOLDER = Path("results/embedding")


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for name, make in (("tiny-clip", tiny_models.clip), ("tiny-siglip", tiny_models.siglip)):
        make(folder / name)
        facts = {
            path.name: {"sha256": file_sha256(path), "size": path.stat().st_size}
            for path in sorted((folder / name).iterdir())
        }
        write_marker(folder / f"{name}.json", name, "test", "random", facts)
    return folder


def embedder(weights: Path, name: str, **settings) -> embed_descriptions.FrameEmbedder:
    section = EmbeddingSection(modality="image", image_model=name, **settings)
    return embed_descriptions.FrameEmbedder(open_model(weights / f"{name}.json", weights), section)


def pictures(number: int, seed: int = 0, size: tuple[int, int] = (64, 36)) -> list[Image.Image]:
    noise = np.random.default_rng(seed)
    return [Image.fromarray(noise.integers(0, 255, (*size, 3), dtype=np.uint8)) for _ in range(number)]


@pytest.mark.parametrize("name", ["tiny-clip", "tiny-siglip"])
def test_a_reel_is_the_mean_of_its_frames_unit_embeddings(weights, name):
    model = embedder(weights, name)
    frames = pictures(5)
    together = model.encode(frames)
    alone = np.stack([model.encode([frame]) for frame in frames]).astype(np.float64)
    assert together.dtype == np.float32
    assert np.allclose(np.linalg.norm(alone, axis=1), 1, atol=1e-6)
    assert np.linalg.norm(together) == pytest.approx(1, abs=1e-6)
    mean = alone.mean(axis=0)
    assert np.linalg.norm(mean) < 0.9999, "frames that are all alike would test nothing"
    np.testing.assert_allclose(together, mean / np.linalg.norm(mean), atol=1e-6)
    np.testing.assert_allclose(model.encode(frames[::-1]), together, atol=1e-6)


@pytest.mark.parametrize("name", ["tiny-clip", "tiny-siglip"])
def test_a_frame_is_what_the_models_own_processor_makes_of_its_square(weights, name):
    import torch
    from transformers import AutoImageProcessor, AutoModel

    square = pictures(1, size=(32, 32))
    pixels = AutoImageProcessor.from_pretrained(weights / name)(images=square, return_tensors="pt")
    with torch.inference_mode():
        features = AutoModel.from_pretrained(weights / name).get_image_features(**pixels).pooler_output[0]
    expected = (features / features.norm()).numpy()
    np.testing.assert_allclose(embedder(weights, name).encode(square), expected, atol=1e-6)


def test_crop_sees_the_centre_and_letterbox_the_whole(weights):
    (frame,) = pictures(1)
    centre = frame.crop((0, 14, 36, 50))
    changed = Image.new("RGB", frame.size, "white")
    changed.paste(centre, (0, 14))
    crop, whole = (embedder(weights, "tiny-clip", fit=fit) for fit in ("crop", "letterbox"))
    np.testing.assert_allclose(crop.encode([frame]), crop.encode([changed]), atol=0.02)
    assert np.abs(whole.encode([frame]) - whole.encode([changed])).max() > 0.05


@pytest.mark.parametrize("name", ["tiny-clip", "tiny-siglip"])
def test_bfloat16_is_close_to_float32_and_not_the_same(weights, name):
    frames = pictures(6)
    exact, rounded = (embedder(weights, name, precision=precision).encode(frames) for precision in PRECISIONS)
    assert rounded.dtype == np.float32
    assert not np.array_equal(exact, rounded)
    assert exact @ rounded >= 0.999


def test_a_gpu_that_is_not_there_is_said(weights, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    section = EmbeddingSection(modality="image", image_model="tiny-clip", device="cuda")
    with pytest.raises(UserError, match=r"embedding\.device: cuda: PyTorch sees no GPU here"):
        embed_descriptions.open_core(section, [open_model(weights / "tiny-clip.json", weights)])


PRECISIONS = ("float32", "bfloat16")


@pytest.fixture
def study(tmp_path, monkeypatch):
    """Frames of five reels: three whole, one with a broken JPEG, one whose video was not there."""
    monkeypatch.chdir(tmp_path)
    rows = []
    for number in range(4):
        path = Path(f"results/frames/0/reel{number}.zip")
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w") as packed:
            for n, picture in enumerate(pictures(number + 2, seed=number)):
                data = io.BytesIO()
                picture.save(data, "JPEG")
                content = data.getvalue()[:200] if (number, n) == (3, 1) else data.getvalue()
                packed.writestr(f"{n:02d}.jpg", content)
            packed.writestr(
                "frames.json", json.dumps({"frames": [{"file": f"{n:02d}.jpg"} for n in range(number + 2)]})
            )
        rows.append(Row("ada", f"reel{number}", "frames", "ok", path=str(path), sha256=file_sha256(path)))
    rows.append(Row("ada", "reel4", "frames", "failed", "no_input", "video: gone"))
    write_manifest(rows, Path("results/frames/0.parquet"))
    return tmp_path


def embed(modality: str, *options: str) -> dict[str, Row]:
    manifest = FOLDER / modality / "0.parquet"
    outputs = [f"--manifest={manifest}", f"--journal=results/journal/embedding/{modality}/0.jsonl", "--workers=2"]
    arguments = embed_descriptions.parse([f"--modality={modality}", *outputs, "--store=store", *options])
    embed_descriptions.main(arguments)
    return read_reels(manifest, "embedding")


def embed_frames(weights: Path, *options: str) -> dict[str, Row]:
    model = ["--image-model=tiny-clip", f"--weights={weights}/tiny-clip.json", f"--models={weights}"]
    return embed("image", "--frames=results/frames/0.parquet", *model, *options)


def test_a_broken_frame_fails_its_reel_alone(study, weights):
    rows = embed_frames(weights)
    assert {reel: (row.state, row.reason) for reel, row in rows.items()} == {
        "reel0": ("ok", None), "reel1": ("ok", None), "reel2": ("ok", None), "reel3": ("failed", "corrupt"),
        "reel4": ("failed", "no_input"),
    }  # fmt: skip
    assert "reel3.zip" in rows["reel3"].detail
    assert rows["reel4"].detail == "video: gone"
    assert "tiny-clip@" in rows["reel0"].producer
    for number in range(3):
        vector = np.load(rows[f"reel{number}"].path)
        assert vector.shape == (48,)
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


def test_a_file_that_is_no_zip_fails_its_reel_alone(study, weights):
    Path("results/frames/0/reel1.zip").write_bytes(b"PK no zip")
    rows = embed_frames(weights)
    assert (rows["reel1"].state, rows["reel1"].reason) == ("failed", "corrupt")
    assert rows["reel0"].state == rows["reel2"].state == "ok"


def test_results_are_kept_by_what_they_depend_on(study, weights):
    first = embed_frames(weights)

    def cached(rows: dict[str, Row]) -> list[bool]:
        journal = read_lines(Path("results/journal/embedding/image/0.jsonl"))
        return [line["cached"] for line in journal[-4:] if line["reel_id"] in rows]

    # The rows' name, the text model and the imports of texts do not matter; precision, fit and model do.
    Path("imports.jsonl").write_text(json.dumps({"stage": "embedding", "reel_id": "reel0", "key": "0" * 64}) + "\n")
    again = embed_frames(weights, "--rows=embedding/image", "--model=other", "--imports=imports.jsonl")
    assert cached(again) == [True] * 4
    assert [row.sha256 for row in again.values()] == [row.sha256 for row in first.values()]
    assert {row.stage for row in again.values()} == {"embedding/image"}
    assert {row.stage for row in first.values()} == {"embedding"}
    for option in ("--precision=bfloat16", "--fit=letterbox"):
        changed = embed_frames(weights, option)
        assert cached(changed) == [False] * 4, option
        assert changed["reel0"].sha256 != first["reel0"].sha256, option


def write_texts() -> Path:
    """Embeddings of texts: all at right angles; the third reel has none."""
    rows = []
    for number, reason in enumerate([None, None, "no_text", None, None]):
        path = FOLDER / "text/0" / f"reel{number}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, np.eye(7, dtype=np.float32)[number])
        made = {"path": str(path), "sha256": file_sha256(path)} if reason is None else {"reason": reason}
        rows.append(Row("ada", f"reel{number}", "embedding", "failed" if reason else "ok", **made))
    write_manifest(rows, FOLDER / "text/0.parquet")
    return FOLDER / "text/0.parquet"


def test_text_and_image_count_the_same_and_need_both(study, weights):
    pictured = embed_frames(weights, "--rows=embedding/image")
    write_texts()
    manifests = [f"--{name}={FOLDER}/{name}/0.parquet" for name in ("text", "image")]
    both = embed("text+image", *manifests, "--rows=embedding/text+image")
    assert [row.state for row in both.values()] == ["ok", "ok", "failed", "failed", "failed"]
    assert both["reel2"].detail == "embedding: no_text"
    assert both["reel3"].detail == "embedding/image: corrupt"
    assert both["reel4"].detail == "video: gone"
    vectors = [np.load(both[f"reel{number}"].path) for number in range(2)]
    parts = [np.load(pictured[f"reel{number}"].path) for number in range(2)]
    for vector, text, image in zip(vectors, np.eye(7)[:2], parts, strict=True):
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)
        np.testing.assert_allclose(vector, np.concatenate([text, image]) / np.sqrt(2), atol=1e-7)
    # The similarity of two reels is the mean of theirs by text (here 0) and by image.
    assert vectors[0] @ vectors[1] == pytest.approx(parts[0] @ parts[1] / 2, abs=1e-6)


def test_why_knows_each_modality(study, weights, capsys):
    embed_frames(weights, "--rows=embedding/image")
    embed("text+image", f"--text={write_texts()}", f"--image={FOLDER}/image/0.parquet")
    Path("study.yaml").write_text(
        "{embedding: {modality: text+image, image_model: tiny-clip, model: tiny-clip}, "
        f"models: {{directory: {weights}}}, store: {{directory: store}}}}"
    )
    Path("results/models").mkdir()
    Path("results/models/tiny-clip.json").write_bytes((weights / "tiny-clip.json").read_bytes())

    def said(reel: str) -> dict[str, str]:
        why.main(why.parse([reel, "--configfile=study.yaml"]))
        return dict(part.split(": ", 1) for part in capsys.readouterr().out.split("\n\n")[1:])

    about = said("reel0")
    assert about["embedding"].startswith("ok by embed_descriptions")
    assert "if run now: nothing changes" in about["embedding"]
    assert about["embedding/image"].startswith("ok by embed_descriptions 1; tiny-clip@")
    assert "if run now: nothing changes" in about["embedding/image"]
    assert "embedding/image/0/reel0.npy" in about["embedding/image"]
    assert "nothing can be made: stage image has no file" in said("reel3")["embedding"]
    Path("study.yaml").write_text(Path("study.yaml").read_text().replace("modality", "fit: letterbox, modality"))
    assert "settings.fit changes from crop to letterbox" in said("reel0")["embedding/image"]
    assert "if run now: nothing changes" in said("reel0")["embedding"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--modality=image"], "needs --frames"),
        (["--modality=text+image", "--text=x"], "needs --image"),
        (["--modality=[text, image]"], "one at a time"),
        (["--modality=image", "--frames=x", "--weights"], "no marker of clip-vit-base-patch32"),
    ],
)
def test_what_is_missing_is_named(tmp_path, options, message):
    with pytest.raises(UserError, match=message):
        embed_descriptions.main(embed_descriptions.parse(["--manifest", str(tmp_path / "0.parquet"), *options]))


def test_imagebind_without_its_package_says_how_to_get_it_and_its_licence(weights):
    marker = weights / "imagebind.json"
    write_marker(marker, "imagebind", "test", "none", {})
    section = EmbeddingSection(modality="image", image_model="imagebind")
    with pytest.raises(UserError, match=r"CC-BY-NC 4\.0.*pip install.*facebookresearch/ImageBind"):
        embed_descriptions.open_core(section, [open_model(marker, weights)])


def test_a_model_without_embeddings_of_pictures_is_refused(tmp_path):
    tiny_models.llama(tmp_path / "llama")
    write_marker(tmp_path / "llama.json", "llama", "test", "none", {})
    with pytest.raises(UserError, match="llama has no embedding of pictures"):
        embed_descriptions.FrameEmbedder(open_model(tmp_path / "llama.json", tmp_path), EmbeddingSection())


@pytest.mark.parametrize(
    ("modality", "stages", "weights"),
    [
        ("text", {"embedding": "embedding/text"}, ["t"]),
        ("image", {"embedding": "embedding/image"}, ["i"]),
        (["image", "text"], {"embedding": "embedding/image", "embedding/text": "embedding/text"}, ["t", "i"]),
        (
            "text+image",
            {
                "embedding": "embedding/text+image",
                "embedding/text": "embedding/text",
                "embedding/image": "embedding/image",
            },
            ["t", "i"],
        ),
    ],
)
def test_the_chosen_modality_is_the_stage_and_the_others_stand_beside_it(modality, stages, weights):
    config = parse_config({"embedding": {"modality": modality, "model": "t", "image_model": "i"}}, "x")
    assert embeddings(config) == stages
    assert config.embedding.weights == weights
    assert list(programs(config)) == list(folders(config))
    assert list(programs(config))[-len(stages) :] == list(stages)


@pytest.mark.parametrize("modality", [[], ["text", "text"], ["text", "sound"]])
def test_modalities_are_named_once_each(modality):
    with pytest.raises(ConfigError, match=r"embedding\.modality"):
        parse_config({"embedding": {"modality": modality}}, "x")
