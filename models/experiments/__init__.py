"""The papers' experiments: one file each, all of them timed dynamics of circuits."""

from __future__ import annotations

from difflib import get_close_matches

from ...errors import UsageError
from .amit2019 import circuit as amit_circuit
from .amit2019 import deepernet as amit_deepernet
from .amit2019 import deepnet as amit_deepnet
from .amit2019 import epsilon as amit_epsilon
from .amit2019 import linear as amit_linear
from .amit2019 import protocols as amit_protocols
from .amit2019 import simpnet as amit_simpnet
from .amit2019 import theory as amit_theory
from .amit2019 import untied as amit_untied
from .baldi2018 import ablations as baldi_ablations
from .baldi2018 import adaptive as baldi_adaptive
from .baldi2018 import chains as baldi_chains
from .baldi2018 import cifar as baldi_cifar
from .baldi2018 import cost as baldi_cost
from .baldi2018 import dropout as baldi_dropout
from .baldi2018 import field as baldi_field
from .baldi2018 import matrix as baldi_matrix
from .baldi2018 import mnist as baldi_mnist
from .baldi2018 import nonlinear as baldi_nonlinear
from .baldi2018 import quantized as baldi_quantized
from .baldi2018 import sparse as baldi_sparse
from .baldi2018 import width as baldi_width
from .cameron import cifar as cameron_cifar
from .cameron import mnist as cameron_mnist
from .cameron import newton as cameron_newton
from .cameron import noise as cameron_noise
from .cameron import pseudoinverse as cameron_pseudoinverse
from .cameron import recursion as cameron_recursion
from .framework.experiment import Check, Experiment, Report, Settings
from .framework.runner import reproduce, settings_for
from .lansdell2020 import autoencoder as lansdell_autoencoder
from .lansdell2020 import cnn as lansdell_cnn
from .lansdell2020 import estimator as lansdell_estimator
from .lansdell2020 import mnist as lansdell_mnist
from .lillicrap2016 import alignment as lillicrap_alignment
from .lillicrap2016 import autoencoder as lillicrap_autoencoder
from .lillicrap2016 import back_image as lillicrap_back_image
from .lillicrap2016 import circuits as lillicrap_circuits
from .lillicrap2016 import decoupled as lillicrap_decoupled
from .lillicrap2016 import fields as lillicrap_fields
from .lillicrap2016 import flow as lillicrap_flow
from .lillicrap2016 import frozen as lillicrap_frozen
from .lillicrap2016 import gauss_newton as lillicrap_gauss_newton
from .lillicrap2016 import mnist as lillicrap_mnist
from .lillicrap2016 import momentum as lillicrap_momentum
from .lillicrap2016 import nonconservative as lillicrap_nonconservative
from .lillicrap2016 import pseudoinverse as lillicrap_pseudoinverse
from .lillicrap2016 import svhn as lillicrap_svhn
from .lillicrap2016 import switch as lillicrap_switch
from .lillicrap2016 import theorem1 as lillicrap_theorem1
from .lillicrap2016 import theorem2 as lillicrap_theorem2
from .lillicrap2016 import timit as lillicrap_timit
from .lillicrap2016 import xor as lillicrap_xor

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
