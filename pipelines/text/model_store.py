"""Trained text models as files: skops, which runs no code on loading, and checked by hash before they are opened."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models.text_classifier import TextClassifier
from pipelines.errors import WarehouseError

# skops looks up every name in every loaded module, already on import; Airflow's old names then warn, a thousand times
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

# nothing else may stand in a model file; numpy's arrays skops trusts by itself
TRUSTED = ["models.text_classifier.TextClassifier"]


def save_model(folder: Path, model: TextClassifier) -> str:
    """Write a model under the hash of its bytes, whole or not at all; returns the hash."""
    with _quiet():
        content = skops.io.dumps(model)
    content_hash = hashlib.sha256(content).hexdigest()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = folder / f".{content_hash}.{os.getpid()}"
    temporary.write_bytes(content)
    os.replace(temporary, _path(folder, content_hash))
    return content_hash


def load_model(folder: Path, content_hash: str) -> TextClassifier:
    """Read a model back.

    Raises:
        WarehouseError: the file is missing, is not the one that was saved, or holds what a model does not.
    """
    path = _path(folder, content_hash)
    remedy = "take the file away, and the next run trains a new model"
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise WarehouseError(f"{path}: no such model file; the next run trains a new model") from None
    if hashlib.sha256(content).hexdigest() != content_hash:
        raise WarehouseError(f"{path}: not the model that was saved; {remedy}")
    try:
        with _quiet():
            model = skops.io.loads(content, trusted=TRUSTED)
    except UntrustedTypesFoundException:
        raise WarehouseError(f"{path}: holds types that no text model has; {remedy}") from None
    if not isinstance(model, TextClassifier):
        raise WarehouseError(f"{path}: holds no text model; {remedy}")
    return model


@contextmanager
def _quiet() -> Iterator[None]:
    """No warnings from skops' search for names."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="skops")
        yield


def _path(folder: Path, content_hash: str) -> Path:
    return folder / f"{content_hash}.skops"
