"""Pickled weights: a file that is a program, whatever its name says, and runs when it is loaded."""

from __future__ import annotations

import fnmatch
import pickletools
import zipfile
from pathlib import Path, PurePosixPath

# Names that PyTorch and scikit-learn give to pickles.
NAMES = ("*.pt", "*.pth", "*.ckpt", "*.pkl", "*.pickle", "*.joblib", "pytorch_model*.bin", "training_args.bin")
# openai-whisper's own checkpoints, by the sha256 that its package lists: there are no others, and they are read with
# weights_only.
WHISPER = {
    "d3dd57d32accea0b295c96e26691aa14d8822fac7d9d27d5dc00b4ca2826dd03",
    "65147644a518d12f04e32d6f3b26facc3f8dd46e5390956a9424a650c0ce22b9",
    "25a8566e1d0c1e2231d1c762132cd20e0f96a85d16145c3a00adf5d1ac670ead",
    "ed3a0b6b1c0edf879ad9b11b1af5a0e6ab5db9205f891f668f8b0e6c6326e34e",
    "f953ad0fd29cacd07d5a9eda5624af0f6bcf2258be67c92b79389873d91e0872",
    "9ecf779972d90ba49c06d968637d720dd632c55bbf19d441fb42bf17a411e794",
    "d7440d1dc186f76616474e0ff0b3b6b879abc9d1a4926b7adfa41db2d497ab4f",
    "345ae4da62f9b3d59415adc60127b97c714f32e89e936602e85993674d08dcb1",
    "e4b87e7e0bf463eb8e6956e646f1e277e901512310def2c24bf0e11bd3c28e9a",
    "81f7c96c852ee8fc832187b0132e569d6c3065a3252ed18e56effd0b6a73e524",
    "e5b1a55b89c1367dacf97e3e19bfd829a01529dbfdeefa8caeb59b3f1b81dadb",
    "aff26ae408abcba5fbf8813c21e62b0941638c5f6eebfb145be0c9839262a19a",
}
# They import and call what the file names.
CALLS = {"GLOBAL", "STACK_GLOBAL", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "REDUCE", "BUILD"}


def is_named_as_pickle(name: str) -> bool:
    """Whether a file's name is one of pickled weights."""
    return any(fnmatch.fnmatch(PurePosixPath(name).name.lower(), pattern) for pattern in NAMES)


def is_pickle(path: Path) -> bool:
    """Whether a file's content is a pickle, or PyTorch's archive with one; CTranslate2's `model.bin` is none."""
    if path.suffix == ".safetensors":  # read by its own library only, which knows no pickles
        return False
    if zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as archive:
                return any(name.lower().endswith(".pkl") for name in archive.namelist())
        except zipfile.BadZipFile:  # what reads weights may be less strict
            return True
    calls = False
    with path.open("rb") as file:
        if file.read(1) == b"\x80":  # since version 2 of the format the first byte tells
            return file.read(1) <= b"\x0f"
        file.seek(0)
        try:
            for operation, _, _ in pickletools.genops(file):
                calls = calls or operation.name in CALLS
        except (ValueError, OverflowError, MemoryError):
            return False
    return calls
