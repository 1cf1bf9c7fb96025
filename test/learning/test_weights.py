"""Weights in files: complete, of the right architecture, or refused in one line."""

from __future__ import annotations

import builtins
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from auxfocus_ros.autofocus import networks
from auxfocus_ros.autofocus.networks import weights_path
from auxfocus_ros.autofocus.networks.reference import FocusDiscriminator, StepEstimator
from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.learning.weights import ARCHITECTURE, load_weights, save_weights


@pytest.fixture
def file(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    save_weights(FocusDiscriminator(), tmp_path / "network.safetensors")
    return tmp_path / "network.safetensors"


def refused(file: Path, network: torch.nn.Module | None = None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_weights(network or FocusDiscriminator(), file)
    message = str(caught.value)
    assert "\n" not in message and str(file) in message
    return message


def rewrite(file: Path, tensors: dict[str, torch.Tensor], architecture: str = FocusDiscriminator.architecture) -> None:
    save_file(tensors, str(file), {ARCHITECTURE: architecture})


def test_what_is_saved_is_loaded(file: Path) -> None:
    torch.manual_seed(0)
    wanted, found = FocusDiscriminator().state_dict(), load_weights(FocusDiscriminator(), file)
    assert not found.training
    assert all(torch.equal(value, wanted[name]) for name, value in found.state_dict().items())
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_large_tensors_are_kept_in_half_precision(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = StepEstimator()
    save_weights(network, tmp_path / "network.safetensors")
    assert (tmp_path / "network.safetensors").stat().st_size < 1.5e6
    loaded = load_weights(StepEstimator(), tmp_path / "network.safetensors")
    for name, value in loaded.state_dict().items():
        assert value.dtype == torch.float32
        torch.testing.assert_close(value, network.state_dict()[name], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.9, 0.999])
def test_cut_short(file: Path, share: float) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: int(share * len(data))])
    assert "cut short or not safetensors" in refused(file)


def test_not_weights_at_all(file: Path) -> None:
    file.write_bytes(b"\x80\x04" + b"not weights" * 100)
    assert "not safetensors" in refused(file)
    file.unlink()
    assert "no such file" in refused(file)
    file.mkdir()
    assert "no such file" in refused(file)


def test_another_architecture(file: Path) -> None:
    message = refused(file, StepEstimator())
    assert StepEstimator.architecture in message and FocusDiscriminator.architecture in message


def test_no_architecture(file: Path) -> None:
    save_file(load_file(file), str(file))
    assert "none that is named" in refused(file)


def test_a_tensor_missing(file: Path) -> None:
    tensors = load_file(file)
    tensors.pop("dense.0.bias")
    rewrite(file, tensors)
    assert "expected 8 tensors, found 7: it misses dense.0.bias" in refused(file)


def test_a_tensor_too_many(file: Path) -> None:
    rewrite(file, {**load_file(file), "dense.9.bias": torch.zeros(2)})
    assert "dense.9.bias" in refused(file)


def test_another_shape(file: Path) -> None:
    rewrite(file, {**load_file(file), "dense.0.weight": torch.zeros(10, 63)})
    assert "dense.0.weight must be 10 x 64, found 10 x 63" in refused(file)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_not_finite(file: Path, bad: float) -> None:
    tensors = load_file(file)
    tensors["dense.0.bias"][3] = bad
    rewrite(file, tensors)
    assert "dense.0.bias must be finite" in refused(file)


def test_nothing_is_unpickled(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("pickle was used")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)
    monkeypatch.setattr(torch, "load", refuse)
    monkeypatch.setattr(builtins, "eval", refuse)
    load_weights(FocusDiscriminator(), file)


def test_the_shipped_weights_are_few_and_have_cards() -> None:
    total = 0
    for name in ("radius", "reference_estimator", "reference_discriminator"):
        path = weights_path(name)
        total += path.stat().st_size
        for suffix in (".md", ".json"):
            assert "auxfocus train autofocus" in path.with_suffix(suffix).read_text(encoding="utf-8")
    assert total < 5e6


def test_networks_are_loaded_once() -> None:
    assert networks.load_radius_estimator() is networks.load_radius_estimator()
    assert networks.load_reference_estimator() is networks.load_reference_estimator()
    assert networks.load_reference_discriminator() is networks.load_reference_discriminator()
