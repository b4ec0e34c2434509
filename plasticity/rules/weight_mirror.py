"""Weight mirrors: feedback weights learn from noise of the lower layer and its effect in the upper layer.

See Akrout et al. 2019, section 4.1. In the mirror mode the rates of a layer are white noise of variance s^2, which a unit
keeps as `spontaneous`. The layer above receives z = W noise, so that noise z^T has the mean s^2 W^T. The feedback synapses
add this product, and decay:

    dR = mirror_rate*spontaneous_post*basal_pre - mirror_decay*R

They converge to the transpose of W times mirror_rate s^2/mirror_decay. With a batch of B samples they average about the last
2 B/mirror_decay samples, and the n noisy units leave an error of the relative size sqrt(n mirror_decay/(2 B)).
`recircuit.models.networks.weight_mirror` builds the network, and `examples/weight_mirror.py` shows it.
"""

from ..rule import Rule

__all__ = ["weight_mirror"]

weight_mirror = Rule(
    "weight_mirror",
    source="Akrout et al. 2019, section 4.1",
    about="Noise of the lower layer and its echo in the upper layer teach the feedback weights.",
    forward="dw = rate*error_post*x_pre",
    feedback="dw = mirror_rate*spontaneous_post*basal_pre - mirror_decay*w",
    parameters=dict(rate=0.05, mirror_rate=0.01, mirror_decay=0.01),
)
