"""The papers' experiments: one file each, all of them timed dynamics of circuits."""

from __future__ import annotations

from difflib import get_close_matches

from ...errors import UsageError
from . import (
    amit_circuit,
    amit_deepernet,
    amit_deepnet,
    amit_epsilon,
    amit_linear,
    amit_protocols,
    amit_simpnet,
    amit_theory,
    amit_untied,
    baldi_ablations,
    baldi_adaptive,
    baldi_chains,
    baldi_cifar,
    baldi_cost,
    baldi_dropout,
    baldi_field,
    baldi_matrix,
    baldi_mnist,
    baldi_nonlinear,
    baldi_quantized,
    baldi_sparse,
    baldi_width,
    cameron_cifar,
    cameron_mnist,
    cameron_newton,
    cameron_noise,
    cameron_pseudoinverse,
    cameron_recursion,
    lansdell_autoencoder,
    lansdell_cnn,
    lansdell_estimator,
    lansdell_mnist,
    lillicrap_alignment,
    lillicrap_autoencoder,
    lillicrap_back_image,
    lillicrap_circuits,
    lillicrap_decoupled,
    lillicrap_fields,
    lillicrap_flow,
    lillicrap_frozen,
    lillicrap_gauss_newton,
    lillicrap_mnist,
    lillicrap_momentum,
    lillicrap_nonconservative,
    lillicrap_pseudoinverse,
    lillicrap_svhn,
    lillicrap_switch,
    lillicrap_theorem1,
    lillicrap_theorem2,
    lillicrap_timit,
    lillicrap_xor,
)
from .experiment import Check, Experiment, Report, Settings
from .runner import reproduce, settings_for

__all__ = ["EXPERIMENTS", "Check", "Experiment", "Report", "Settings", "find", "reproduce", "settings_for"]

_MODULES = (
    amit_circuit, amit_linear, amit_epsilon, amit_theory, amit_simpnet, amit_deepnet, amit_deepernet, amit_untied,
    amit_protocols,
    baldi_mnist, baldi_adaptive, baldi_sparse, baldi_quantized, baldi_dropout, baldi_ablations, baldi_cifar,
    baldi_chains, baldi_field, baldi_width, baldi_matrix, baldi_nonlinear, baldi_cost,
    cameron_pseudoinverse, cameron_noise, cameron_mnist, cameron_cifar, cameron_recursion, cameron_newton,
    lansdell_estimator, lansdell_mnist, lansdell_autoencoder, lansdell_cnn,
    lillicrap_alignment, lillicrap_flow, lillicrap_decoupled, lillicrap_pseudoinverse, lillicrap_switch,
    lillicrap_theorem1, lillicrap_theorem2, lillicrap_gauss_newton, lillicrap_nonconservative,
    lillicrap_circuits, lillicrap_fields, lillicrap_frozen, lillicrap_xor, lillicrap_momentum, lillicrap_mnist,
    lillicrap_autoencoder, lillicrap_back_image, lillicrap_svhn, lillicrap_timit,
)  # fmt: skip

EXPERIMENTS: dict[str, Experiment] = {module.EXPERIMENT.id: module.EXPERIMENT for module in _MODULES}


def find(name: str) -> Experiment:
    """The experiment with this id.

    Raises UsageError: there is none; the closest one is named, and all are listed.
    """
    if name not in EXPERIMENTS:
        match = get_close_matches(name, EXPERIMENTS, n=1, cutoff=0.5)
        hint = f" Did you mean {match[0]!r}?" if match else ""
        raise UsageError(f"There is no experiment {name!r}. There are {', '.join(EXPERIMENTS)}.{hint}")
    return EXPERIMENTS[name]
