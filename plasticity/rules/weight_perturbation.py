"""Weight perturbation: every weight is moved at random, and keeps the part that made the loss smaller.

Dembo and Kailath 1990; Werfel, Xie and Seung 2005. The rule acts twice in a presentation, as `updates` tells it. The first
time a synapse adds noise to its weight. The second time, when the noisy loss is known, it takes the noise back, and learns:

    noise = sd*randn(),   dw = noise
    dw = -noise - rate*rise*noise/sd^2,   rise = noisy loss - clean loss

Batch elements share their weights, and so the noise. For small noise the mean of the update is the gradient; its mean
square is (number of weights + 2) times that of the gradient. The network is `recircuit.models.networks.weight_perturbation`; a
linear one is in the gallery: `examples/perturbation.py`.

The noise of an update goes in all directions. So the loss falls in the mean only where the rate is below
2 |g|^2/(|g_B|^2 tr(H)), with g the gradient over all samples, g_B that over a batch, and H the second derivatives of the loss
by all weights. The trace grows with the squared length of the input: for the first weights of a network with 100 hidden units
2/tr(H) is 0.0016 on MNIST and 0.0056 on digits. As g becomes small beside g_B, a smaller rate is needed to go on. The usual
rate is for MNIST, where larger ones end at a larger error. On digits, where twenty epochs are 1,440 updates, use 1e-3 and many
more epochs.
"""

from ..rule import Rule

__all__ = ["weight_perturbation"]

weight_perturbation = Rule(
    "weight_perturbation",
    source="Werfel, Xie and Seung 2005; Dembo and Kailath 1990",
    about="Weights are moved at random, and keep the part that made the loss smaller.",
    forward="""
        later = updates % 2
        noise = (1 - later)*sd*randn() + later*noise
        dw = (1 - later)*noise
        dw = -later*(noise + rate*rise*noise/sd**2)
    """,
    state=dict(noise=0.0),
    broadcasts=("rise",),
    parameters=dict(rate=1e-4, sd=1e-4),
)
