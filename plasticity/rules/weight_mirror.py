"""Weight mirrors: noise of the lower layer, and what it brings about in the upper one, teach the feedback weights.

Akrout et al. 2019, section 4.1. In the mirror mode the rates of a layer are white noise of variance s^2, which a unit has as
`spontaneous`. What arrives above is z = W noise, so that noise z^T has the mean s^2 W^T: the feedback synapses take it in, and
decay.

    dR = mirror_rate*spontaneous_post*basal_pre - mirror_decay*R

They come to rest at the transpose of W times mirror_rate s^2/mirror_decay. Of B samples at a time they average the last
2 B/mirror_decay; the n noisy units leave an error of the relative size sqrt(n mirror_decay/(2 B)).
The network is `recircuit.models.networks.weight_mirror`, and is in the gallery: `examples/weight_mirror.py`.
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
