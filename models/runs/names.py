"""The folder that a run has where none is named."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["HOW_FAR_AND_WHERE", "folder_name"]

#: The options that only say how far a run goes, on what, and from where.
HOW_FAR_AND_WHERE = ("epochs", "backend", "data_dir")


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
    """Return six hexadecimal digits of a hash of the options, without the seed, which stands in the name itself."""
    deciding = {name: value for name, value in options.items() if name not in (*HOW_FAR_AND_WHERE, "seed")}
    return hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()[:6]
