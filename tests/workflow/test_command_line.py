"""What a user types: targets, bad studies, hostile names, studies and checkouts that move, no network."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from chromium import open_browser
from study import CHECKOUT, SNAKEMAKE, Study, demo_handles, environment, make_study

TARGETS = [None, "all", "tables", "map", "figures", "descriptions", "fetch_models", "power", "retry"]
TARGETS += ["paper", "atlas", "export", "publish"]
# What a study makes in its folder; all else must stay as it was.
MADE_BY_STUDY = {"results", "data", ".snakemake", "models.lock.yaml"}
# Snakemake's own lines around an error that the Snakefile raises.
FRAME = re.compile(r"(Workflow|Config)Error in file|^  File \"|Using workflow specific profile")


def snakemake(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `snakemake` in a folder, whatever comes of it."""
    return subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments],
        cwd=folder, env={**environment(), **variables}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", timeout=300, check=False,
    )  # fmt: skip


def make_video(path: bytes, number: int) -> None:
    """A silent second of 64 x 96 pixels, another one for each number; ffmpeg never sees the name."""
    graph = f"testsrc=size=64x96:rate=10:duration=1,hue=h={number * 17}"
    command = [get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", graph, "-pix_fmt", "yuv420p"]
    command += ["-movflags", "frag_keyframe+empty_moov", "-f", "mp4", "pipe:1"]
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        subprocess.run(command, check=True, stdout=file)


@pytest.mark.parametrize("target", TARGETS)
def test_dry_run_on_a_fresh_clone(clone: Path, target: str | None) -> None:
    done = snakemake(clone, "-n", *([target] if target else []))
    assert done.returncode == 0, done.stdout
    assert "fetch_model" in done.stdout or target == "descriptions"
    assert not (clone / "results").exists()
    assert not (clone / "data" / "store").exists()


def test_nothing_is_published_while_the_list_of_opt_outs_is_missing(clone: Path) -> None:
    done = snakemake(clone, "-n", "publish", "--config", 'study={"opt_out": "lists/opted_out.txt"}')
    assert done.returncode != 0
    assert re.search(r"Missing input files for rule publish_bundle:.*lists/opted_out\.txt", done.stdout, re.DOTALL)


def test_an_unknown_target_is_named(clone: Path) -> None:
    done = snakemake(clone, "-n", "mapp")
    assert done.returncode != 0
    assert "mapp" in done.stdout
    assert "Traceback" not in done.stdout


def test_lint_is_empty_and_every_rule_is_described(clone: Path) -> None:
    assert "good condition" in snakemake(clone, "--lint").stdout
    listed = snakemake(clone, "--list").stdout.splitlines()
    described = dict(found.groups() for line in listed if (found := re.match(r"(\w+) \((.{10,})\)$", line)))
    files = [clone / "Snakefile", *(clone / "rules").glob("*.smk")]
    rules = {rule for file in files for rule in re.findall(r"^ *rule (\w+):", file.read_text(), re.MULTILINE)}
    rules -= {"describe_reels", "measure_frames", "read_bundle"}  # the demo is measured in words, and reads files
    assert len(rules) >= 20
    assert set(described) == rules


def test_the_example_study_works_as_the_readme_says(clone: Path, tmp_path: Path) -> None:
    make_video(os.fsencode(tmp_path / "mystudy" / "videos" / "anna" / "one.mp4"), 0)
    shutil.copy(clone / "config" / "study.example.yaml", tmp_path / "mystudy" / "study.yaml")
    place = ["--configfile", "mystudy/study.yaml", "--directory", "mystudy"]
    # Single values may be set beside the file; all others stay as it says.
    done = snakemake(tmp_path, "-s", str(clone / "Snakefile"), *place, "-n", "-p", "--config", "study={seed: 7}")
    assert done.returncode == 0, done.stdout
    assert "faster-whisper-base" in done.stdout
    assert "--seed 7" in done.stdout
    assert "--name 'My study'" in done.stdout
    assert not (tmp_path / "mystudy" / "results").exists()


def test_without_a_study_and_outside_the_checkout_the_message_says_what_is_missing(clone: Path, tmp_path: Path) -> None:
    done = snakemake(tmp_path, "-s", str(clone / "Snakefile"), "-n")
    assert done.returncode != 0
    assert "No study was given" in done.stdout
    assert "--configfile" in done.stdout
    assert "Traceback" not in done.stdout


def test_values_on_the_command_line(clone: Path) -> None:
    done = snakemake(clone, "-n", "-p", "map", "--config", "study={seed: 7}")
    assert done.returncode == 0, done.stdout
    assert "--seed 7" in done.stdout


def test_several_modalities_are_embedded_and_compared(clone: Path) -> None:
    done = snakemake(clone, "-n", "-p", "--config", "embedding={modality: [image, text+image]}")
    assert done.returncode == 0, done.stdout
    said = " ".join(done.stdout.split())
    for batch in range(3):
        folder = "results/embedding"
        assert f"--manifest {folder}/image/{batch}.parquet" in said
        both = f"--text {folder}/text/{batch}.parquet --image {folder}/image/{batch}.parquet"
        assert f"{both} --modality=text+image" in said
    assert said.count("--rows embedding/text+image ") + said.count("--rows embedding/text ") == 2 * 3
    assert "--rows embedding/image" not in said
    assert "fetch_model.py clip-vit-base-patch32" in said
    assert "fetch_model.py all-mpnet-base-v2" in said
    assert "build_tables.py" in said
    assert "--modality image " in said
    assert "--modalities image text+image text --output results/tables/modalities.parquet" in said


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("nn=3", "unknown key `nn`"),
        ("study={sede: 7}", "unknown key `study.sede`: did you mean `seed`?"),
        ("study={seed: x}", "`study.seed`: should be a valid integer, found 'x'"),
        ("study=3", "`study`: should be"),
    ],
)
def test_bad_values_on_the_command_line(clone: Path, value: str, message: str) -> None:
    done = snakemake(clone, "-n", "--config", value)
    assert done.returncode != 0
    assert message in done.stdout
    assert "Traceback" not in done.stdout


def test_a_name_on_the_command_line_may_look_like_broken_yaml(clone: Path) -> None:
    done = snakemake(clone, "-n", "map", "--config", "study={name: '[x'}")
    assert done.returncode == 0, done.stdout


BAD = {
    "study.yaml: unknown key `studdy`: did you mean `study`?": "studdy: {}",
    "study.yaml: unknown key `select.reels_per_creater`: did you mean `reels_per_creator`?": (
        "select: {reels_per_creater: 3}"
    ),
    "study.yaml: `study.seed`: should be a valid integer, found 'x'": "study: {seed: x}",
    "study.yaml: select.latest (2) is smaller than select.reels_per_creator (5)": "select: {latest: 2}",
    "source.bundle.folder: bundle: no bundle there (no bundle.json in it)": "source: {kind: bundle}",
    "description.backend: openai needs description.endpoint.model": "description: {backend: openai}",
    "study.yaml: `transcript` asks for the model faster-whisper-huge, which is neither in config/models.yaml": (
        "transcript: {model: huge}"
    ),
    "source.files.videos: nowhere: no such folder": "source: {files: {videos: nowhere}}",
    "flat: no creators found. Put each creator's videos (.mp4, .mov, .webm, .mkv) into a folder named": (
        "source: {files: {videos: flat}}"
    ),
    "none.csv: No such file": "source: {files: {creators: none.csv}}",
    "who.csv, line 1: column handle missing; found name, followers": "source: {files: {creators: who.csv}}",
    "bad.csv, line 3: followers: '12k' is not a whole number (write 12500, not": "source: {files: {creators: bad.csv}}",
    "twice.csv, line 3: 'x' is already in line 2": "source: {files: {reels: twice.csv}}",
    "empty.csv, line 2: target is empty": "source: {files: {follows: empty.csv}}",
    "wrong.csv, line 1: column source, target missing": "source: {files: {follows: wrong.csv}}",
}


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """A folder with defective tables."""
    make_video(os.fsencode(tmp_path / "videos" / "anna" / "one.mp4"), 0)
    (tmp_path / "flat").mkdir()
    shutil.copy(tmp_path / "videos" / "anna" / "one.mp4", tmp_path / "flat")
    (tmp_path / "who.csv").write_text("name,followers\nanna,5\n")
    (tmp_path / "bad.csv").write_text("handle,followers\nanna,5\nberta,12k\n")
    (tmp_path / "twice.csv").write_text("handle,file,reel_id\nanna,a.mp4,x\nanna,b.mp4,x\n")
    (tmp_path / "empty.csv").write_text("source,target\nanna,\n")
    (tmp_path / "wrong.csv").write_text("from,to\nanna,berta\n")
    return tmp_path


@pytest.mark.parametrize("message", BAD)
def test_a_bad_study_ends_with_one_clear_message(bad: Path, message: str) -> None:
    (bad / "study.yaml").write_text(BAD[message] + "\n")
    done = snakemake(bad, *SNAKEMAKE[3:], "--configfile", "study.yaml", "--cores", "1")
    assert done.returncode != 0
    said = [line for line in done.stdout.splitlines() if line and not FRAME.search(line)]
    assert len(said) == 1, done.stdout
    assert message in said[0]
    assert not (bad / "results").exists()


# Snakemake itself reads the file, before anything of ours runs: these words are its own.
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("study: [", "Config file is not valid JSON or YAML"),
        ("\tstudy: {}", "Config file is not valid JSON or YAML"),
        ("- study", "Config file must be given as JSON or YAML with keys at top level"),
    ],
)
def test_a_study_that_is_no_yaml_or_no_study_is_refused(bad: Path, text: str, message: str) -> None:
    (bad / "study.yaml").write_text(text + "\n")
    done = snakemake(bad, *SNAKEMAKE[3:], "--configfile", "study.yaml", "--cores", "1")
    assert done.returncode != 0
    assert message in done.stdout
    assert "Traceback" not in done.stdout
    assert not (bad / "results").exists()


def test_a_study_file_that_is_not_there_is_named(bad: Path) -> None:
    done = snakemake(bad, *SNAKEMAKE[3:], "--configfile", "nostudy.yaml", "--cores", "1")
    assert done.returncode != 0
    assert "No such file or directory: '" in done.stdout
    assert "nostudy.yaml" in done.stdout
    assert not (bad / "results").exists()


RIGHT_TO_LEFT = "\N{GRINNING FACE}\N{RIGHT-TO-LEFT OVERRIDE}txet עברית"
# Creators' folders; the video in each is called the same, as far as a file name may be long.
NAMES = [
    b"two words", b"it's \"quoted\"", b"$(touch PWNED)", b"`touch PWNED`;&|", b"{batch} %s {0}", b"line\nbreak\ttab",
    b"\x01\x1b[31mcontrol\x7f", b"n" * 255, "\N{GRINNING FACE}".encode() * 62 + b"end", RIGHT_TO_LEFT.encode(), b"-rf",
    b"not\xff\xfeutf8", b"~", b"*?[a]", b"trailing dot.", b"\\", b"#&=<>", b"--",
]  # fmt: skip
# Folders of one creator each time: Unicode forms, case, @.
SAME = [["e\u0301te\u0301".encode(), "\xe9t\xe9".encode()], [b"Anna", b"@ANNA", b"anna"]]
HIDDEN = [b"..hidden", b".hidden"]
# Ids as reels.csv may have them; the empty one derives from the content.
IDS = ["../../escape", "y" * 200, "a/b", "-rf", "\N{GRINNING FACE}", "", "$(touch PWNED)", "{batch}", ".", "nul\x01"]
# What captions try to be, and their links.
CAPTIONS = [
    "<script>window.hacked = 1</script>", "</script><img src=x onerror='window.hacked = 2'>", "x" * 10_000,
    "\u202eback \N{GRINNING FACE}", "<!-- <script>", "=1+1", "\u2028\u2029", "&lt;b&gt;", "${x}", "'\"",
]  # fmt: skip
LINKS = ["javascript:window.hacked=3", "data:text/html,<script>window.hacked=4</script>", "https://example.org/a?b=<c>"]
STUDY_NAME = "a $tudy {with} {0} %s 'quotes' \"and\" \\ $(touch PWNED)"


@dataclass(frozen=True)
class Hostile:
    """The study of hostile names after its run, and what lay where before."""

    parent: Path
    study: Study
    ids: dict[str, str]
    before: dict[bytes, tuple]
    output: str


def told(name: str) -> str:
    """A creator's name without what is no part of a handle: marks of writing direction, a period at its end."""
    return name.replace("\N{RIGHT-TO-LEFT OVERRIDE}", "").rstrip(".")


def listing(root: Path) -> dict[bytes, tuple]:
    """Everything below a folder but what a study makes there: mode, time, links, content."""
    found = {}
    for folder, folders, files in os.walk(os.fsencode(root)):
        if os.path.basename(folder) == b"study":
            folders[:] = [name for name in folders if os.fsdecode(name) not in MADE_BY_STUDY]
            files = [name for name in files if os.fsdecode(name) not in MADE_BY_STUDY]  # noqa: PLW2901
        for name in files:
            path = os.path.join(folder, name)
            stat = os.lstat(path)
            with open(path, "rb") as file:
                content = hashlib.sha256(file.read()).hexdigest()
            found[path] = (stat.st_mode, stat.st_mtime_ns, stat.st_nlink, content)
        for name in folders:
            found[os.path.join(folder, name)] = ()
    return found


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Hostile:
    """A study of hostile names, given from the folder it lies in, with a relative study file."""
    parent = tmp_path_factory.mktemp("hostile")
    study = Study(parent / "study")
    (study.folder / "data").mkdir(parents=True)
    # What Numba has compiled for other studies serves this one, too: that saves a minute.
    (CHECKOUT / "data" / "numba").mkdir(parents=True, exist_ok=True)
    (study.folder / "data" / "numba").symlink_to(CHECKOUT / "data" / "numba")
    root = os.fsencode(study.folder / "videos")
    folders = [*NAMES, *(name for names in SAME for name in names), *HIDDEN]
    for number, name in enumerate(folders):
        video = root + b"/" + name + b"/" + name[:251] + b".mp4"
        make_video(video, number)
        os.chmod(video, (0o444, 0o640, 0o755)[number % 3])
        os.utime(video, ns=(10**18 + number, 10**18 + number))
    make_video(root + b"/two words/.hidden.mp4", len(folders))
    os.mkdir(root + b"/.empty")
    (parent / "beside.txt").write_text("a file beside the study\n")
    # The first creators' reels are in the table, by handle and file as people write them.
    texts = [name.decode() for name in NAMES if b"\xff" not in name]
    ids = dict(zip(texts, IDS, strict=False))
    with (study.folder / "reels.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [("handle", "file", "reel_id", "caption", "url")]
            + [
                (name, f"{name.encode()[:251].decode()}.mp4", reel, f"{name} {reel} {CAPTIONS[n]}", LINKS[n % 3])
                for n, (name, reel) in enumerate(ids.items())
            ]
        )
    with (study.folder / "creators.csv").open("w", newline="", encoding="utf-8") as file:
        rows = [("handle", "full_name", "$(touch PWNED)", "{batch}"), ("Anna", "'; touch PWNED; '", "`x`", "{0}")]
        csv.writer(file).writerows(rows)
    with (study.folder / "follows.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("source", "target"), *((name, "@ANNA") for name in texts), ("anna", "$(x) {0}")])
    tables = {name: f"{name}.csv" for name in ("creators", "reels", "follows")}
    study.configure(study={"name": STUDY_NAME, "batches": 1}, source={"files": {"videos": "videos", **tables}})
    before = listing(parent)
    place = ["--configfile", "study/study.yaml", "--directory", "study", "--cores", "2"]
    done = snakemake(parent, *SNAKEMAKE[3:], *place)
    assert done.returncode == 0, done.stdout[-6000:]
    return Hostile(parent, study, ids, before, done.stdout)


def test_hostile_names_break_nothing(hostile: Hostile) -> None:
    reels = hostile.study.rows("tables/reels")
    assert len(reels) == len(NAMES) + sum(map(len, SAME))
    assert all(reel["embedding"] for reel in reels)
    given = {reel for reel in hostile.ids.values() if reel}
    assert {reel["reel_id"] for reel in reels} >= given
    told = {f"{name} {reel} {CAPTIONS[n]}".strip() for n, (name, reel) in enumerate(hostile.ids.items())}
    assert {reel["caption"] for reel in reels} >= told
    assert "(100%) done" in hostile.output


def test_hostile_texts_stay_texts_in_the_atlas(hostile: Hostile) -> None:
    """From the files of the study to a real browser: shown as they are, run nowhere."""
    said: list[str] = []
    creators = {creator["handle"]: creator for creator in hostile.study.rows("tables/creators")}
    page_of = (hostile.study.folder / "results/atlas/index.html").as_uri()
    with open_browser() as browser:
        page = browser.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(page_of)
        page.wait_for_selector("html[data-ready]")
        assert page.title().startswith("a $tudy {with} {0} %s")
        links = 0
        for name in creators:
            page.evaluate("id => { location.hash = new URLSearchParams({creator: id}) }", creators[name]["creator_id"])
            page.wait_for_timeout(60)
            addresses = page.locator("#inspector a").evaluate_all("all => all.map((one) => one.href)")
            assert all(address.startswith("https://example.org/") for address in addresses)
            links += len(addresses)
            assert page.locator("#inspector h2").text_content()
        assert links == sum(LINKS[n % 3].startswith("https:") for n in range(len(hostile.ids)))
        assert page.evaluate("window.hacked") is None
    assert [text for text in said if "GPU stall" not in text] == []


def test_handles_are_told_as_given(hostile: Hostile) -> None:
    creators = {creator["handle"]: creator for creator in hostile.study.rows("tables/creators")}
    names = {told(name.decode("utf-8", "backslashreplace")) for name in NAMES}
    assert set(creators) == names | {"Anna", SAME[0][0].decode()}
    assert creators["Anna"]["creator_id"] == "anna"
    assert creators["Anna"]["n_reels"] == len(SAME[1])
    assert (creators["Anna"]["$(touch PWNED)"], creators["Anna"]["{batch}"]) == ("`x`", "{0}")
    assert creators[SAME[0][0].decode()]["creator_id"] == SAME[0][1].decode()
    assert creators[SAME[0][0].decode()]["n_reels"] == len(SAME[0])
    edges = {(row["source_id"], row["target_id"]) for row in hostile.study.rows("tables/edges")}
    assert edges == {(told(name).lower(), "anna") for name in (n.decode() for n in NAMES if b"\xff" not in n)}


def test_hostile_names_do_not_escape(hostile: Hostile) -> None:
    assert listing(hostile.parent) == hostile.before  # nothing new outside, no video changed in content, mode or time
    assert {path.name for path in hostile.study.folder.iterdir()} <= MADE_BY_STUDY | {
        "videos", "reels.csv", "creators.csv", "follows.csv", "study.yaml",
    }  # fmt: skip
    assert {path.name for path in (hostile.study.folder / "data").iterdir()} <= {"store", "numba"}
    for folder, folders, files in os.walk(hostile.parent):
        assert "PWNED" not in {*folders, *files}, folder
    assert not (CHECKOUT / "PWNED").exists()


def test_what_is_made_of_hostile_names_has_plain_names(hostile: Hostile) -> None:
    results = hostile.study.folder / "results"
    folders = list((results / "reels").glob("[!.]*"))
    assert len(folders) == len(hostile.study.rows("tables/reels"))
    assert all((folder / "embedding.npy").is_file() for folder in folders)
    for path in results.rglob("*"):
        assert re.fullmatch(r"[\w.-]+", path.name, re.ASCII), path
        assert not path.name.startswith("-"), path
        assert path.resolve().is_relative_to(hostile.study.folder), path


def test_a_study_and_a_checkout_may_move(hostile: Hostile, clone: Path, tmp_path: Path) -> None:
    moved = Study(tmp_path / "moved study")
    hostile.study.folder.rename(moved.folder)
    try:
        assert "Nothing to be done" in moved.run()
        links = [path for path in (moved.folder / "results").rglob("*") if path.is_symlink()]
        assert len(links) > len(NAMES)
        assert all(link.resolve(strict=True).is_relative_to(moved.folder) for link in links)
        other = snakemake(moved.folder, "-s", str(clone / "Snakefile"), "--configfile", "study.yaml", "-n")
        assert "Nothing to be done" in other.stdout, other.stdout[-3000:]
    finally:
        moved.folder.rename(hostile.study.folder)


def test_checkout_study_and_store_may_have_spaces_in_their_names(clone: Path, tmp_path: Path) -> None:
    checkout = tmp_path / "my projects" / "it's reel atlas"
    shutil.copytree(clone, checkout, symlinks=True, ignore=shutil.ignore_patterns("demo", ".snakemake"))
    study = Study(tmp_path / "my study")
    make_video(os.fsencode(study.folder / "videos" / "anna" / "one.mp4"), 0)
    study.configure(study={"batches": 1}, store={"directory": "my {store} *"})
    place = ["-s", str(checkout / "Snakefile"), "--configfile", "study.yaml", "--cores", "1"]
    done = snakemake(study.folder, *place, "results/video/0.parquet")
    assert done.returncode == 0, done.stdout[-3000:]
    assert {path.name for path in study.folder.iterdir()} >= {"results", "my {store} *"}


def test_one_job_that_fails_does_not_keep_the_others_waiting(tmp_path: Path) -> None:
    for number in range(6):
        make_video(os.fsencode(tmp_path / "videos" / f"creator {number}" / "one.mp4"), number)
    study = Study(tmp_path)
    study.configure()
    targets = ["results/video/0.parquet", "results/video/1.parquet"]
    study.run(*targets)
    next((tmp_path / "results/video/0").glob("*.mp4")).unlink()
    # One job at a time, the one that fails first.
    next_targets = ["results/frames/0.parquet", "results/frames/1.parquet"]
    # The log file has what the terminal leaves out.
    done = study.run(*next_targets, "--cores", "1", "--prioritize", next_targets[0], "--printshellcmds", succeeds=False)
    assert not (tmp_path / next_targets[0]).exists()
    assert (tmp_path / next_targets[1]).exists()
    assert done.index("results/logs/sample_frames/0.log") < done.index("results/logs/sample_frames/1.log")
    assert "is listed as made, but the file is not there. Make it again: python scripts/redo.py --reels" in done
    assert "Traceback" not in done


def test_models_that_cannot_be_fetched_say_which_files_to_put_where(tmp_path: Path) -> None:
    study = make_study(tmp_path, demo_handles()[:1], reels=1)
    study.configure(models={"directory": "weights"})
    unreachable = {
        "HF_ENDPOINT": "http://127.0.0.1:9", "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_EXTRA_INDEX_URL": "",
        "PIP_CONFIG_FILE": "/dev/null", "PIP_RETRIES": "0", "PIP_FIND_LINKS": "", "PIP_NO_CACHE_DIR": "1",
    }  # fmt: skip
    done = snakemake(tmp_path, *study.command[3:], "fetch_models", **unreachable)
    assert done.returncode != 0
    assert "no source could be used" in done.stdout
    assert "http://127.0.0.1:9 cannot be reached" in done.stdout
    assert "put these files of the repository sentence-transformers/all-mpnet-base-v2" in done.stdout
    assert "model.safetensors (sha256 78c0197b" in done.stdout
    assert "into weights/all-mpnet-base-v2" in done.stdout
    # Both are tried, and both say so.
    assert "put these files of the repository Systran/faster-whisper-base" in done.stdout
    assert "into weights/faster-whisper-base" in done.stdout
    assert "Traceback" not in done.stdout
    assert not (tmp_path / "models.lock.yaml").exists()
    assert not list((tmp_path / "weights").rglob("*.safetensors"))
