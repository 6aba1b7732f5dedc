"""Left-over jobs: which are this study's, and what happens where SLURM does not answer (a real one: tests/cluster)."""

from __future__ import annotations

import pytest

from common.program import UserError
from snakefile import slurm
from snakefile.slurm import end_left_over_jobs

SQUEUE = """import sys
(names,) = [word.removeprefix("--name=").split(",") for word in sys.argv if word.startswith("--name=")]
for line in open("{file}"):
    name, row = line.split(" ", 1)
    if name in names:
        print(row, end="")
"""


@pytest.fixture
def queue(tmp_path, monkeypatch):
    """SLURM's two commands, which read and empty a file of jobs, each after its name; returns the file."""
    file, programs = tmp_path / "queue", tmp_path / "bin"
    programs.mkdir()
    scripts = {
        "squeue": "#!/usr/bin/env python3\n" + SQUEUE.format(file=file),
        "scancel": f'#!/bin/sh\necho "$@" >> {tmp_path}/cancelled; : > {file}\n',
    }
    for name, text in scripts.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    return file


def test_only_jobs_of_this_studys_earlier_runs_are_ended(queue, tmp_path):
    queue.write_text("atlas_a 7|rule_describe_reels_wildcards_0\natlas_b 8|rule_x\nother 9|rule_x\n")
    end_left_over_jobs(tmp_path, "atlas_a")
    assert not (tmp_path / "cancelled").exists()  # nothing is known of a study's first run
    end_left_over_jobs(tmp_path, "atlas_c")
    assert (tmp_path / "cancelled").read_text() == "7\n"
    assert (tmp_path / "slurm_runs").read_text() == "atlas_c\n"


def test_a_run_on_this_machine_ends_them_too(queue, tmp_path):
    end_left_over_jobs(tmp_path, "atlas_a")
    queue.write_text("atlas_a 7|rule_x\n")
    end_left_over_jobs(tmp_path, None)
    assert (tmp_path / "cancelled").read_text() == "7\n"


def test_jobs_that_do_not_end_stop_the_run(queue, tmp_path, monkeypatch):
    (tmp_path / "bin/scancel").write_text("#!/bin/sh\n")
    monkeypatch.setattr(slurm, "ENDING_S", 0.2)
    monkeypatch.setattr(slurm, "POLL_S", 0.05)
    end_left_over_jobs(tmp_path, "atlas_a")
    queue.write_text("atlas_a 7|rule_x\n")
    with pytest.raises(UserError, match=r"do not end: 7\. .*squeue --me"):
        end_left_over_jobs(tmp_path, "atlas_b")
    assert (tmp_path / "slurm_runs").read_text() == "atlas_a\n"


def test_a_slurm_that_does_not_answer_stops_a_run_on_it_and_no_other(queue, tmp_path):
    end_left_over_jobs(tmp_path, "atlas_a")  # there is no file: the next squeue fails
    with pytest.raises(UserError, match="No such file"):
        end_left_over_jobs(tmp_path, "atlas_b")
    end_left_over_jobs(tmp_path, None)
    assert (tmp_path / "slurm_runs").read_text() == "atlas_a\n"  # still to be asked about
    queue.write_text("atlas_a 7|rule_x\n")
    end_left_over_jobs(tmp_path, "atlas_c")
    assert (tmp_path / "cancelled").read_text() == "7\n"


def test_a_study_copied_to_a_machine_without_slurm_runs_there(tmp_path, monkeypatch):
    (tmp_path / "slurm_runs").write_text("atlas_a\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    end_left_over_jobs(tmp_path, None)
    with pytest.raises(UserError, match="squeue"):
        end_left_over_jobs(tmp_path, "atlas_b")
