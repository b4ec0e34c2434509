"""Backpropagation, a control: the feedback weights are the transpose of the forward weights.

See Rumelhart, Hinton and Williams 1986, and Amit, Eq. 6 with R = W^T. No synapse can know the
weight of another one, so this rule is not local.
"""

from ..rule import Rule
from ..transpose import Transpose

__all__ = ["bp"]

bp = Rule(
    "bp",
    source="Rumelhart, Hinton and Williams 1986; Amit, Eq. 6 with R = W^T",
    about="Backpropagation, a control: the feedback weights are the transpose of the forward weights.",
    forward="dw = rate*error_post*x_pre",
    parameters=dict(rate=1.0),
    feedback=Transpose(),
    local=False,
)
