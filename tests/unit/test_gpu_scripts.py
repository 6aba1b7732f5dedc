"""The programs that check and measure a GPU, all small and on the CPU: what they find on a GPU is not tested."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from types import SimpleNamespace

from study import CHECKOUT


def tiny(program: str, folder, *options: str) -> tuple[str, dict]:
    command = [sys.executable, str(CHECKOUT / "tests/gpu" / f"{program}.py"), "--tiny", "--work", str(folder), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, json.loads((folder / f"{program}.json").read_text())


def test_a_gpu_can_be_checked_and_measured(tmp_path) -> None:
    _, found = tiny("check", tmp_path)
    assert found["none float32: batches"]["largest_difference_over_spread"] < 0.001
    assert found["none float32: lack of memory"]["answered"] == 6
    assert {"attention", "pictures", "speech"} < found.keys()
    stand_in = shlex.join([sys.executable, str(CHECKOUT / "tests/fake_vllm.py")])
    said, found = tiny("bench", tmp_path, "--vllm", stand_in)
    assert found["weights"] == {"made": "before"}, "both use the same"
    assert found["none float32: 2"]["reels"] == 2
    assert found["vLLM"]["vllm"] == "0.33.0"
    assert "| none float32 | 2 | " in said
    assert "these numbers say nothing" in said


def test_a_part_that_fails_or_has_no_time_is_named_and_ends_with_an_error(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.syspath_prepend(CHECKOUT / "tests/gpu")
    from parts import Parts

    def breaks() -> None:
        raise MemoryError("no room")

    parts = Parts(SimpleNamespace(seconds=10.0, tiny=False, out=tmp_path / "found.json"))
    assert parts.run("quick", 1, lambda: {"s": 1}) == {"s": 1}
    assert parts.status() == 0
    assert parts.run("breaks", 1, breaks) is None
    assert parts.run("long", 100, breaks) is None
    assert parts.status() == 1
    assert capsys.readouterr().out.endswith("failed: breaks\nleft out, for want of time: long\n")
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["quick"] == {"s": 1}
    assert found["breaks"] == "FAILED MemoryError: no room"
