"""Answers of models on this machine: tiny models of the real classes, through the code that runs the real ones."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import tiny_models
from asking import ask, frames, load, reels, texts
from common.program import UserError
from common.states import ReelError
from generation.pictures import fit_square
from generation.requests import Answer, Request


@pytest.fixture(scope="module")
def llava(tmp_path_factory) -> Path:
    return tiny_models.llava_next_video(tmp_path_factory.mktemp("llava"))


@pytest.fixture(scope="module")
def llama(tmp_path_factory) -> Path:
    return tiny_models.llama(tmp_path_factory.mktemp("llama"))


@pytest.mark.parametrize("temperature", [0.0, 1.0], ids=["greedy", "sampled"])
def test_a_batch_gives_token_for_token_what_each_alone_gives(llava: Path, temperature: float) -> None:
    requests = reels(3, 3, 3, 2, 3, 5)
    alone = ask(load(llava, temperature=temperature), requests)
    together = ask(load(llava, temperature=temperature, batch_size=4), requests[::-1])
    assert together == alone
    assert len({answer.text for answer in alone.values()}) == len(requests), "random weights that look at the frames"


def test_a_language_model_in_batches(llama: Path) -> None:
    requests = texts(1, 9, 4, 30, 2)
    assert ask(load(llama, batch_size=5), requests) == ask(load(llama), requests)


def test_sampling_has_a_seed_and_each_reel_its_own(llava: Path) -> None:
    (request,) = reels(3)
    greedy, first = ask(load(llava), [request]), ask(load(llava, temperature=1.0, seed=1), [request])
    assert ask(load(llava, temperature=1.0, seed=1), [request]) == first
    assert ask(load(llava, temperature=1.0, seed=2), [request]) != first != greedy
    assert ask(load(llava, temperature=1.0, seed=1), [replace(request, seed=9)]) != first
    assert ask(load(llava, temperature=1e-4, seed=1), [request]) == greedy


@pytest.mark.parametrize(("quantization", "layer"), [("nf4", "Linear4bit"), ("int8", "Linear8bitLt")])
def test_weights_in_fewer_bits(llava: Path, quantization: str, layer: str) -> None:
    generator = load(llava, quantization=quantization, dtype="bfloat16", batch_size=2, quantize_vision=True)
    layers = [module for module in generator.model.modules() if type(module).__name__ == layer]
    assert len(layers) > 20
    if quantization == "nf4":
        assert all(module.weight.quant_state.nested for module in layers), "double quantisation"
        assert {module.weight.quant_state.quant_type for module in layers} == {"nf4"}
    answers = ask(generator, reels(3, 3))
    assert all(isinstance(answer, Answer) and answer.text for answer in answers.values())
    assert generator.facts["quantization"] == quantization


def test_frames_are_thinned_first_and_then_the_context_is_shortened(llava: Path) -> None:
    small = Request("small", "Describe: {context}.", "warm light", frames(6), 6)
    many = Request("many", "Describe: {context}.", "warm light", frames(60), 60)
    long = Request("long", "Describe: {context}.", "warm light " * 200, frames(60), 60)
    huge = Request("huge", "Describe this. " * 60, "", frames(3), 3)
    generator = load(llava, context_tokens=200)
    answers = ask(generator, [small, many, long, huge])
    assert answers["small"].pictures == (0, 1, 2, 3, 4, 5)
    shown = answers["many"].pictures
    assert 4 < len(shown) < 60
    assert shown[0] == 0
    assert shown[-1] == 59
    assert max(np.diff(shown)) - min(np.diff(shown)) <= 1, "spread evenly"
    assert answers["many"].context_words == 2, "the context is whole"
    assert 200 - 16 - 8 < answers["many"].input_tokens <= 200 - 16, "as many as fit"
    assert len(answers["long"].pictures) == 4
    assert 0 < answers["long"].context_words < 400
    assert answers["long"].input_tokens <= 200 - 16
    assert isinstance(answers["huge"], ReelError)
    assert answers["huge"].reason == "refused"


@pytest.mark.parametrize("kind", ["llava_next_video", "llava_next", "llava_onevision", "qwen2_5_vl"])
def test_other_models_of_pictures_and_video(kind: str, tmp_path: Path) -> None:
    folder = getattr(tiny_models, kind)(tmp_path / kind)
    requests = reels(4, 3, 4, 1, 4)
    generator = load(folder, batch_size=3)
    assert ask(generator, requests) == ask(load(folder), requests), "in batches as alone"
    assert generator.facts["frames_as"] == ("images" if kind == "llava_next" else "video")
    for request in requests:
        plan = generator._plan(request)
        assert generator._prepare([plan]).inputs["input_ids"].shape[1] == plan.tokens, "planned as it is"


def test_a_batch_that_is_too_large_is_halved_and_nothing_is_lost(llava: Path, monkeypatch) -> None:
    requests = reels(*[3] * 7, 2, 2)
    expected = ask(load(llava), requests)
    generator = load(llava, batch_size=8)
    generate, sizes = generator.model.generate, []

    def with_little_memory(**inputs):
        sizes.append(len(inputs["input_ids"]))
        if sizes[-1] > 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return generate(**inputs)

    monkeypatch.setattr(generator.model, "generate", with_little_memory)
    assert ask(generator, requests) == expected
    assert sizes[:3] == [7, 3, 1], "halved"


def test_memory_that_pytorch_keeps_from_the_batch_before_counts_as_free(llava: Path, monkeypatch) -> None:
    generator = load(llava, batch_size=1000)
    generator.device = "cuda"
    megabyte, kept = 1 << 20, 0
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (40 * megabyte - kept, 80 * megabyte))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda: 5 * megabyte + kept)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda: 5 * megabyte)
    first = generator._fitting(500)
    kept = 35 * megabyte
    assert generator._fitting(500) == first > 1


def test_one_that_does_not_fit_alone_fails_alone(llava: Path, monkeypatch) -> None:
    requests = reels(3, 5, 3)
    generator = load(llava, batch_size=8)
    generate = generator.model.generate

    def with_little_memory(**inputs):
        if inputs["pixel_values_videos"].shape[1] > 3:
            raise RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory")
        return generate(**inputs)

    monkeypatch.setattr(generator.model, "generate", with_little_memory)
    answers = ask(generator, requests)
    assert answers["reel 1"].reason == "out_of_memory"
    assert isinstance(answers["reel 0"], Answer)
    assert isinstance(answers["reel 2"], Answer)


def test_other_errors_are_not_taken_for_a_lack_of_memory(llava: Path, monkeypatch) -> None:
    generator = load(llava)

    def broken(**_):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(generator.model, "generate", broken)
    with pytest.raises(RuntimeError, match="mat1"):
        ask(generator, reels(2))


def test_frames_that_cannot_be_read_fail_alone(llava: Path) -> None:
    def torn():
        raise ReelError("corrupt", "frames.zip")

    requests = reels(3, 3, 3)
    requests[1] = replace(requests[1], pictures=torn)
    answers = ask(load(llava, batch_size=3), requests)
    assert answers["reel 1"].reason == "corrupt"
    assert answers["reel 0"] == ask(load(llava), reels(3))["reel 0"]


def test_a_caption_with_the_model_s_own_signs_is_text(llava: Path, llama: Path) -> None:
    signs = ("see <video> and <image>", "the end</s> of it")
    asked = [Request(said, "Describe: {context}.", said, frames(4), 4) for said in (*signs, "plain")]
    answers = ask(load(llava, batch_size=3, max_new_tokens=2), asked)
    assert all(isinstance(answer, Answer) for answer in answers.values())
    plan = load(llama)._plan(Request("a", "Shorten: {context}", "the end</s> of it"))
    assert plan.text == "Shorten: the end‹ /s› of it"
    assert plan.context_words == 4


def test_an_answer_ends_where_the_model_ends_it(llava: Path, tmp_path: Path) -> None:
    requests = reels(3, 2)
    generator = load(llava)
    whole = ask(generator, requests[:1])["reel 0"]
    assert not whole.complete
    assert whole.output_tokens == 16
    tokens = generator.tokenizer(whole.text, add_special_tokens=False)["input_ids"]
    shutil.copytree(llava, tmp_path / "ends")
    settings = tmp_path / "ends" / "generation_config.json"
    settings.write_text(settings.read_text().replace('"eos_token_id": 2', f'"eos_token_id": [2, {tokens[6]}]'))
    ended = ask(load(tmp_path / "ends", batch_size=2), requests)["reel 0"]
    assert ended.complete
    assert ended.output_tokens <= 7
    assert whole.text.startswith(ended.text)


def test_an_answer_without_a_word_is_none(llava: Path, monkeypatch) -> None:
    generator = load(llava)
    monkeypatch.setattr(
        generator.model,
        "generate",
        lambda **inputs: torch.cat([inputs["input_ids"], torch.tensor([[2, 0, 0]])], dim=1),
    )
    assert ask(generator, reels(2))["reel 0"].reason == "empty_answer"


def test_letterbox_keeps_what_a_crop_loses() -> None:
    frame = Image.new("RGB", (90, 160), "gray")
    frame.paste("red", (0, 0, 90, 20))
    whole, centre = (np.asarray(fit_square(frame, fit, 160)).astype(int) for fit in ("letterbox", "crop"))
    assert whole.shape == centre.shape == (160, 160, 3)
    assert (whole[5, 80] == [255, 0, 0]).all()
    assert (whole[:, :30] == 0).all()
    assert (whole[:, -30:] == 0).all()
    assert (centre == 128).all(), "the top is lost: 44 % of the height are"
    assert fit_square(frame, "none", 160) is frame, "for models of native resolution, here and behind an endpoint"
    landscape = np.asarray(fit_square(frame.rotate(90, expand=True), "letterbox", 160))
    assert (landscape[:30] == 0).all()


def test_the_fit_changes_what_the_model_sees(llava: Path) -> None:
    noise = np.random.default_rng(3)
    tall = [Image.fromarray(noise.integers(0, 255, (160, 90, 3), dtype=np.uint8))] * 2
    request = Request("tall", "Describe.", "", lambda: tall, 2)
    generators = [load(llava, fit=fit) for fit in ("letterbox", "crop")]
    seen = [one._prepare([one._plan(request)]).inputs["pixel_values_videos"] for one in generators]
    assert not torch.allclose(*seen)
    assert [one.facts["fit"] for one in generators] == ["letterbox", "crop"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"attention": "flash_attention_2"}, "flash_attention_2: .* or choose sdpa"),
        ({"device": "cuda"}, "PyTorch sees no GPU"),
    ],
)
@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is there")
def test_what_is_not_there_is_said_and_never_replaced(llava: Path, settings: dict, said: str) -> None:
    with pytest.raises(UserError, match=said):
        load(llava, **settings)


def test_the_attention_that_was_chosen_is_recorded(llava: Path) -> None:
    assert load(llava).facts["attention"] == "sdpa"
    eager = load(llava, attention="eager")
    assert eager.facts["attention"] == "eager"
    assert eager.model.config._attn_implementation == "eager"


def test_a_model_that_cannot_answer_is_refused(llama: Path, tmp_path: Path) -> None:
    shutil.copytree(llama, tmp_path / "base")
    (tmp_path / "base" / "chat_template.jinja").unlink()
    with pytest.raises(UserError, match="no chat template"):
        load(tmp_path / "base")


def test_pickled_weights_are_refused(llama: Path, tmp_path: Path) -> None:
    shutil.copytree(llama, tmp_path / "pickled")
    (tmp_path / "pickled" / "model.safetensors").unlink()
    torch.save(load(llama).model.state_dict(), tmp_path / "pickled" / "pytorch_model.bin")
    with pytest.raises(UserError, match="cannot be loaded"):
        load(tmp_path / "pickled")
