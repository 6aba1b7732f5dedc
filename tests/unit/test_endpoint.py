"""Answers behind an OpenAI-compatible endpoint: one that misbehaves, and `transformers serve` with tiny models."""

from __future__ import annotations

import base64
import io
import json
import logging
import os
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

import describe_reels
import tiny_models
from common.config import DescriptionSection, EndpointSection
from common.program import UserError
from common.prompts import read_prompt
from common.states import FAILED, ReelError
from fake_endpoint import KEY, Endpoint, breaks, says
from generation.endpoint import EndpointGenerator
from generation.requests import Answer, Request


@pytest.fixture
def endpoint(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    made = Endpoint()
    yield made
    made.close()


def generator(endpoint: Endpoint, send: str = "images", fit: str = "letterbox", **settings) -> EndpointGenerator:
    section = EndpointSection(**{"url": endpoint.url, "model": "tiny", "attempts": 2, "timeout_s": 60.0, **settings})
    return EndpointGenerator(section, max_new_tokens=32, temperature=0.0, seed=3, send=send, fit=fit)


def request(name: str = "a", frames: int = 0, context: str = "warm light") -> Request:
    shown = [Image.new("RGB", (90, 160), (10 * number, 0, 0)) for number in range(frames)]
    times = tuple(0.5 + 2.25 * number for number in range(frames))
    return Request(
        name, "Describe: {context}.", context, (lambda: shown) if frames else None, frames, times=times, duration=60.0
    )


def ask(made: EndpointGenerator, *requests: Request) -> dict[str, Answer | ReelError]:
    return {asked.name: answer for asked, answer in made.generate(requests or [request()])}


def test_a_text_is_asked_and_answered(endpoint: Endpoint) -> None:
    made = generator(endpoint, price_per_1m_input_tokens=1_000_000.0, price_per_1m_output_tokens=2_000_000.0)
    answer = ask(made)["a"]
    assert answer == Answer("A quiet street.", True, (), 2, 3, 10, 23.0)
    (body,) = endpoint.asked
    assert body["messages"] == [{"role": "user", "content": "Describe: warm light."}]
    assert (body["model"], body["max_tokens"], body["temperature"], body["seed"]) == ("tiny", 32, 0.0, 3)
    assert endpoint.keys == {f"Bearer {KEY}"}


def test_frames_are_sent_in_order_as_squares(endpoint: Endpoint) -> None:
    ask(generator(endpoint), request(frames=3))
    *pictures, text = endpoint.asked[0]["messages"][0]["content"]
    assert text == {"type": "text", "text": "Describe: warm light."}
    decoded = [
        Image.open(io.BytesIO(base64.b64decode(part["image_url"]["url"].removeprefix("data:image/jpeg;base64,"))))
        for part in pictures
    ]
    assert [image.size for image in decoded] == [(672, 672)] * 3
    assert [round(image.getpixel((336, 336))[0], -1) for image in decoded] == [0, 10, 20]
    assert decoded[2].getpixel((5, 336))[0] < 4, "bars beside the frame"


def test_frames_are_sent_as_one_video(endpoint: Endpoint) -> None:
    ask(generator(endpoint, send="video", fit="crop"), request(frames=4))
    video, _ = endpoint.asked[0]["messages"][0]["content"]
    assert video["type"] == "video_url"
    kind, frames = video["video_url"]["url"].split(",", 1)
    assert kind == "data:video/jpeg;base64"
    assert len(frames.split(",")) == 4


@pytest.mark.parametrize(
    "fault",
    [says(429, Retry_After="0"), says(500), says(503), breaks],
    ids=["429", "500", "503", "breaks off"],
)
def test_what_passes_is_tried_again(endpoint: Endpoint, fault) -> None:
    endpoint.faults.append(fault)
    assert ask(generator(endpoint))["a"].text == "A quiet street."
    assert len(endpoint.asked) == 2


@pytest.mark.parametrize(
    ("fault", "reason", "attempts"),
    [
        (says(429, Retry_After="0"), "throttled", 2),
        (says(429, {"error": {"message": "x", "code": "insufficient_quota"}}, Retry_After="0"), "quota", 2),
        (says(502), "unavailable", 2),
        (says(401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}), "unauthorized", 1),
        (says(403), "unauthorized", 1),
        (says(402), "quota", 1),
        (says(400, {"error": {"message": "no pictures here"}}), "refused", 1),
        (says(200, {"choices": []}), "changed_format", 1),
        (says(200, {"choices": None, "usage": []}), "changed_format", 1),
        (says(200, {"choices": [None]}), "changed_format", 1),
        (says(200, {"choices": [{"message": None}]}), "changed_format", 1),
        (says(200, {"choices": [{"message": {"content": 7}}]}), "changed_format", 1),
        (says(200, {"choices": [{"message": {"content": [7]}}]}), "changed_format", 1),
        (says(200, {"choices": [{"message": {"content": None}}]}), "empty_answer", 1),
        (says(200, {"choices": [{"message": {"content": []}, "finish_reason": None}]}), "empty_answer", 1),
        (says(200, b"[" * 100_000), "changed_format", 1),
        (says(200, b'{"choices": ' + b"[" * 900 + b"]" * 900 + b"}"), "changed_format", 1),
        (says(200, b"null"), "changed_format", 1),
        (says(200, {"choices": [{"finish_reason": "stop", "message": {"content": " "}}]}), "empty_answer", 1),
        (says(200, {"choices": [{"finish_reason": "content_filter", "message": {"content": "A ca"}}]}), "refused", 1),
        (says(302, Location="http://127.0.0.1:9/elsewhere"), "refused", 1),
    ],
)
def test_what_goes_wrong_has_a_reason(endpoint: Endpoint, fault, reason: str, attempts: int) -> None:
    endpoint.faults.extend([fault] * 4)
    problem = ask(generator(endpoint))["a"]
    assert isinstance(problem, ReelError)
    assert problem.reason == reason
    assert KEY not in str(problem)
    assert len(endpoint.asked) == attempts


@pytest.mark.parametrize(
    "usage", [None, [], {}, {"prompt_tokens": None}, {"prompt_tokens": "12", "completion_tokens": -1}]
)
@pytest.mark.parametrize(
    "content", ["A street.", [{"type": "text", "text": "A "}, {"type": "text", "text": "street."}]]
)
def test_optional_parts_of_an_answer_cost_nothing(endpoint: Endpoint, usage, content) -> None:
    endpoint.faults.append(says(200, {"choices": [{"message": {"content": content}}], "usage": usage}))
    answer = ask(generator(endpoint))["a"]
    assert (answer.text, answer.complete) == ("A street.", True)
    assert len(endpoint.asked) == 1


def test_without_a_model_nothing_is_asked() -> None:
    with pytest.raises(UserError, match=r"endpoint\.model: give the id"):
        EndpointGenerator(EndpointSection(), max_new_tokens=5)


def test_no_answer_in_time(endpoint: Endpoint) -> None:
    endpoint.delay = 1.0
    assert ask(generator(endpoint, timeout_s=0.2, attempts=1))["a"].reason == "unavailable"


def test_after_a_refused_key_nothing_more_is_asked(endpoint: Endpoint) -> None:
    endpoint.faults.append(says(401))
    answers = ask(generator(endpoint, connections=1), *(request(str(number)) for number in range(20)))
    assert {answer.reason for answer in answers.values()} == {"unauthorized"}
    assert len(endpoint.asked) == 1


def test_a_request_that_the_server_stumbles_over_does_not_stop_the_others(endpoint: Endpoint) -> None:
    endpoint.faults.extend([says(500), None, says(500), says(500), None])
    made = generator(endpoint, connections=1, attempts=1)
    answers = ask(made, *(request(str(number)) for number in range(6)))
    assert [isinstance(answers[str(number)], Answer) for number in range(6)] == [False, True, False, False, True, True]


def test_a_server_that_answers_nobody_is_not_asked_for_ever(endpoint: Endpoint) -> None:
    endpoint.faults.extend([says(503)] * 20)
    answers = ask(generator(endpoint, connections=1, attempts=1), *(request(str(number)) for number in range(20)))
    assert {answer.reason for answer in answers.values()} == {"unavailable"}
    assert len(endpoint.asked) == 3


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    section = EndpointSection(url=url, model="tiny", attempts=1, connections=1)
    made = EndpointGenerator(section, max_new_tokens=8)
    answers = ask(made, request("a"), request("b"))
    assert {answer.reason for answer in answers.values()} == {"unavailable"}


def test_too_long_a_prompt_has_fewer_frames_first_and_then_less_context(endpoint: Endpoint) -> None:
    endpoint.context_tokens = 450
    answer = ask(generator(endpoint), request(frames=16, context="warm light " * 20))["a"]
    assert answer.pictures == (0, 5, 10, 15)
    assert answer.context_words == 40
    sent = [len(body["messages"][0]["content"]) - 1 for body in endpoint.asked]
    assert sent == [16, 15, 13, 9, 4], "one frame fewer, then two, four, ... more"
    answer = ask(generator(endpoint), request(frames=2, context="warm light " * 400))["a"]
    assert answer.pictures == (0, 1)
    assert answer.context_words == 200
    endpoint.context_tokens = 1
    assert ask(generator(endpoint))["a"].reason == "refused"


@pytest.mark.parametrize(
    "said",
    [
        "request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it",  # llama.cpp
        "prompt is too long: 5000 tokens > 4096 maximum",
        "This model's maximum context length is 8192 tokens. However, you requested 256 output tokens and your prompt "
        "contains at least 7937 input tokens, for a total of at least 8193 tokens.",  # vLLM
    ],
)
def test_servers_say_in_their_own_words_that_a_prompt_is_too_long(endpoint: Endpoint, said: str) -> None:
    endpoint.faults.append(says(400, {"error": {"message": said}}))
    assert len(ask(generator(endpoint), request(frames=16))["a"].pictures) == 15


def test_a_prompt_that_is_a_little_too_long_loses_one_frame(endpoint: Endpoint) -> None:
    endpoint.context_tokens = 2380
    assert len(ask(generator(endpoint, send="video"), request(frames=24))["a"].pictures) == 23


def test_frames_of_a_video_have_their_times(endpoint: Endpoint) -> None:
    endpoint.context_tokens = 450
    ask(generator(endpoint, send="video"), request(frames=5))
    first, second = (body["media_io_kwargs"]["video"] for body in endpoint.asked)
    assert first["frames_indices"] == [500, 2750, 5000, 7250, 9500]
    assert second == {
        "fps": 1000.0, "num_frames": 4, "frames_indices": [500, 2750, 7250, 9500], "total_num_frames": 60_000,
        "duration": 60.0,
    }  # fmt: skip
    ask(generator(endpoint), request(frames=2))
    assert "media_io_kwargs" not in endpoint.asked[-1], "pictures have no times"


def test_further_fields_are_sent_and_null_leaves_one_out(endpoint: Endpoint) -> None:
    extra = {"max_tokens": None, "max_completion_tokens": 1024, "temperature": None, "seed": None,
             "chat_template_kwargs": {"enable_thinking": False}, "media_io_kwargs": None}  # fmt: skip
    made = generator(endpoint, send="video", extra=extra)
    ask(made, request(frames=2))
    (body,) = endpoint.asked
    assert body.keys() == {"model", "messages", "max_completion_tokens", "chat_template_kwargs"}
    assert body["max_completion_tokens"] == 1024
    assert body["chat_template_kwargs"] == {"enable_thinking": False}
    assert made.facts["extra"] == extra


def test_further_fields_cannot_change_what_is_asked() -> None:
    with pytest.raises(ValueError, match="extra: messages, model: set by the program itself"):
        EndpointSection(extra={"model": "b", "messages": []})


def test_further_fields_are_part_of_the_result_and_none_are_as_before() -> None:
    plain = EndpointSection(model="a").result_settings()
    assert plain == {"model": "a"}
    assert EndpointSection(model="a", extra={"top_p": 0.9}).result_settings() == plain | {"extra": {"top_p": 0.9}}


def test_thoughts_are_no_description(endpoint: Endpoint) -> None:
    endpoint.answers = lambda _: "<think>\nA street? A lane.\n</think>\n\nA quiet street."
    assert ask(generator(endpoint))["a"].text == "A quiet street."
    endpoint.answers = lambda _: "<think>\nThe user wants a description..."
    problem = ask(generator(endpoint))["a"]
    assert (problem.reason, problem.detail) == ("empty_answer", "thoughts only, ended with length")


@pytest.mark.parametrize("send", ["images", "video"])
@pytest.mark.parametrize("frames", [4, 6, 24])
def test_an_answer_to_frames_that_the_server_left_out_is_refused(endpoint: Endpoint, send: str, frames: int) -> None:
    prompt = read_prompt(None)
    asked = replace(request(frames=frames), prompt=prompt)
    # Tokenizers make some four tokens of three English words.
    words = len(asked.text().split())
    usage = {"prompt_tokens": round(words * 4 / 3), "completion_tokens": 5}
    endpoint.faults.append(says(200, {"choices": [{"message": {"content": "A dark room."}}], "usage": usage}))
    problem = ask(generator(endpoint, send=send), asked)["a"]
    assert isinstance(problem, ReelError), "no frame was shown"
    assert problem.reason == "prompt_cut"
    assert f"{frames} frames with the text take {words + 32 * frames} or more" in problem.detail
    assert FAILED["prompt_cut"].transient, "asked again once the server is another"
    assert isinstance(ask(generator(endpoint, send=send), asked)["a"], Answer)


def test_a_model_of_few_tokens_a_frame_can_be_asked(endpoint: Endpoint) -> None:
    endpoint.tokens_per_frame = 11
    assert ask(generator(endpoint), request(frames=6))["a"].reason == "prompt_cut"
    assert isinstance(ask(generator(endpoint, tokens_per_frame=10), request(frames=6))["a"], Answer)
    endpoint.tokens_per_frame = 0
    assert isinstance(ask(generator(endpoint, tokens_per_frame=0), request(frames=6))["a"], Answer)


def test_a_server_that_counts_no_tokens_is_named_once(endpoint: Endpoint, caplog) -> None:
    endpoint.faults.extend([says(200, {"choices": [{"message": {"content": "A street."}}]})] * 3)
    ask(generator(endpoint), request("a", 2), request("b", 2), request("c", 2))
    assert caplog.text.count("does not count the tokens of a prompt") == 1


OLLAMAS = [{"name": "other:latest", "context_length": 262_144}, {"name": "tiny:latest", "context_length": 4096}]


@pytest.mark.parametrize(("context", "cut"), [(4096, True), (32_768, False)])
def test_ollama_cuts_what_is_longer_than_its_context(endpoint: Endpoint, context: int, cut: bool) -> None:
    endpoint.fingerprint, endpoint.tokens_per_frame, endpoint.cuts = "fp_ollama", 576, True
    endpoint.context_tokens = context
    endpoint.loaded = {"models": [OLLAMAS[0], OLLAMAS[1] | {"context_length": context}]}
    answer = ask(generator(endpoint), request(frames=24))["a"]
    if cut:
        assert answer.reason == "prompt_cut"
        assert "context of 4096 tokens" in answer.detail
        assert "OLLAMA_CONTEXT_LENGTH=32768 ollama serve" in answer.detail
    else:
        assert answer.pictures == tuple(range(24))


def test_an_ollama_is_asked_for_its_context_without_a_password_of_netrc(
    endpoint: Endpoint, tmp_path, monkeypatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ada password canary\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    endpoint.fingerprint = "fp_ollama"
    endpoint.loaded = {"models": [OLLAMAS[1] | {"context_length": 32_768}]}
    assert isinstance(ask(generator(endpoint), request(frames=2))["a"], Answer)
    assert endpoint.looked == [("/api/ps", None)]


@pytest.mark.parametrize("loaded", [{"models": []}, {"models": [{"name": "tiny"}]}, [], None, "?"])
def test_an_ollama_that_does_not_tell_its_context_is_named(endpoint: Endpoint, loaded, caplog) -> None:
    endpoint.fingerprint, endpoint.loaded = "fp_ollama", loaded
    assert isinstance(ask(generator(endpoint), request(frames=2))["a"], Answer)
    assert "Ollama does not say how long its context is" in caplog.text


def test_the_log_counts_what_was_paid_for_answers_of_no_use_and_before(endpoint: Endpoint, caplog) -> None:
    caplog.set_level(logging.INFO, "atlas")
    made = generator(endpoint, price_per_1m_input_tokens=1_000_000.0)
    endpoint.answers = lambda _: " "
    assert ask(made)["a"].reason == "empty_answer"
    endpoint.answers = lambda _: "A quiet street."
    ask(made)
    assert "so far 3 tokens in, 10 out, 3.00 USD" in caplog.text
    assert "so far 6 tokens in, 20 out, 6.00 USD" in caplog.text


def test_an_answer_that_was_cut_off_is_marked(endpoint: Endpoint) -> None:
    endpoint.answers = lambda _: "A quiet..."
    assert not ask(generator(endpoint))["a"].complete


def test_so_many_requests_are_under_way(endpoint: Endpoint) -> None:
    endpoint.delay = 0.1
    answers = ask(generator(endpoint, connections=4), *(request(str(number)) for number in range(12)))
    assert len(answers) == 12
    assert endpoint.most == 4


def test_a_study_that_does_not_name_the_model_is_told_so() -> None:
    from common.config import ConfigError, parse_config

    with pytest.raises(ConfigError, match=r"description\.endpoint\.model, the id .* http://there/v1/models"):
        parse_config({"description": {"backend": "openai", "endpoint": {"url": "http://there/v1"}}}, "study.yaml")


def test_the_model_id_is_part_of_the_result_and_the_address_is_not() -> None:
    def key(**endpoint: str) -> dict:
        settings = DescriptionSection(backend="openai", endpoint=EndpointSection(**endpoint))
        return describe_reels.STAGE.made_from(settings, [], {"frames": FRAMES})

    assert key(model="a", url="http://here/v1") == key(model="a", url="http://there/v1")
    assert key(model="a") != key(model="b")
    settings = DescriptionSection(backend="openai", endpoint=EndpointSection(model="a"))
    assert "endpoint a" in describe_reels.STAGE.producer(settings, [])


class FRAMES:
    sha256 = "00"


# --- a real server --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """`transformers serve` with a tiny language model and a tiny model of pictures."""
    folder = tmp_path_factory.mktemp("served")
    models = {"text": tiny_models.llama(folder / "text"), "pictures": tiny_models.llava_next(folder / "pictures")}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("transformers")
    command = [
        str(program),
        "serve",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--device",
        "cpu",
        "--dtype",
        "float32",
    ]
    offline = {**os.environ, "HF_HUB_OFFLINE": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=offline) as server:
        try:
            url = f"http://127.0.0.1:{port}"
            for _ in range(300):
                try:
                    urllib.request.urlopen(f"{url}/health", timeout=1).read()
                    break
                except OSError:
                    assert server.poll() is None, server.stdout.read()
                    time.sleep(0.2)
            yield f"{url}/v1", models
        finally:
            server.terminate()
            server.wait(20)


@pytest.mark.parametrize(("kind", "frames"), [("text", 0), ("pictures", 2)])
def test_a_real_server(served, kind: str, frames: int) -> None:
    url, models = served
    section = EndpointSection(url=url, model=str(models[kind]), attempts=1, connections=2)
    made = EndpointGenerator(section, max_new_tokens=8)
    answers = ask(made, request("one", frames), request("two", frames, context="neon streets at night"))
    for answer in answers.values():
        assert isinstance(answer, Answer), answer
        assert answer.text
        assert len(answer.pictures) == frames
    again = ask(made, request("one", frames))
    assert again["one"].text == answers["one"].text, "greedy"
    json.dumps(made.facts)
