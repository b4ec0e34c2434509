"""The measurements of an epoch as text, as the progress bar, the history and the command line show them."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["errors_in", "with_unit"]

#: The end of a column's name -> how its values are written.
FORMATS = {"_error": "{:.2%}", "_mse": "{:.4g}", "_angle": "{:.3g}°", "_per_second": "{:,.0f}"}


def with_unit(column: str, value: float) -> str:
    """Return a measurement as text: an error in percent, an angle in degrees, and any other value as a number.

    Parameters
    ----------
    column : str
        The name of its column in the history, such as ``"test_error"``.
    value : float
        The value.
    """
    return next((text for end, text in FORMATS.items() if column.endswith(end)), "{:.4g}").format(value)


def errors_in(row: Mapping[str, float]) -> dict[str, str]:
    """Return the errors of an epoch as text, each by its short name, as in ``{"train": "3.20%", "test": "5.41%"}``.

    With targets in place of classes they are mean squared errors, as in ``{"test mse": "0.312"}``.
    """
    columns = [name for name in row if name.endswith("_error")] + [name for name in row if name.endswith("_mse")]
    return {name.removesuffix("_error").replace("_", " "): with_unit(name, row[name]) for name in columns}
