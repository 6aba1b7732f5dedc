"""The stage runner: nothing is computed twice, failures stay with their reel, manifests have the same bytes."""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import signal
import threading
import time
import traceback
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import Field

from common.batch import run_stage, stage_parser
from common.config import Section, execution
from common.files import file_sha256, read_lines
from common.isolation import in_threads, run_isolated
from common.manifest import Row, file_stem, read_manifest, write_manifest
from common.models import Model
from common.options import read_section
from common.own_folder import MARKER
from common.parquet import build_table, write_table
from common.program import UserError
from common.stage import Stage, Work
from common.states import OK, Outcome, ReelError
from common.tables import CREATORS

STAGE = Stage("shout", "shout_texts", "1", ".txt", inputs=("text",), optional=("mood",))


class ShoutSection(Section):
    """Texts in capitals."""

    mark: str = Field("!", description="Put after each text.")
    timeout_s: float = execution(5.0, "Seconds one text may take.", gt=0)


def shout(work, settings):
    """The core: a text that begins with `fail:` or `skip:` names the reason."""
    text = work.needed("text").read_text()
    if text.startswith("fail:"):
        work.artifact(".txt").write_text("half")
        raise ReelError(text.removeprefix("fail:"), "as the text says")
    if text.startswith("skip:"):
        return Outcome("skipped", text.removeprefix("skip:"))
    if text == "crash":
        raise ZeroDivisionError("nobody expected this")
    mood = work.input("mood")
    work.artifact(".json").write_text(json.dumps({"length": len(text)}))
    work.artifact(".txt").write_text(text.upper() + settings.mark + (mood.read_text() if mood else ""))
    return OK


class Study:
    """A study's directory with two earlier stages, `text` and `mood`, whose results a test decides."""

    def __init__(self):
        self.computed: list[str] = []
        self.rows: dict[str, dict[str, Row]] = {"text": {}, "mood": {}}

    def reel(self, reel_id: str, text: str | None, mood: str | None = None, creator: str = "ada") -> None:
        self.give("text", reel_id, text, creator, Row(creator, reel_id, "text", "failed", "corrupt", "no end"))
        self.give("mood", reel_id, mood, creator, Row(creator, reel_id, "mood", "skipped", "no_audio"))

    def give(self, stage: str, reel_id: str, content: str | None, creator: str, otherwise: Row) -> None:
        if content is None:
            self.rows[stage][reel_id] = otherwise
            return
        path = Path("results") / stage / "0" / f"{file_stem(reel_id)}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        self.rows[stage][reel_id] = Row(creator, reel_id, stage, "ok", path=str(path), sha256=file_sha256(path))

    def run(self, *options: str, stage: Stage = STAGE, models: tuple[Model, ...] = (), compute=None) -> dict[str, Row]:
        for name, rows in self.rows.items():
            write_manifest(list(rows.values()), Path(f"results/{name}/0.parquet"))
        inputs = [f"--{name}=results/{name}/0.parquet" for name in (*stage.inputs, *stage.optional)]
        outputs = [
            "--manifest",
            f"results/{stage.name}/0.parquet",
            "--journal",
            f"results/journal/{stage.name}/0.jsonl",
        ]
        arguments = stage_parser(stage, ShoutSection, "").parse_args([*inputs, *outputs, *options])
        settings = read_section(arguments, ShoutSection)
        self.computed = []

        def default(works):
            self.computed += [work.reel_id for work in works]
            return in_threads(lambda work: shout(work, settings), works, 2)

        run_stage(stage, arguments, settings, compute or default, models)
        return {str(row.reel_id): row for row in read_manifest(arguments.manifest)}

    @property
    def files(self) -> set[str]:
        return {path.name for path in Path("results/shout/0").iterdir()} - {MARKER}

    @property
    def journal(self) -> list[tuple[str, str, bool]]:
        lines = read_lines(Path("results/journal/shout/0.jsonl"))
        return [(line["reel_id"], line["state"], line["cached"]) for line in lines]


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Study()


def test_a_reel_has_a_file_a_row_and_a_line(study):
    study.reel("r1", "hello", mood=" :)")
    row = study.run()["r1"]
    assert row == Row(
        "ada",
        "r1",
        "shout",
        "ok",
        path="results/shout/0/r1.txt",
        sha256=file_sha256(row.file()),
        producer="shout_texts 1",
    )
    assert row.file().read_text() == "HELLO! :)"
    assert study.files == {"r1.txt", "r1.json"}
    (line,) = read_lines(Path("results/journal/shout/0.jsonl"))
    assert line["stage"] == "shout"
    assert line["batch"] == "0"
    assert line["cached"] is False
    assert line["time"].endswith("+00:00")


def test_what_was_computed_comes_from_the_store_the_next_time(study):
    study.reel("r1", "one")
    study.reel("r2", "two")
    first = study.run()
    assert study.computed == ["r1", "r2"]
    study.reel("r3", "three")
    second = study.run()
    assert study.computed == ["r3"]
    assert {reel: second[reel] for reel in first} == first
    assert sorted(study.journal[:2]) == [("r1", "ok", False), ("r2", "ok", False)]
    assert study.journal[2:] == [("r1", "ok", True), ("r2", "ok", True), ("r3", "ok", False)]


def test_nothing_is_loaded_where_nothing_is_missing(study):
    study.reel("r1", "one")
    study.run()

    def compute(_):
        raise AssertionError("a model would be loaded here")

    assert study.run(compute=compute)["r1"].state == "ok"


def test_results_survive_the_removal_of_all_outputs(study):
    study.reel("r1", "one")
    before = study.run()
    for path in Path("results/shout").rglob("*.*"):
        path.unlink()
    assert study.run() == before
    assert study.computed == []
    assert before["r1"].file().read_text() == "ONE!"


def test_reels_with_the_same_content_share_one_result(study):
    study.reel("r1", "same", creator="ada")
    study.run()
    study.reel("r2", "same", creator="bob")
    assert study.run()["r2"].file().read_text() == "SAME!"
    assert study.computed == []
    owners = {(creator, reel) for line in Path("data/store/index/shout").iterdir() for creator, reel, _ in owned(line)}
    assert owners == {("ada", "r1"), ("bob", "r2")}


def owned(path: Path) -> list[tuple[str, str, str]]:
    return [(line["creator_id"], line["reel_id"], line["key"]) for line in read_lines(path)]


def test_failures_and_skips_of_earlier_stages_are_passed_on(study):
    study.reel("broken", None)
    study.rows["text"]["quiet"] = Row("ada", "quiet", "text", "skipped", "no_speech", "0.1 s")
    study.rows["text"]["late"] = Row("ada", "late", "text", "failed", "no_input", "video: gone")
    study.rows["mood"] |= {reel: Row("ada", reel, "mood", "failed", "timeout") for reel in ("quiet", "late")}
    rows = study.run()
    assert study.computed == []
    assert rows["broken"] == Row("ada", "broken", "shout", "failed", "no_input", "text: corrupt")
    assert rows["late"] == Row("ada", "late", "shout", "failed", "no_input", "video: gone")
    assert (rows["quiet"].state, rows["quiet"].reason, rows["quiet"].detail) == ("skipped", "no_speech", "0.1 s")
    assert json.loads(rows["quiet"].file().read_text())["meaning"] == "nobody speaks"
    assert study.files == {"quiet.json"}


def test_a_skipped_reel_has_a_file_that_says_why(study):
    study.reel("r1", "skip:no_audio")
    row = study.run()["r1"]
    assert (row.state, row.reason, row.path) == ("skipped", "no_audio", "results/shout/0/r1.json")
    assert json.loads(row.file().read_text())["reason"] == "no_audio"
    study.run()
    assert study.computed == []


def test_a_lasting_failure_is_not_tried_again_and_one_that_may_pass_is(study):
    study.reel("r1", "fail:corrupt")
    study.reel("r2", "fail:timeout")
    first = study.run()
    assert [(first[reel].state, first[reel].reason, first[reel].path) for reel in ("r1", "r2")] == [
        ("failed", "corrupt", None),
        ("failed", "timeout", None),
    ]
    assert first["r1"].detail == "as the text says"
    assert study.files == set()
    assert study.run() == first
    assert study.computed == ["r2"]
    assert study.journal[2:] == [("r1", "failed", True), ("r2", "failed", False)]


def test_an_error_that_nobody_expected_stays_with_its_reel(study):
    study.reel("r1", "fine")
    study.reel("r2", "crash")
    study.reel("r3", "fine, too")
    rows = study.run()
    assert [row.state for row in rows.values()] == ["ok", "failed", "ok"]
    assert rows["r2"].reason == "error"
    assert rows["r2"].detail == "ZeroDivisionError: nobody expected this"
    study.run()
    assert study.computed == ["r2"]


def test_an_error_names_the_installation_and_its_traceback_is_logged_once(study, monkeypatch, caplog):
    monkeypatch.setenv("ATLAS_INSTALLATION", "0123456789ab")
    for reel, text in {"r1": "fine", "r2": "crash", "r3": "crash", "r4": "fail:corrupt"}.items():
        study.reel(reel, text)
    rows = study.run()
    assert rows["r2"].producer == "shout_texts 1; installation 0123456789ab"
    assert rows["r4"].producer == "shout_texts 1"
    assert caplog.text.count("Traceback") == 1
    assert "an exception that shout_texts does not handle" in caplog.text
    assert "reel r3: ZeroDivisionError: nobody expected this" in caplog.text


def divide(work: Work) -> Outcome:
    return Outcome("ok", str(len(work.reel_id) / 0))


@pytest.mark.parametrize("in_processes", [True, False])
def test_an_error_of_all_reels_is_the_programs_and_ends_it(study, in_processes):
    for number in range(5):
        study.reel(f"r{number}", "fine")

    def compute(works):
        if in_processes:
            return run_isolated(divide, works, workers=2, timeout_s=60, memory_mb=4096)
        return in_threads(divide, works, 2)

    with pytest.raises(ZeroDivisionError) as caught:
        study.run(compute=compute)
    shown = "".join(traceback.format_exception(caught.value))
    assert "str(len(work.reel_id) / 0)" in shown  # where it happened, in whatever process
    assert not Path("results/shout/0.parquet").exists()
    # A single reel may be what is odd.
    study.rows = {stage: {"r0": rows["r0"]} for stage, rows in study.rows.items()}
    assert study.run(compute=compute)["r0"].reason == "error"


def crash_or_shout(work: Work, crashing: set[str]) -> Outcome:
    if work.reel_id in crashing:
        os.kill(os.getpid(), signal.SIGSEGV)
    work.artifact(".txt").write_text("A SHOUT")
    return OK


def test_a_crash_with_every_reel_of_a_batch_ends_it(study):
    for number in range(3):
        study.reel(f"r{number}", f"text {number}")

    def crashes(*reels: str):
        return lambda works: run_isolated(crash_or_shout, works, set(reels), workers=2, timeout_s=60, memory_mb=4096)

    with pytest.raises(
        UserError, match=r"shout, batch 0: .* each of 3 reels \(exit code -11\).*the same command again"
    ):
        study.run(compute=crashes("r0", "r1", "r2"))
    assert not Path("results/shout/0.parquet").exists()
    # Where another one is fine, or was in an earlier run, the files are odd.
    for _ in range(2):
        rows = study.run(compute=crashes("r0", "r1"))
        assert [rows[reel].reason for reel in sorted(rows)] == ["crashed", "crashed", None]


def test_a_reason_outside_the_vocabulary_is_refused():
    for state, reason in (("failed", "bad_luck"), ("skipped", "corrupt"), ("failed", None), ("ok", "corrupt")):
        with pytest.raises(ValueError, match="vocabulary"):
            Outcome(state, reason)


def test_a_program_that_forgets_a_reel_or_its_file_is_a_defect(study):
    study.reel("r1", "one")
    with pytest.raises(RuntimeError, match="shout_texts gave no outcome for r1"):
        study.run(compute=lambda _: [])
    with pytest.raises(RuntimeError, match="reported reel r1 as ok and wrote no file"):
        study.run(compute=lambda works: [(works[0], OK)])
    assert not Path("results/shout/0.parquet").exists()


def test_the_manifest_has_the_same_bytes_in_whatever_order_results_come(study, tmp_path, monkeypatch):
    reels = [("r2", "b"), ("r1", "a"), ("../r3", "fail:corrupt"), ("-r4", "skip:no_audio"), ("R1", "c")]
    made = []
    for number, order in enumerate((reels, reels[::-1])):
        (tmp_path / str(number)).mkdir()
        monkeypatch.chdir(tmp_path / str(number))
        for reel, text in order:
            study.reel(reel, text)

        def compute(works, turned=number):
            return in_threads(lambda work: shout(work, ShoutSection()), works[:: -1 if turned else 1], 1)

        study.run(compute=compute)
        made.append(Path("results/shout/0.parquet").read_bytes())
        study.run()
        made.append(Path("results/shout/0.parquet").read_bytes())
    assert len(set(made)) == 1
    ids = [row.reel_id for row in read_manifest(Path("results/shout/0.parquet"))]
    assert ids == sorted(ids)


def test_what_a_result_depends_on_makes_it_anew_and_nothing_else_does(study):
    model = Model("large", "main", "0" * 64, Path())
    study.reel("r1", "one", mood=" :)")

    def computed(*options, **rest) -> bool:
        study.run(*options, **rest)
        return study.computed == ["r1"]

    assert computed()
    assert not computed("--timeout-s", "9", "--workers", "7")
    assert computed("--mark", "!!")
    assert computed(stage=replace(STAGE, version="2"))
    assert computed(models=(model,))
    assert not computed(models=(replace(model, revision="v1", folder=Path("elsewhere")),))
    assert computed(models=(replace(model, sha256="1" * 64),))
    study.reel("r1", "other", mood=" :)")
    assert computed()
    study.reel("r1", "other", mood=" :(")
    assert computed()
    study.reel("r1", "other", mood=None)
    assert computed()
    study.rows["mood"]["r1"] = Row("ada", "r1", "mood", "failed", "timeout")
    assert computed()
    study.reel("r1", "one", mood=" :)")
    assert not computed()


def test_a_stage_may_say_itself_what_its_results_depend_on(study):
    by_length = replace(STAGE, depends_on=lambda inputs, _: len(inputs["text"].file().read_text()))
    study.reel("r1", "abc")
    study.run(stage=by_length)
    study.reel("r1", "xyz")
    assert study.run(stage=by_length)["r1"].file().read_text() == "ABC!"
    study.reel("r1", "wxyz")
    assert study.run(stage=by_length)["r1"].file().read_text() == "WXYZ!"


def test_files_of_reels_that_left_the_batch_are_removed(study):
    study.reel("r1", "one")
    study.reel("r2", "two")
    study.run()
    for rows in study.rows.values():
        del rows["r2"]
    assert list(study.run()) == ["r1"]
    assert study.files == {"r1.txt", "r1.json"}
    study.reel("r1", "fail:corrupt")
    study.run()
    assert study.files == set()


def test_reels_with_the_same_content_are_computed_once(study):
    for reel in ("r1", "r2", "r3"):
        study.reel(reel, "one")
    rows = study.run()
    assert study.computed == ["r1"]
    assert {row.sha256 for row in rows.values()} == {rows["r1"].sha256}
    assert study.files == {f"{reel}.{kind}" for reel in rows for kind in ("txt", "json")}
    owners = {(creator, reel) for line in Path("data/store/index/shout").iterdir() for creator, reel, _ in owned(line)}
    assert owners == {("ada", "r1"), ("ada", "r2"), ("ada", "r3")}


def test_a_failure_that_may_pass_is_that_of_all_reels_with_the_same_content(study):
    study.reel("r1", "fail:timeout")
    study.reel("r2", "fail:timeout")
    rows = study.run()
    assert study.computed == ["r1"]
    assert [(row.state, row.reason, row.detail) for row in rows.values()] == [
        ("failed", "timeout", "as the text says")
    ] * 2


class EndpointSection(ShoutSection):
    """Texts in the capitals of a service that is paid for."""

    backend: str = Field("openai", description="Who answers.")


def test_a_core_that_forgets_a_reel_is_told_so_and_nobody_waits_for_it(study):
    study.reel("r1", "one")
    study.reel("r2", "one")
    for name, rows in study.rows.items():
        write_manifest(list(rows.values()), Path(f"results/{name}/0.parquet"))
    options = ["--text=results/text/0.parquet", "--manifest=shout/0.parquet"]
    arguments = stage_parser(STAGE, EndpointSection, "").parse_args(options)
    with pytest.raises(RuntimeError, match="no outcome for r1, r2"):
        run_stage(STAGE, arguments, EndpointSection(), lambda _: iter(()))


@pytest.mark.parametrize("first_fails", [False, True])
def test_two_batches_do_not_pay_for_the_same_answer(study, first_fails):
    """One has `x` and `same`, the other `same` and `y`: while one asks for `same`, the other goes on with its own."""
    asked, started, begun = [], set(), threading.Barrier(2)

    def batch(name: str, *texts: str) -> None:
        rows = []
        for text in texts:
            path = Path(f"{name}-{text}.txt")
            path.write_text(text)
            rows.append(Row("ada", f"{name} {text}", "text", "ok", path=str(path), sha256=file_sha256(path)))
        write_manifest(rows, Path(f"text/{name}.parquet"))
        options = [f"--text=text/{name}.parquet", f"--manifest=shout/{name}.parquet"]
        arguments = stage_parser(STAGE, EndpointSection, "").parse_args(options)

        def ask(works):
            if len(asked) < 2 and name not in started:
                started.add(name)
                begun.wait(60)
            for work in works:
                text = work.needed("text").read_text()
                asked.append((name, text))
                time.sleep(0.2)
                if first_fails and text == "same" and [text for _, text in asked].count("same") == 1:
                    yield work, Outcome("failed", "unavailable", "no answer")
                else:
                    yield work, shout(work, ShoutSection())

        run_stage(STAGE, arguments, EndpointSection(), ask)

    batches = (("a", "same", "x"), ("b", "same", "y"))
    threads = [threading.Thread(target=batch, args=arguments) for arguments in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(text for _, text in asked) == ["same", *(["same"] if first_fails else []), "x", "y"]
    states = [row.state for name in "ab" for row in read_manifest(Path(f"shout/{name}.parquet"))]
    assert states.count("ok") == (3 if first_fails else 4)
    assert not list(Path("data/store/claims").iterdir())


@pytest.mark.parametrize("where", ["the core", "a library without an error number", "half a file", "nobody"])
def test_a_full_disk_ends_the_stage_and_the_same_command_goes_on(study, monkeypatch, where):
    for number in range(4):
        study.reel(f"r{number}", f"text {number}")
    full, usage = [True], shutil.disk_usage

    def core(work):
        study.computed.append(work.reel_id)
        if work.reel_id == "r2" and full[0]:
            if where == "the core":
                Path("/dev/full").write_text("a result")
            monkeypatch.setattr("shutil.disk_usage", lambda _: argparse.Namespace(free=0))
            if where == "half a file":
                raise ReelError("corrupt", "ends early")
            if where == "nobody":
                return shout(work, ShoutSection())
            raise OSError("192 requested and 0 written")
        return shout(work, ShoutSection())

    with pytest.raises(OSError, match="No space left on device"):
        study.run(compute=lambda works: in_threads(core, works, 1))
    assert not Path("results/shout/0.parquet").exists()
    monkeypatch.setattr("shutil.disk_usage", usage)
    full[0] = False
    study.computed.clear()
    rows = study.run(compute=lambda works: in_threads(core, works, 1))
    assert {row.state for row in rows.values()} == {"ok"}
    assert "r0" not in study.computed
    assert "r2" in study.computed


def test_a_listed_file_that_is_gone_is_an_error_that_names_the_remedy(study):
    study.reel("r1", "one")
    study.reel("r2", "two")
    path = Path(str(study.rows["text"]["r2"].path))
    path.unlink()
    with pytest.raises(UserError) as error:
        study.rows["text"]["r2"].file()
    assert str(error.value).startswith(f"{path}: reel r2 of stage text is listed as made")
    assert "python scripts/redo.py --reels r2 --stage text" in str(error.value)


@pytest.mark.parametrize("stage", ["text", "mood"])
@pytest.mark.parametrize("computed", [False, True])
def test_a_stage_ends_where_a_listed_file_is_gone(study, stage, computed):
    study.reel("r1", "one", mood=" :)")
    if computed:
        study.run()
    Path(str(study.rows[stage]["r1"].path)).unlink()
    with pytest.raises(UserError, match=f"reel r1 of stage {stage} is listed as made"):
        study.run()


def test_manifests_of_different_runs_are_refused(study):
    study.reel("r1", "one")
    del study.rows["mood"]["r1"]
    with pytest.raises(UserError, match=r"mood/0.parquet: no row for reel r1.*different runs"):
        study.run()


LINKED = Stage(
    "shout", "shout_texts", "1", ".json", inputs=("text",),
    external=lambda inputs, _store: (Path(inputs["text"].file().read_text()), "f" * 64),
)  # fmt: skip


def link_to(study, original: str) -> Path:
    study.reel("r1", original)

    def compute(works):
        for work in works:
            work.artifact(".json").write_text("{}")
            yield work, OK

    row = study.run(stage=LINKED, compute=compute)["r1"]
    assert row.sha256 == "f" * 64
    assert study.files == {"r1.json", "r1.mp4"}
    return row.file()


def test_a_link_to_a_file_inside_the_study_survives_the_move_of_the_study(study, tmp_path, monkeypatch):
    Path("videos").mkdir()
    Path("videos/a.MP4").write_bytes(b"film")
    for original in ("videos/a.MP4", str(Path("videos/a.MP4").absolute())):
        link = link_to(study, original)
        assert link.readlink() == Path("../../../videos/a.MP4")
    (tmp_path / "moved").mkdir()
    for name in ("videos", "results"):
        Path(name).rename(tmp_path / "moved" / name)
    monkeypatch.chdir(tmp_path / "moved")
    assert link.read_bytes() == b"film"
    assert link.stat().st_mode == Path("videos/a.MP4").stat().st_mode


def test_a_link_to_a_file_outside_the_study_is_absolute(study, tmp_path, monkeypatch):
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "a.mp4").write_bytes(b"film")
    (tmp_path / "study").mkdir()
    monkeypatch.chdir(tmp_path / "study")
    assert link_to(study, str(tmp_path / "films" / "a.mp4")).readlink() == tmp_path / "films" / "a.mp4"
    (tmp_path / "films" / "a.mp4").unlink()
    with pytest.raises(UserError, match=r"films/a.mp4: gone since the reels were collected; run snakemake again"):
        link_to(study, str(tmp_path / "films" / "a.mp4"))


def test_a_link_to_a_folder_beside_the_study_is_absolute(study, tmp_path, monkeypatch):
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "a.mp4").write_bytes(b"film")
    (tmp_path / "study").mkdir()
    monkeypatch.chdir(tmp_path / "study")
    link = link_to(study, "../films/a.mp4")
    assert link.readlink().is_absolute()
    assert link.read_bytes() == b"film"


def test_the_help_of_a_stage_names_its_inputs_and_settings():
    text = stage_parser(STAGE, ShoutSection, "Shout.").format_help()
    assert all(option in text for option in ("--text MANIFEST", "--mood MANIFEST", "--mark VALUE", "--timeout-s VALUE"))


def misbehave(task: str) -> Outcome:
    if task == "hang":
        time.sleep(60)
    if task == "die":
        os.kill(os.getpid(), signal.SIGSEGV)
    if task == "eat":
        bytearray(2 << 30)
    if task == "refuse":
        raise ReelError("not_a_video", "HTML")
    if task == "stumble":
        raise IndexError("list index out of range")
    return OK


def test_what_crashes_hangs_or_eats_memory_in_a_process_of_its_own_fails_alone():
    # Only what hangs has a short time: on a busy machine, others need seconds to begin.
    outcomes = dict(run_isolated(misbehave, ["hang"], workers=1, timeout_s=1.5, memory_mb=1024))
    tasks = ["fine", "die", "eat", "refuse", "stumble", "also fine"]
    outcomes |= run_isolated(misbehave, tasks, workers=2, timeout_s=60, memory_mb=1024)
    assert {task: outcome.reason for task, outcome in outcomes.items()} == {
        "fine": None,
        "hang": "timeout",
        "die": "crashed",
        "eat": "out_of_memory",
        "refuse": "not_a_video",
        "stumble": "error",
        "also fine": None,
    }
    assert outcomes["refuse"].detail == "HTML"
    assert outcomes["hang"].detail == "more than 1.5 s"


def test_an_unknown_setting_of_a_stage_is_refused():
    with pytest.raises(SystemExit):
        stage_parser(STAGE, ShoutSection, "").parse_args(["--text=a", "--mood=b", "--manifest=c", "--volume=11"])
    assert isinstance(stage_parser(STAGE, ShoutSection, ""), argparse.ArgumentParser)


def test_a_failed_reel_is_named_in_the_log_by_handle_and_file(study, caplog):
    caplog.set_level(logging.INFO, "atlas")
    study.reel("r1", "hello", creator="77")
    study.reel("r2", "hello", creator="77")
    folder = Path("results/creators/0")
    write_table(build_table([{"creator_id": "77", "handle": "Ada.Loom"}], CREATORS), folder / "creators.parquet")
    (folder / "r2.json").write_text('{"reel_id": "r2", "file": "night walk.mp4"}')

    def compute(works):
        for work in works:
            yield work, Outcome("failed", "timeout", "120 s")

    study.run(compute=compute)
    assert "shout: Ada.Loom: night walk.mp4 (reel r2) failed: timeout (120 s)" in caplog.text
    assert "shout: Ada.Loom: reel r1 failed: timeout (120 s)" in caplog.text
