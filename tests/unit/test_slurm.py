"""Left-over jobs: which are this study's, and what happens where SLURM does not answer (a real one: tests/cluster)."""

from __future__ import annotations

import pytest

from common import slurm
from common.program import UserError
from common.slurm import end_left_over_jobs, jobs_of


@pytest.fixture
def queue(tmp_path, monkeypatch):
    """SLURM's two commands, which read and empty a file; returns the file."""
    file, programs = tmp_path / "queue", tmp_path / "bin"
    programs.mkdir()
    scripts = {"squeue": f"cat {file}", "scancel": f'echo "$@" >> {tmp_path}/cancelled; : > {file}'}
    for name, text in scripts.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    return file


def test_only_this_studys_jobs_of_snakemake_are_left_over(queue, tmp_path):
    study = tmp_path / "my | study"
    lines = [f"7|rule_describe_reels_wildcards_0|{study}", f"8|rule_all|{tmp_path}", f"9|(null)|{study}", "10||/"]
    queue.write_text("\n".join(lines) + "\n")
    assert jobs_of(study, on_slurm=True) == {"7": "rule_describe_reels_wildcards_0"}
    end_left_over_jobs(study, on_slurm=True)
    assert (tmp_path / "cancelled").read_text() == "7\n"
    assert jobs_of(study, on_slurm=True) == {}


def test_where_nothing_is_left_over_nothing_is_cancelled(queue, tmp_path):
    queue.write_text("")
    end_left_over_jobs(tmp_path, on_slurm=True)
    assert not (tmp_path / "cancelled").exists()


def test_jobs_that_do_not_end_stop_the_run(queue, tmp_path, monkeypatch):
    (tmp_path / "bin/scancel").write_text("#!/bin/sh\n")
    monkeypatch.setattr(slurm, "ENDING_S", 0.2)
    monkeypatch.setattr(slurm, "POLL_S", 0.05)
    queue.write_text(f"7|rule_x|{tmp_path}\n")
    with pytest.raises(UserError, match=r"do not end: 7\. .*squeue --me"):
        end_left_over_jobs(tmp_path, on_slurm=True)


def test_a_slurm_that_does_not_answer_stops_a_run_on_it_and_no_other(queue, tmp_path):
    # There is no file: cat fails and says so.
    with pytest.raises(UserError, match="No such file"):
        end_left_over_jobs(tmp_path, on_slurm=True)
    end_left_over_jobs(tmp_path, on_slurm=False)


def test_a_machine_without_slurm_has_no_left_over_jobs(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    end_left_over_jobs(tmp_path, on_slurm=False)
    with pytest.raises(UserError, match="squeue"):
        end_left_over_jobs(tmp_path, on_slurm=True)
