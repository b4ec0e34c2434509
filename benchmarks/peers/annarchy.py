"""ANNarchy: generated C++ with dense matrices, -O3 -march=native -ffast-math, two threads; one batch element only.

Between a few calls of `simulate` a presentation sets the stimulus and, from `clamped_from` on, the label. In mode
"needed" a pathway is closed by its flag `transmission`; the first hidden layer then keeps the field that it has.
"""

from __future__ import annotations

import ANNarchy as ann
import numpy as np

from benchmarks.peers.annarchy_network import compile_network, new_network
from benchmarks.peers.server import Peer, Unsupported, serve
from benchmarks.workload import Problem

HIDDEN = """
    basal = {basal}
    u = tanh(basal)
    d = sum(apical)*(1.0 - u*u)
    r += {mix}*(u - r)
"""
OUTPUT = """
    u = tanh(sum(basal))
    d = clamped*(s - r)
    r += {mix}*(u - r)
"""


class AnnarchyPeer(Peer):
    """A network of its own; learning is on in the last step of each period."""

    packages = ("ANNarchy", "numpy")

    def __init__(self, problem: Problem, mode: str) -> None:
        super().__init__(problem, mode)
        if self.settings.batch_size != 1:
            raise Unsupported("it has no batches")
        self.net = net = new_network()
        self.layers = [net.create(n, neuron) for n, neuron in zip(self.settings.sizes, self._neurons())]
        pairs = list(zip(self.layers, self.layers[1:]))
        forward, back = self._synapse("r", "d"), self._synapse("d", "r")
        self.forward = [net.connect(a, b, "basal", forward) for a, b in pairs]
        self.back = [net.connect(b, a, "apical", back) for a, b in pairs[1:]]
        for projection, w in zip(self.forward + self.back, problem.weights + problem.feedback):
            projection.from_matrix(w, storage_format="dense")
        compile_network(net)
        for projection in self.forward + self.back:
            projection.enable_learning(period=float(self.settings.steps), offset=self.settings.steps - 1.0)

    def _neurons(self) -> list[ann.Neuron]:
        mix = self.settings.mix
        hidden = HIDDEN.format(mix=mix, basal="sum(basal)")
        first = HIDDEN.format(mix=mix, basal="opened*sum(basal) + (1.0 - opened)*basal")
        output = ann.Neuron(parameters="s = 0.0\nclamped = 0.0 : population", equations=OUTPUT.format(mix=mix))
        needed = self.mode == "needed"
        neurons = [
            ann.Neuron(parameters="r = 0.0"),
            ann.Neuron(parameters="opened = 1.0 : population", equations=first),
        ]
        neurons[1:] = neurons[1:] if needed else [ann.Neuron(equations=hidden)]
        return neurons + [ann.Neuron(equations=hidden)] * (self.settings.layers - 2) + [output]

    def _synapse(self, sent: str, met: str) -> ann.Synapse:
        return ann.Synapse(
            parameters=f"eta = {self.settings.rate} : projection",
            equations=f"w += eta*pre.{sent}*post.{met}",
            psp=f"w*pre.{sent}",
        )

    def reset(self) -> None:
        for layer in self.layers:
            layer.r = 0.0
        for layer in self.layers[1:]:
            layer.d = 0.0
        for projection, w in zip(self.forward + self.back, self.problem.weights + self.problem.feedback):
            projection.w = w

    def weights(self) -> list[np.ndarray]:
        return [np.asarray(projection.w) for projection in self.forward + self.back]

    def present(self, count: int) -> None:
        show = self._needed if self.mode == "needed" else self._every
        for presentation in range(count):
            row = self.problem.shown(presentation)[0]
            self.layers[0].r = self.problem.x[row]
            self.layers[-1].s = self.problem.s[row]
            show()

    def _every(self) -> None:
        output, before = self.layers[-1], self.settings.clamped_from
        output.clamped = 0.0
        self.net.simulate(float(before))
        output.clamped = 1.0
        self.net.simulate(float(self.settings.steps - before))

    def _needed(self) -> None:
        """Open the feedback into layer l in the last l steps only."""
        top, steps = self.settings.layers, self.settings.steps
        self.layers[-1].clamped = 1.0
        for projection in self.back:
            projection.transmission = False
        self._open_first(True)
        self.net.simulate(1.0)
        self._open_first(False)
        self.net.simulate(float(steps - top))
        for l in range(top - 1, 0, -1):
            self.back[l - 1].transmission = True
            if l == 1:
                self._open_first(True)  # what does not transmit does not learn
            self.net.simulate(1.0)

    def _open_first(self, opened: bool) -> None:
        self.forward[0].transmission = opened
        self.layers[1].opened = float(opened)


if __name__ == "__main__":
    serve(AnnarchyPeer)
