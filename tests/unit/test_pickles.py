"""Weights that are programs are refused by name and by content, and so are names that lead elsewhere."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path

import pytest
import torch
import yaml

from common import verified
from common.config import ConfigError
from common.models import is_inside, read_registry
from common.pickles import WHISPER, is_named_as_pickle, is_pickle
from common.program import UserError
from common.verified import known_sha256
from fetch_model import SourceError, check, install, read_lock, resolve

HASH = "0" * 64


class Program:
    def __reduce__(self):
        return print, ("a stranger's program runs",)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("name", ["model.bin", "model", "weights.dat", "tokenizer.model"])
def test_a_pickle_is_known_by_its_content(tmp_path, protocol, name):
    (tmp_path / name).write_bytes(pickle.dumps({"weight": Program()}, protocol))
    assert is_pickle(tmp_path / name)
    with pytest.raises(SourceError, match=rf"{name} is a pickle.*refused"):
        check(tmp_path, {name: None})


@pytest.mark.parametrize("zipped", [True, False])
def test_pytorch_s_files_are_known_by_their_content(tmp_path, zipped):
    path = tmp_path / "model.bin"
    torch.save({"weight": torch.zeros(3)}, path, _use_new_zipfile_serialization=zipped)
    assert is_pickle(path)


def test_a_broken_archive_is_not_trusted(tmp_path):
    path = tmp_path / "model.bin"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/data.pkl", b"x" * 1000)
    whole = bytearray(path.read_bytes())
    whole[whole.rindex(b"PK\x01\x02")] = 0
    path.write_bytes(whole)
    assert is_pickle(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.bin", b"\x06\0\0\0\x0c\0WhisperSpec\0\x03\0\0\0" + bytes(range(256))),  # CTranslate2
        ("model.safetensors", b"\x80\x02\0\0\0\0\0\0{" + b" " * 640),
        ("tokenizer.json", b'{"model": {}}'),
        ("vocab.txt", b"cat\ndog\nthe\n.\n"),
        ("vocabulary.txt", b"<|endoftext|>\n!\n"),
        ("empty", b""),
    ],
)
def test_other_weights_are_no_pickles(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert not is_pickle(tmp_path / name)
    assert list(check(tmp_path, {name: None})) == [name]


def registry(tmp_path: Path, name: str = "tiny", **entry) -> Path:
    path = tmp_path / "own.yaml"
    facts = {"repository": "people/tiny", "licence": "MIT", "memory_mb": 1, "files": {"model.safetensors": None}}
    if "urls" in entry:
        del facts["repository"]
    path.write_text(yaml.safe_dump({"models": {name: {**facts, **entry}}}))
    return path


@pytest.mark.parametrize(
    "name", ["model.pt", "deep/Model.PTH", "x.ckpt", "x.pkl", "pytorch_model.bin", "pytorch_model-00001-of-00002.bin"]
)
@pytest.mark.parametrize("sha256", [HASH, None])
def test_a_registry_names_no_pickles(tmp_path, name, sha256):
    with pytest.raises(ConfigError, match=r"(?s)own\.yaml.*pickled weights are programs"):
        read_registry(registry(tmp_path, files={name: sha256}))


def test_whisper_s_own_checkpoints_are_the_exception(tmp_path):
    import whisper

    assert {address.split("/")[-2] for address in whisper._MODELS.values()} == WHISPER
    known = min(WHISPER)
    address = {"base.pt": "https://example.org/base.pt"}
    assert read_registry(registry(tmp_path, urls=address, files={"base.pt": known}))["tiny"].files == {"base.pt": known}
    assert is_named_as_pickle("base.pt")


OUTSIDE = ["../evil", "a/../../evil", "/etc/evil", "..", ".", "", "a\\..\\..\\evil", "a\nb"]


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("where", ["files", "urls", "unzip", "join", "mirror's files", "mirror's unzip"])
def test_a_registry_names_files_inside_of_the_model_s_folder(tmp_path, name, where):
    mirror = {"packages": ["a==1"], "join": {"model.safetensors": ["x"]}}
    entries = {
        "files": {"files": {name: None}},
        "urls": {"urls": {name: "https://example.org/x"}, "files": {name: None}},
        "unzip": {"urls": {"a.zip": "https://example.org/a.zip"}, "unzip": [name]},
        "join": {"mirrors": [{**mirror, "join": {name: ["x"]}}]},
        "mirror's files": {"mirrors": [{**mirror, "files": {name: HASH}}]},
        "mirror's unzip": {"mirrors": [{**mirror, "unzip": {name: "x"}}]},
    }
    with pytest.raises(ConfigError, match=r"(?s)own\.yaml.*leads out of the model's folder"):
        read_registry(registry(tmp_path, **entries[where]))


@pytest.mark.parametrize(
    "package",
    [
        "/tmp/a", "./a", "../a==1", "a", "a>=1", "a==1.*", "a==", "==1", "a==1 b==2", "a==1\n-r x", "--index-url=https://x",
        "-r x==1", "a @ https://example.org/a-1-py3-none-any.whl", "git+https://example.org/a==1", "a[b]==1",
        "a==1; python_version<'4'", "a/b==1", "https://example.org/a==1", "file:///a==1", "a==1 --pre", "",
    ],
)  # fmt: skip
def test_a_registry_s_packages_are_names_with_versions(tmp_path, package):
    mirror = {"packages": ["fine-name.x_y==1.0.post1+cpu", package], "join": {"model.safetensors": ["x"]}}
    with pytest.raises(ConfigError, match=r"(?s)own\.yaml.*name a package and its exact version"):
        read_registry(registry(tmp_path, mirrors=[mirror]))
    mirror["packages"].pop()
    assert read_registry(registry(tmp_path, mirrors=[mirror]))["tiny"].mirrors[0].packages


@pytest.mark.parametrize("name", ["../tiny", "/tiny", "a/b", ".hidden", ""])
def test_a_model_s_name_is_that_of_a_folder(tmp_path, name):
    with pytest.raises(ConfigError, match=r"(?s)own\.yaml.*a model's name is that of its folder"):
        read_registry(registry(tmp_path, name))


def test_what_a_source_offers_stays_inside_too(tmp_path):
    with pytest.raises(SourceError, match="leads out of the model's folder"):
        resolve({"*.j*": None}, ["config.json", "../../evil.json"])
    assert resolve({"*": None}, ["model.safetensors", "pytorch_model.bin"]) == {"model.safetensors": None}
    lock = tmp_path / "models.lock.yaml"
    lock.write_text("tiny: {source: x, revision: y, files: {../../evil: z}}\n")
    with pytest.raises(UserError, match=r"models\.lock\.yaml: the file '\.\./\.\./evil'"):
        read_lock(lock)
    assert is_inside("1_Pooling/config.json")


def test_what_people_put_into_a_model_s_folder_is_not_written_over(tmp_path):
    partial, folder = tmp_path / "m.part", tmp_path / "m"
    partial.mkdir()
    folder.mkdir()
    (partial / "model.bin").write_bytes(b"the hub's")
    (folder / "model.bin").write_bytes(b"months of training")
    with pytest.raises(UserError, match=r"m/model\.bin: .*move it away"):
        install(partial, folder, {"model.bin": HASH}, "hub:x", "main")
    assert (folder / "model.bin").read_bytes() == b"months of training"


@pytest.fixture
def hashed(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    computed: list[Path] = []

    def counted(path: Path) -> str:
        computed.append(path)
        return file_sha256(path)

    file_sha256 = verified.file_sha256
    monkeypatch.setattr(verified, "file_sha256", counted)
    return computed


def test_a_file_is_hashed_once_and_again_after_any_change(tmp_path, hashed):
    path = tmp_path / "model.bin"
    path.write_bytes(b"one")
    first = known_sha256(path)
    assert known_sha256(path) == first
    assert len(hashed) == 1
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    path.write_bytes(b"two")
    os.utime(path, ns=times)  # the same size and time
    assert known_sha256(path) != first
    (tmp_path / "other").write_bytes(b"one")
    (tmp_path / "other").replace(path)
    assert known_sha256(path) == first
    assert len(hashed) == 3


def test_notes_of_somebody_else_and_torn_ones_are_not_believed(tmp_path, hashed, monkeypatch):
    path = tmp_path / "model.bin"
    path.write_bytes(b"one")
    right = known_sha256(path)
    (note,) = (tmp_path / "cache/reel-atlas/hashes").iterdir()
    note.write_text("torn")
    assert known_sha256(path) == right
    note.write_text(HASH)
    monkeypatch.setattr("os.geteuid", lambda: 12345)
    assert known_sha256(path) == right


def test_without_a_home_every_use_hashes(tmp_path, hashed, monkeypatch):
    path = tmp_path / "model.bin"
    path.write_bytes(b"one")
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert known_sha256(path) == known_sha256(path)
    assert len(hashed) == 2
