"""The folder that a run has where none is named."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["folder_name"]

#: What only says how far, on what, and from where a run goes; the seed stands in the name itself.
NOT_OF_THE_RUN = ("epochs", "backend", "data_dir", "seed")


def folder_name(options: Mapping[str, Any]) -> str:
    """Return DATA-RULE-HASH-SEED, or DATA-MODEL-RULE-HASH-SEED; runs with other options have another hash.

    Parameters
    ----------
    options : mapping of str
        The options of the run, as of `RunConfig`.
    """
    data, rule, model = str(options["data"]), str(options["rule"]), options["model"]
    parts = [Path(data).stem, *([str(model) if ";" not in str(model) else "model"] if model else [])]
    parts += [rule.rpartition(":")[2] or rule, _digest(options), str(options["seed"])]
    return "-".join(re.sub(r"[^A-Za-z0-9_.-]+", "_", part) for part in parts)


def _digest(options: Mapping[str, Any]) -> str:
    """Return six hexadecimal digits of a hash of the options."""
    deciding = {name: value for name, value in options.items() if name not in NOT_OF_THE_RUN}
    return hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()[:6]
