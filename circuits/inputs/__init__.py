"""The conversion of a user's data to the rows that stimuli and supervisors present."""

from .rows import Inputs, Rows, as_inputs, as_mapping, dataset_inputs, rows_for

__all__ = ["Inputs", "Rows", "as_inputs", "as_mapping", "dataset_inputs", "rows_for"]
