"""Plain Brian2, one batch element, float32: `cython`, `cpp` (standalone) and `cuda` (Brian2CUDA) with Synapses, and `numpy`:
products by NumPy.

Synapses bring every signal over by a summed variable in every step, so that with them there is no mode "needed".
Learning is the first thing of the next presentation's first step. What is timed is the loop over steps as Brian2 itself
times it, without code generation, compilation, start and files. Summed variables know no threads.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import brian2 as b2
import numpy as np

from benchmarks.peers.server import THREADS, Peer, Unsupported, serve
from benchmarks.workload import Problem

b2.prefs.core.default_float_dtype = np.float32
b2.prefs.devices.cpp_standalone.extra_make_args_unix = ["-j2"]
ms = b2.ms

HIDDEN = """
    dr/dt = (tanh(basal) - r)/tau : 1
    basal : 1
    apical : 1
    d : 1
"""
OUTPUT = """
    dr/dt = (tanh(basal) - r)/tau : 1
    basal : 1
    d : 1
    d_next : 1
    s : 1
"""


class Brian2Peer(Peer):
    """Populations; what joins them is in the classes below. A presentation more is begun than asked for, to learn."""

    packages = ("brian2", "numpy", "cython")

    def __init__(self, problem: Problem, mode: str) -> None:
        super().__init__(problem, mode)
        if self.settings.batch_size != 1:
            raise Unsupported("it has no batches")
        b2.defaultclock.dt = 1 * ms
        p = self.settings
        self.period = p.steps * ms
        self.names = dict(
            tau=ms / p.mix, steps=p.steps, clamped_from=p.clamped_from, eta=p.rate,
            X=b2.TimedArray(problem.x, dt=self.period), S=b2.TimedArray(problem.s, dt=self.period),
        )  # fmt: skip
        models = ["r : 1"] + [HIDDEN] * (p.layers - 1) + [OUTPUT]
        self.layers = [
            b2.NeuronGroup(n, model, method="euler", namespace=self.names) for n, model in zip(p.sizes, models)
        ]
        self.layers[0].run_regularly("r = X(t, i)", dt=self.period, when="before_groups")
        for layer in self.layers[1:-1]:
            layer.run_regularly("d = apical*(1 - tanh(basal)**2)", when="after_groups")
        output = self.layers[-1]
        output.run_regularly("s = S(t, i)", dt=self.period, when="start")
        output.run_regularly("d_next = int(t_in_timesteps % steps >= clamped_from)*(s - r)", when="before_groups")
        output.run_regularly("d = d_next", when="after_groups")
        self.network = b2.Network(self.layers)
        self.join()
        if not isinstance(self, Cpp):
            self.network.store()

    def join(self) -> None:
        """Add the pathways."""
        raise NotImplementedError

    def duration(self, count: int) -> b2.Quantity:
        """Return the duration of so many presentations, and a step for the last update."""
        if count >= len(self.problem.x):
            raise Unsupported(f"its stimuli last for {len(self.problem.x) - 1} presentations")
        return count * self.period + 1 * ms

    def reset(self) -> None:
        self.network.restore()

    def present(self, count: int) -> float:
        took = [0.0]

        def report(elapsed, completed, start, duration):
            took[0] = float(elapsed)

        self.network.run(self.duration(count), report=report, report_period=1000 * b2.second)
        return took[0]


class WithSynapses(Brian2Peer):
    """A Synapses object for each pathway."""

    def join(self) -> None:
        pairs = list(zip(self.layers, self.layers[1:]))
        self.pathways = [self.synapses(a, b, "basal", "r", "d") for a, b in pairs]
        self.pathways += [self.synapses(b, a, "apical", "d", "r") for a, b in pairs[1:]]
        for synapses, w in zip(self.pathways, self.problem.weights + self.problem.feedback):
            synapses.w = w.T.ravel()
        self.network.add(self.pathways)

    def synapses(self, pre, post, into: str, sent: str, met: str) -> b2.Synapses:
        """Return synapses from all to all, ordered by pre, then post."""
        model = f"w : 1\n{into}_post = w*{sent}_pre : 1 (summed)"
        found = b2.Synapses(pre, post, model, namespace=self.names)
        i, j = np.divmod(np.arange(len(pre) * len(post)), len(post))
        found.connect(i=i, j=j)
        found.run_regularly(f"w += eta*{sent}_pre*{met}_post", dt=self.period, when="start", order=-10)
        return found

    def weights(self) -> list[np.ndarray]:
        shapes = [w.shape for w in self.problem.weights + self.problem.feedback]
        return [np.array(s.w[:]).reshape(shape[::-1]).T for s, shape in zip(self.pathways, shapes)]


class Cython(WithSynapses):
    """Brian2's target `cython`, in process."""

    def __init__(self, problem: Problem, mode: str) -> None:
        if mode == "needed":
            raise Unsupported("its pathways are always open")
        b2.prefs.codegen.target = "cython"
        super().__init__(problem, mode)


class Cpp(WithSynapses):
    """C++ standalone: each run is a process that begins from the initial state."""

    device, main = "cpp_standalone", "main.cpp"

    def __init__(self, problem: Problem, mode: str) -> None:
        if mode == "needed":
            raise Unsupported("its pathways are always open")
        b2.set_device(self.device, build_on_run=False)
        super().__init__(problem, mode)
        self.network.run(1 * ms)
        folder = tempfile.mkdtemp(prefix="brian2-")
        b2.device.build(directory=folder, compile=False, run=False)
        main = Path(folder) / self.main
        text, found = re.subn(r"\.run\([\d.e-]+,", '.run(std::atof(std::getenv("DURATION")),', main.read_text())
        if found != 1:
            raise RuntimeError(f"{self.main} does not look as expected")
        main.write_text(text)
        self.compile(Path(folder))

    def compile(self, folder: Path) -> None:
        """Build what has been written."""
        b2.device.compile_source(str(folder), "unix", debug=False, clean=False)

    def reset(self) -> None:
        pass

    def present(self, count: int) -> float:
        os.environ["DURATION"] = repr(float(self.duration(count)))
        b2.device.has_been_run = False
        b2.device.run(with_output=False)
        return float(b2.device._last_run_time)


class Cuda(Cpp):
    """Brian2CUDA, as it is except for the language standard: CUDA 13's own headers ask for C++17."""

    packages = ("brian2", "brian2cuda", "numpy")
    device, main = "cuda_standalone", "main.cu"

    def __init__(self, problem: Problem, mode: str) -> None:
        import brian2cuda  # noqa: F401  (registers the device)

        from recircuit.circuits.backends.cuda import gpu, toolkit

        found, tools = gpu.find_gpu(), toolkit.find_toolkit()
        if isinstance(found, gpu.NoGpu) or tools is None:
            raise Unsupported(found.why if isinstance(found, gpu.NoGpu) else "no nvcc")
        cuda = b2.prefs.devices.cuda_standalone.cuda_backend
        cuda.detect_gpus, cuda.gpu_id = False, 0
        cuda.compute_capability = float(f"{found.capability[0]}.{found.capability[1]}")
        cuda.cuda_runtime_version = float(f"{tools.version[0]}.{tools.version[1]}")
        self.tools = tools
        super().__init__(problem, mode)

    def compile(self, folder: Path) -> None:
        assert self.tools.library is not None
        libraries = sorted(self.tools.library.parent.glob("libcurand.so*"))
        if not libraries:
            raise Unsupported(f"no cuRAND in {self.tools.library.parent}, beside cuBLAS")
        (folder / "libcurand.so").symlink_to(libraries[0])
        makefile = folder / "makefile"
        text = makefile.read_text().replace("-std=c++11", "-std=c++17")
        text = re.sub(r"^NVCC = @\S+", f"NVCC = @{self.tools.nvcc}", text, flags=re.M)
        text = text.replace("NVCCFLAGS = ", f'NVCCFLAGS = -I"{self.tools.include}" ')
        text = text.replace("LFLAGS = ", f'LFLAGS = -L. -Xlinker -rpath="{libraries[0].parent}" ')
        text = text.replace("$(OBJS) -o $(PROGRAM)", "$(OBJS) -o $(PROGRAM) -lcurand")
        makefile.write_text(text)
        subprocess.run(["make", f"-j{THREADS}"], cwd=folder, check=True, stdout=sys.stderr)


class Numpy(Brian2Peer):
    """State equations by Brian2 (cython), products by NumPy in network operations."""

    def __init__(self, problem: Problem, mode: str) -> None:
        b2.prefs.codegen.target = "cython"
        super().__init__(problem, mode)

    def join(self) -> None:
        p, top = self.settings, self.settings.layers
        self.w = [np.empty(0)] + [w.copy() for w in self.problem.weights]
        self.rt = [np.empty(0)] + [r.T.copy() for r in self.problem.feedback]
        self.dw = [np.empty_like(w) for w in self.w]
        r, d = ([self.array(layer, name) for layer in self.layers] for name in "rd")
        basal, apical = ([self.array(layer, name) for layer in self.layers] for name in ("basal", "apical"))
        needed, timestep = self.mode == "needed", b2.defaultclock.variables["timestep"].get_value()

        @b2.network_operation(when="groups", order=-1)
        def propagate():
            step = timestep[0] % p.steps
            for l in range(1, top + 1):
                if not needed or l > 1 or step == 0:
                    np.dot(self.w[l], r[l - 1], out=basal[l])
            for l in range(max(1, p.steps - step) if needed else 1, top):
                np.dot(d[l + 1], self.rt[l], out=apical[l])

        @b2.network_operation(when="start", order=-10, dt=self.period)
        def learn():
            for l in range(1, top + 1):
                np.multiply((np.float32(p.rate) * d[l])[:, None], r[l - 1], out=self.dw[l])
                self.w[l] += self.dw[l]
                if l > 1:
                    self.rt[l - 1] += self.dw[l]

        self.network.add(propagate, learn)

    @staticmethod
    def array(layer, name: str) -> np.ndarray | None:
        """Return the array of a variable itself, not a copy."""
        return layer.variables[name].get_value() if name in layer.variables else None

    def reset(self) -> None:
        super().reset()
        for mine, given in zip(self.w[1:], self.problem.weights):
            mine[:] = given
        for mine, given in zip(self.rt[1:], self.problem.feedback):
            mine[:] = given.T

    def weights(self) -> list[np.ndarray]:
        return self.w[1:] + [r.T for r in self.rt[1:]]


if __name__ == "__main__":
    serve({"cython": Cython, "cpp": Cpp, "cuda": Cuda, "numpy": Numpy}[sys.argv[1]])
