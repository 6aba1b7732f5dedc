"""Batches of answers where memory runs out: what is tried again, and how many go together afterwards."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import asking
import tiny_models
from asking import ask, load
from generation.memory import Allowance, bytes_per_token, is_out_of_memory
from generation.requests import Answer, Request


@pytest.fixture(scope="module")
def llava(tmp_path_factory) -> Path:
    return tiny_models.llava_next_video(tmp_path_factory.mktemp("llava"), window=2048)


def reels(*numbers: int) -> list[Request]:
    """Questions about reels with so many frames each, and the same few words."""
    return [replace(request, context="warm light") for request in asking.reels(*numbers)]


def with_room_for(frames: int, generator, said: str = "CUDA out of memory. Tried to allocate 2 GiB") -> list:
    """Let a model fail with more frames together; notes each attempt: reels, frames of each."""
    generate, attempts = generator.model.generate, []

    def with_little_memory(**inputs):
        number, each = inputs["pixel_values_videos"].shape[:2]
        attempts.append((number, each))
        if number * each > frames:
            raise torch.OutOfMemoryError(said) if said.startswith("CUDA out") else RuntimeError(said)
        return generate(**inputs)

    generator.model.generate = with_little_memory
    return attempts


def test_a_lack_of_memory_with_long_reels_does_not_limit_the_short_ones(llava: Path) -> None:
    requests = reels(*[24] * 8, *[6] * 16)
    generator = load(llava, batch_size=16, max_new_tokens=2)
    attempts = with_room_for(48, generator)
    answers = ask(generator, requests)
    assert all(isinstance(answer, Answer) for answer in answers.values())
    assert attempts[:6] == [(8, 24), (4, 24), *[(2, 24)] * 4], "halved, in the same order"
    assert attempts[6][1] == 6
    assert attempts[6][0] > 4, "as many short ones as the tokens allow"


def test_after_a_lack_of_memory_batches_grow_again(llava: Path) -> None:
    generator = load(llava, batch_size=8, max_new_tokens=2)
    attempts = with_room_for(18, generator)
    ask(generator, reels(*[3] * 40))
    assert attempts[0] == (8, 3)
    sizes = [number for number, _ in attempts[1:]]
    assert sizes[0] == 4
    assert 5 in sizes or 6 in sizes
    assert sizes.count(8) == 0, "what failed is not tried at once again"


def test_an_allowance_grows_slowly_and_never_stops_growing() -> None:
    allowance = Allowance()
    allowance.lacked(1000)
    assert allowance.most == 500
    allowance.sufficed(100)
    assert allowance.most == 500, "a small batch says nothing"
    for _ in range(12):
        allowance.sufficed(int(allowance.most))
    assert 950 < allowance.most < 1100
    for _ in range(12):
        allowance.sufficed(int(allowance.most))
    assert allowance.most > 1100, "memory may have been short for a while only"


@pytest.mark.parametrize(
    "said",
    [
        "CUDA out of memory. Tried to allocate 2.00 GiB",
        "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory",
        "DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes.",
    ],
)
def test_whatever_a_library_calls_it_a_lack_of_memory_is_one(llava: Path, said: str) -> None:
    generator = load(llava, batch_size=4, max_new_tokens=2)
    attempts = with_room_for(6, generator, said)
    assert all(isinstance(answer, Answer) for answer in ask(generator, reels(3, 3, 3, 3)).values())
    assert attempts[0] == (4, 3)
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


def test_a_reel_that_does_not_fit_alone_is_shown_with_fewer_frames(llava: Path) -> None:
    generator = load(llava, batch_size=4, max_new_tokens=2)
    attempts = with_room_for(8, generator)
    answers = ask(generator, reels(24, 4, 24))
    assert [len(answers[f"reel {n}"].pictures) for n in range(3)] == [6, 4, 6]
    assert answers["reel 0"].pictures[0] == 0
    assert answers["reel 0"].pictures[-1] == 23, "spread over the whole reel"
    assert {each for _, each in attempts} == {24, 12, 6, 4}


def test_the_plan_takes_nine_tenths_of_the_free_memory(llava: Path, monkeypatch) -> None:
    generator = load(llava, batch_size=1000)
    generator.device = "cuda"
    each = bytes_per_token(generator.model.config.get_text_config(), 4)
    layers, heads, width, wide, hidden = 2, 4, 16, 128, 64
    assert each == 4 * (2 * layers * heads * width + 3 * wide + 6 * hidden)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (100 * each * 500, 0))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda: 0)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda: 0)
    assert generator._fitting(500) == 90


def test_room_for_keys_and_values_taken_once_changes_no_answer(llava: Path, monkeypatch) -> None:
    requests = reels(3, 5, 3, 2)
    static = ask(load(llava, batch_size=2), requests)
    generator = load(llava, batch_size=2)
    monkeypatch.setattr(generator, "_room_for_keys", lambda _: {})
    assert ask(generator, requests) == static
    assert type(load(llava)._room_for_keys(10)["past_key_values"]).__name__ == "StaticCache"


def test_frames_are_decoded_in_as_many_threads_as_there_are(llava: Path) -> None:
    together = threading.Barrier(3, timeout=120)
    requests = [
        replace(request, pictures=lambda given=request.pictures: (together.wait(), given())[1])
        for request in reels(3, 3, 3)
    ]
    answers = ask(load(llava, batch_size=3, threads=3, max_new_tokens=2), requests)
    assert all(isinstance(answer, Answer) for answer in answers.values())
