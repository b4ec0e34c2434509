"""NumPy versions of functions that Brian2 has only for C++; importing this module adds them."""

from __future__ import annotations

import numpy as np
from brian2.core.functions import DEFAULT_FUNCTIONS
from scipy.special import exprel

__all__: list[str] = []

for _name, _function in {"expm1": np.expm1, "log1p": np.log1p, "exprel": exprel}.items():
    DEFAULT_FUNCTIONS[_name].implementations.add_numpy_implementation(_function)
