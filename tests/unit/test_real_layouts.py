"""Models in the file layouts of their repositories, with their settings: loading, times, precision, quantisation."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import real_layouts
from asking import load
from common.program import UserError
from generation import weights
from generation.local import LocalGenerator
from generation.requests import Answer, Request

KINDS = ["llava_next_video", "llava_onevision", "qwen2_5_vl", "qwen3_vl", "internvl3", "smolvlm2"]
# Of a video of a minute.
TIMES = {1: (30.0,), 3: (0.5, 10.4, 59.0), 4: (0.5, 19.9, 40.0, 59.5)}


@pytest.fixture(scope="module")
def layout(tmp_path_factory) -> Callable[[str], Path]:
    """The folder of a model, made when it is first asked for."""
    folder = tmp_path_factory.mktemp("layouts")

    def make(kind: str) -> Path:
        return folder / kind if (folder / kind).exists() else getattr(real_layouts, kind)(folder / kind)

    return make


@pytest.fixture(autouse=True)
def spelled_numbers(monkeypatch) -> None:
    """SmolVLM writes "six frames" by the package num2words, which the lock does not have; here it writes "6 frames"."""
    from transformers.models.smolvlm import processing_smolvlm

    monkeypatch.setattr(processing_smolvlm, "num2words", str)


def reel(number: int, seed: int = 0) -> Request:
    noise = np.random.default_rng(seed)
    shown = [Image.fromarray(noise.integers(0, 255, (160, 90, 3), dtype=np.uint8)) for _ in range(number)]
    words = "warm light " * (2 * seed)
    return Request(
        f"reel {seed}", "Describe: {context}", words, lambda: shown, number, seed, TIMES[number], 60.0, (90, 160)
    )


def tensors(generator: LocalGenerator, request: Request):
    return generator._prepare([generator._plan(request)]).inputs


def told(generator: LocalGenerator, request: Request) -> str:
    return generator.tokenizer.decode(tensors(generator, request)["input_ids"][0])


@pytest.mark.parametrize("kind", KINDS)
def test_models_as_their_repositories_have_them_answer_in_batches_as_alone(layout, kind: str) -> None:
    requests = [reel(3, 1), reel(1, 2), reel(4, 3), reel(3, 4), reel(1, 5)]
    generator = load(layout(kind), max_new_tokens=8)
    for request in requests:
        plan = generator._plan(request)
        assert generator._prepare([plan]).inputs["input_ids"].shape[1] == plan.tokens, "planned as it is"
    alone = {request.name: answer for request, answer in generator.generate(requests)}
    assert all(isinstance(answer, Answer) and answer.text for answer in alone.values())
    generator.batch_size = 3
    assert {request.name: answer for request, answer in generator.generate(requests)} == alone


def test_llava_of_before_november_2025_is_prepared_as_the_one_after(layout, tmp_path: Path) -> None:
    old = load(layout("llava_next_video"))
    shutil.copytree(layout("llava_next_video"), tmp_path / "new")
    real_layouts.llava_next_video(tmp_path / "new", old=False, weights=False)
    new = load(tmp_path / "new")
    for number in (1, 4):
        first, second = (tensors(one, reel(number)) for one in (old, new))
        assert first.keys() == second.keys()
        assert all(torch.equal(first[name], second[name]) for name in first)
    added = [old.input.tokens_of_pictures(reel(4), tuple(range(n))) for n in (1, 4)]
    assert added == [143, 575], "144 each; the prompt has a place for one already"
    prompt = re.sub("(<video>)+", "<video>", told(old, reel(4)))
    assert prompt == "<s> USER: <video>\nDescribe: ASSISTANT:"


def test_files_that_only_a_newer_layout_explains_are_named(layout, tmp_path: Path, monkeypatch) -> None:
    import transformers

    def without_end(*_, **__):
        return without_end()

    monkeypatch.setattr(transformers.AutoProcessor, "from_pretrained", without_end)
    with pytest.raises(UserError, match=r"Add the file video_preprocessor_config\.json"):
        load(layout("llava_next_video"))


# --- times ----------------------------------------------------------------------------------------------------------


def test_qwen2_5_is_told_the_true_distance_of_frames(layout) -> None:
    generator = load(layout("qwen2_5_vl"))
    inputs = tensors(generator, reel(4))
    assert inputs["second_per_grid_ts"].tolist() == [30.0], "four frames, in pairs, of 60 s"
    names = ("input_ids", "attention_mask", "video_grid_thw", "second_per_grid_ts", "mm_token_type_ids")
    positions, _ = generator.model.model.get_rope_index(**{name: inputs[name] for name in names})
    places = positions[0, 0][inputs["input_ids"][0] == generator.model.config.video_token_id]
    pairs = places.reshape(2, -1)
    assert (pairs[1] - pairs[0] == 60).all(), "two positions a second"


def test_qwen3_reads_the_times_of_frames_in_the_prompt(layout) -> None:
    generator = load(layout("qwen3_vl"))
    assert re.findall(r"<([\d.]+) seconds>", told(generator, reel(4))) == ["10.2", "49.8"]
    assert re.findall(r"<([\d.]+) seconds>", told(generator, reel(1))) == ["30.0"]


def test_smolvlm_reads_the_times_of_frames_in_the_prompt(layout) -> None:
    said = told(load(layout("smolvlm2")), reel(4))
    assert "series of 4 frames from a 0:01:00 [H:MM:SS] video" in said
    assert re.findall(r"Frame from (\d\d:\d\d)", said) == ["00:00", "00:19", "00:40", "00:59"]


def test_frames_that_were_thinned_keep_their_times(layout) -> None:
    generator = load(layout("qwen3_vl"))
    many = replace(
        reel(4), n_pictures=8, times=tuple(7.5 * n for n in range(8)), pictures=lambda: reel(4).pictures() * 2
    )
    plan = generator._plan(many, most=4)
    assert plan.pictures == (0, 2, 5, 7)
    said = generator.tokenizer.decode(generator._prepare([plan]).inputs["input_ids"][0])
    assert re.findall(r"<([\d.]+) seconds>", said) == ["7.5", "45.0"]


def test_models_of_native_resolution_are_shown_frames_without_bars(layout) -> None:
    whole, squares = (load(layout("qwen3_vl"), fit=fit) for fit in ("none", "letterbox"))
    grids = [tensors(one, reel(4))["video_grid_thw"][0].tolist() for one in (whole, squares)]
    assert grids == [[2, 10, 6], [2, 42, 42]], "90 x 160 pixels as they are, in patches of 16; and a square"
    plan = whole._plan(reel(4))
    assert whole._prepare([plan]).inputs["input_ids"].shape[1] == plan.tokens, "planned in the frames' own size"
    assert whole.facts["fit"] == "none"


# --- precision ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "dtype"), [("llava_next_video", "float16"), ("qwen2_5_vl", "bfloat16"), ("qwen3_vl", "bfloat16")]
)
def test_the_precision_is_that_of_the_model_and_float16_that_of_the_first_study(layout, kind: str, dtype: str) -> None:
    generator = load(layout(kind), dtype="auto")
    assert generator.facts["dtype"] == dtype
    assert generator.model.dtype == getattr(torch, dtype)


def test_without_bfloat16_on_the_gpu_auto_computes_in_float32_and_never_in_float16(layout, monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (7, 5))
    config = weights.read_config(layout("qwen2_5_vl"))
    assert weights.resolve_dtype("auto", config, "cuda") == "float32"
    assert weights.resolve_dtype("auto", weights.read_config(layout("llava_next_video")), "cuda") == "float16"
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (8, 0))
    assert weights.resolve_dtype("auto", config, "cuda") == "bfloat16"


@pytest.mark.parametrize("quantization", ["nf4", "int8"])
@pytest.mark.parametrize("kind", ["llava_next_video", "qwen3_vl"])
def test_what_makes_tokens_of_frames_stays_as_it_is(layout, kind: str, quantization: str) -> None:
    generator = load(layout(kind), quantization=quantization, dtype="bfloat16")
    assert generator.facts["quantized"] == ["language_model"]
    assert type(generator.model.lm_head).__name__ == "Linear"
    ((_, answer),) = generator.generate([reel(3)])
    assert isinstance(answer, Answer)


def test_the_first_study_s_way_quantises_all_but_the_last_layer(layout) -> None:
    generator = load(layout("llava_next_video"), quantization="nf4", dtype="float16", quantize_vision=True)
    assert generator.facts["quantized"] == ["language_model", "multi_modal_projector", "vision_tower"]
    assert type(generator.model.lm_head).__name__ == "Linear"


def test_a_card_with_room_gets_the_weights_as_they_are(layout, monkeypatch) -> None:
    from transformers import AutoModelForImageTextToText

    skeleton = weights.without_numbers(AutoModelForImageTextToText, weights.read_config(layout("llava_next_video")))
    size = 2 * sum(weight.numel() for weight in skeleton.parameters())
    chosen = {}
    for share in (0.6, 0.7):
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda share=share: (0, int(size / share)))
        chosen[share] = weights.resolve_quantization("auto", skeleton, "float16", "cuda")
    assert chosen == {0.6: "none", 0.7: "nf4"}
    assert weights.resolve_quantization("auto", skeleton, "float32", "cpu") == "none"


@pytest.mark.parametrize(
    ("rope", "factor", "window"),
    [({"factor": 2.5, "type": "linear"}, 2.5, 8192), ({"factor": 1.5, "rope_type": "linear"}, 1.5, 6144)],
)
def test_rope_is_recorded_and_lengthens_the_window(
    layout, tmp_path: Path, rope: dict, factor: float, window: int
) -> None:
    shutil.copytree(layout("llava_next_video"), tmp_path / "model")
    real_layouts.llava_next_video(tmp_path / "model", rope=rope, weights=False)
    generator = load(tmp_path / "model")
    assert generator.facts["rope"]["rope_type"] == "linear"
    assert generator.facts["rope"]["factor"] == factor
    assert generator.limit == window
    assert generator.model.model.language_model.rotary_emb.inv_freq[0] == pytest.approx(1 / factor)


# --- whole models only ----------------------------------------------------------------------------------------------


def without(folder: Path, target: Path, gone: str, new: str | None = None) -> Path:
    """A copy of a model in several files, one of whose tensors is not there, or is called otherwise."""
    from safetensors import safe_open
    from safetensors.torch import save_file

    shutil.copytree(folder, target)
    index = target / "model.safetensors.index.json"
    places = json.loads(index.read_text())["weight_map"]
    file = target / places.pop(gone)
    with safe_open(file, framework="pt") as found:
        held = {name: found.get_tensor(name) for name in found.keys()}  # noqa: SIM118 (no dictionary)
    tensor = held.pop(gone)
    if new:
        held[new], places[new] = tensor, file.name
    save_file(held, file, metadata={"format": "pt"})
    index.write_text(json.dumps({"metadata": {}, "weight_map": places}))
    return target


def test_a_model_that_lacks_tensors_does_not_answer(layout, tmp_path: Path) -> None:
    gone = "language_model.model.layers.1.mlp.up_proj.weight"
    folder = without(layout("llava_next_video"), tmp_path / "model", gone)
    with pytest.raises(
        UserError, match=r"missing from the files: model\.language_model\.layers\.1\.mlp\.up_proj\.weight"
    ):
        load(folder)
    with pytest.raises(UserError, match="random numbers"):
        load(folder, quantization="nf4", dtype="float16")


def test_a_model_with_tensors_of_another_one_does_not_answer(layout, tmp_path: Path) -> None:
    gone = "visual.blocks.0.attn.proj.weight"
    folder = without(layout("qwen2_5_vl"), tmp_path / "model", gone, "visual.blocks.0.attn.projection.weight")
    with pytest.raises(
        UserError, match=r"attn\.proj\.weight; tensors in the files, but not in the model: .*projection"
    ):
        load(folder)
