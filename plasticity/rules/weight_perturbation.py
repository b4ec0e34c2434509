"""Weight perturbation: every weight is changed at random, and keeps the part of the change that reduced the loss.

See Dembo and Kailath 1990, and Werfel, Xie and Seung 2005. The rule is applied twice in a presentation; `updates` says which
time it is. The first time, a synapse adds noise to its weight. The second time, when the noisy loss is known, it subtracts
the noise again, and learns:

    noise = sd*randn(),   dw = noise
    dw = -noise - rate*rise*noise/sd^2,   rise = noisy loss - clean loss

Batch elements share their weights, and therefore the noise. For small noise, the mean of the update is the gradient, and its
mean square is (number of weights + 2) times that of the gradient. `recircuit.models.networks.weight_perturbation` builds the
network; `examples/perturbation.py` shows a linear one.

The noise of an update has components in all directions. So the mean loss falls only if the rate is below
2 |g|^2/(|g_B|^2 tr(H)), where g is the gradient over all samples, g_B that over a batch, and H the matrix of second
derivatives of the loss. The trace grows with the squared length of the input: for the first weights of a network with 100
hidden units 2/tr(H) is 0.0016 on MNIST and 0.0056 on digits. When g becomes small beside g_B, a smaller rate is needed.
The usual rate is for MNIST, where larger ones end at a larger error. On digits, where twenty epochs are 1,440 updates, use
1e-3 and many more epochs.
"""

from ..rule import Rule

__all__ = ["weight_perturbation"]

weight_perturbation = Rule(
    "weight_perturbation",
    source="Werfel, Xie and Seung 2005; Dembo and Kailath 1990",
    about="Weights are changed at random, and keep the part of the change that reduced the loss.",
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
