"""The matching rule: the updates of feedback weights match those of the feedforward weights.

See Rombouts, Bohte and Roelfsema 2015, and Martinolli, Gerstner and Gilra 2018; it is a control of Lansdell, Prakash and
Kording 2020, section 4.2. It is URFB under the name that it has there: only the initial weights of the two differ.
"""

from ..rule import Rule
from .updated_feedback import urfb

__all__ = ["matching"]

matching = Rule(
    "matching",
    source="Rombouts, Bohte and Roelfsema 2015; Lansdell, Prakash and Kording 2020, section 4.2",
    about="The updates of feedback weights equal those of the forward weights.",
    forward=str(urfb.forward),
    feedback=str(urfb.feedback),
    parameters=dict(rate=0.0128),
)
