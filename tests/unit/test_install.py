"""`make install` with tiny packages: what comes from where, what is told, what a second call does."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from study import CHECKOUT


def wheel(folder: Path, name: str, version: str) -> str:
    """A package with one module, in an index of its own; returns its line for a lock."""
    stem = name.replace("-", "_")
    path = folder / name / f"{stem}-{version}-py3-none-any.whl"
    path.parent.mkdir(parents=True, exist_ok=True)
    info = f"{stem}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{stem}.py", f"version = {version!r}\n")
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", "")
    (path.parent / "index.html").write_text(f'<a href="{path.name.replace("+", "%2B")}">{path.name}</a>')
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"{name}=={version} \\\n    --hash=sha256:{digest}\n    # via something\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What `make install` needs of a checkout; the packages for a GPU are in no index, so nobody may ask for them."""
    folder = tmp_path / "reel-atlas"
    (folder / "envs").mkdir(parents=True)
    shutil.copy(CHECKOUT / "Makefile", folder)
    shutil.copy(CHECKOUT / "envs/check_python.sh", folder / "envs")
    lock = wheel(tmp_path / "usual", "reading", "1.0") + wheel(tmp_path / "usual", "torchmetrics", "3.0")
    wheel(tmp_path / "torch", "torch", "2.0+cpu")
    wheel(tmp_path / "torch", "torchvision", "0.5+cpu")
    nowhere = "0" * 64
    for name in ("torch==2.0", "torchvision==0.5", "triton==1.0", "nvidia-cublas==13.1", "cuda-toolkit==13.0"):
        lock += f"{name} \\\n    --hash=sha256:{nowhere}\n    # via torch\n"
    (folder / "requirements.lock").write_text(lock)
    return folder


def install(checkout: Path, *options: str) -> subprocess.CompletedProcess[str]:
    index = (checkout.parent / "usual").as_uri()
    return subprocess.run(
        ["make", "install", f"PYTHON={Path(sys.executable).resolve()}", *options], cwd=checkout, text=True,
        env={"PATH": os.environ["PATH"], "PIP_INDEX_URL": index, "PIP_CONFIG_FILE": os.devnull},
        capture_output=True, check=False,
    )  # fmt: skip


def packages(checkout: Path) -> dict[str, str]:
    found = (checkout / ".venv/lib").glob("python3*/site-packages/*.dist-info")
    return dict(path.name.removesuffix(".dist-info").split("-") for path in found if not path.name.startswith("pip-"))


def test_without_a_gpu_pytorch_comes_from_its_own_index_and_the_rest_from_the_lock(checkout: Path) -> None:
    without = ["CUDA=no", f"TORCH_INDEX={(checkout.parent / 'torch').as_uri()}"]
    done = install(checkout, *without)
    assert done.returncode == 0, done.stderr
    wanted = {"reading": "1.0", "torchmetrics": "3.0", "torch": "2.0+cpu", "torchvision": "0.5+cpu"}
    assert {name: version for name, version in packages(checkout).items() if name != "setuptools"} == wanted
    assert "some 3 GB" in done.stdout
    # The environment keeps the choice, so that `make demo` does not install the other one.
    again = install(checkout)
    assert (again.returncode, again.stdout.replace("make: Nothing to be done for 'install'.\n", "")) == (0, "")


def test_an_installation_that_fails_says_why_and_is_not_taken_for_done(checkout: Path) -> None:
    for _ in range(2):
        done = install(checkout)  # with CUDA: its packages are in no index
        assert done.returncode != 0
        assert "No matching distribution found for torch" in done.stderr
    assert not list((checkout / ".venv").glob(".installed-*"))
