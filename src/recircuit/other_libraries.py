"""Names that users of Keras, PyTorch, scikit-learn and Brian2 try first, and what does the same in recircuit.

Error messages end in these sentences. They are kept by the class, function or module that has no such attribute or argument,
those of flags in equations as arguments of ``flags``. ``"*"`` stands for arguments that were given without their names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["NamesFromElsewhere", "argument_hint", "attribute_hint"]

_TRAINED = "It is trained by rc.train(net, data, epochs)."
_RECORDED = "Variables are recorded by net.run(..., record=['h.rate']), which returns a trace."
_EQUATIONS = (
    "What happens on the clock is an equation of a neuron or a rule; see net.phases for equations of some phases."
)
_STATE = "net.state() returns all variables by name, and net.set_state(state) sets them."
_COLUMNS = "history.columns() returns all columns by name, and history['train_error'] is one of them."
_SHARE = "The share of right answers is 1 - evaluation.error."
_OPENED = "A circuit that was saved is opened by rc.Circuit.load(path), a run by rc.load_run(folder)."
_CALLBACKS = "Callbacks are rc.EarlyStopping, rc.RateSchedule, rc.CSVLogger, rc.TensorBoardLogger and rc.WandbLogger."
_NETWORK = "A network of layers is made by rc.layered([64, 100, 10], 'urfb'); other circuits begin with rc.Circuit()."
_SPIKES = "Units send rates in every step, and no spikes."
_DATA = f"{_SPIKES} A population that shows data is made by circuit.stimulus(name, size)."
_CLOCK = "The time step and the seed belong to the circuit, as in rc.Circuit(dt=.1*ms, seed=3)."
_BACKEND = "The backend is chosen when the circuit runs, as in net.run(..., backend='cpp')."
_UNITS = "Units are those of Brian2, as in from brian2 import ms, Hz."
_APART = "Each circuit is an object with its own parts, so that nothing has to be collected."
_STORED = "net.store() and net.restore() keep the state of a circuit; net.save(path) writes it to a file."
_EXPLAINED = "print(net.explain()) says what runs in which step, and why."
_ESTIMATOR = "The estimators are in recircuit.sklearn, as in from recircuit.sklearn import CircuitClassifier."

#: Stands for all names of a class that are not listed.
OTHERS = ""

ATTRIBUTES: dict[str, dict[str, str]] = {
    "recircuit": {
        **dict.fromkeys(("load_model", "load_circuit", "load_weights"), _OPENED),
        **dict.fromkeys(("callbacks", "LambdaCallback"), _CALLBACKS),
        **dict.fromkeys(("Sequential", "Model", "Network", "Layer", "layers"), _NETWORK),
        **dict.fromkeys(("CircuitClassifier", "CircuitRegressor"), _ESTIMATOR),
        "ModelCheckpoint": "rc.EarlyStopping() keeps the best weights, and rc.train(..., out='folder') writes each epoch.",
        "LearningRateScheduler": "rc.RateSchedule(lambda epoch: .9**epoch) multiplies the learning rates by a factor.",
        "ReduceLROnPlateau": "Rates fall after the epochs that are named in rc.RateSchedule.steps(10, 20).",
        "NeuronGroup": "rc.Neuron(equations) describes units, and circuit.population(name, size, neuron) makes them.",
        "Synapses": "circuit.connect(pre, post, rule=rule) makes synapses, and rc.Rule holds their equations.",
        **dict.fromkeys(("StateMonitor", "SpikeMonitor", "PopulationRateMonitor", "EventMonitor"), _RECORDED),
        **dict.fromkeys(("PoissonGroup", "PoissonInput", "SpikeGeneratorGroup"), _DATA),
        **dict.fromkeys(("network_operation", "run_regularly"), _EQUATIONS),
        **dict.fromkeys(("defaultclock", "Clock", "seed"), _CLOCK),
        **dict.fromkeys(("set_device", "device", "prefs"), _BACKEND),
        **dict.fromkeys(("start_scope", "collect", "magic_network"), _APART),
        **dict.fromkeys(("store", "restore"), _STORED),
        **dict.fromkeys("second ms us Hz kHz volt mV amp nA pA siemens nS ohm farad pF".split(), _UNITS),
        "TimedArray": "It is that of Brian2, as in from brian2 import TimedArray, and a stimulus takes it as its data.",
        "Equations": "Equations are a text, as in rc.Neuron('basal : 1 (compartment)').",
        "profiling_summary": _EXPLAINED,
        "run": "A circuit is run by its own method, as in net.run(data).",
        "fit": _TRAINED,
    },
    "Circuit": {
        **dict.fromkeys(("fit", "train", "partial_fit"), _TRAINED),
        "compile": "It is built when it first runs; rc.train(..., backend='cpp') says by what.",
        "get_weights": "Its weights are net.weights().",
        "state_dict": "Its weights are net.weights().",
        "set_weights": "Its weights are set by net.load_weights(mapping).",
        "load_state_dict": "Its weights are set by net.load_weights(mapping).",
        "save_weights": "net.save(path) writes the circuit with its weights, and net.weights() returns them.",
        "score": "It is measured by net.evaluate(data).",
        "plot": "net.run(..., record=['h.rate']).plot() plots what was recorded, and net.diagram() draws the circuit.",
        "predict_proba": "net.outputs(x) returns the field of each output unit.",
        "layers": "Its layers are in net.populations and net.projections.",
        "stop_training": "A callback stops training where its on_epoch_end returns True.",
        **dict.fromkeys(("monitor", "record"), _RECORDED),
        **dict.fromkeys(("add", "run_regularly", "network_operation"), _EQUATIONS),
        **dict.fromkeys(("get_states", "set_states"), _STATE),
        "t": "The time of its clock is net.state()['clock.t'], in seconds; trace.t has the times of what was recorded.",
        "objects": "Its parts are in net.populations and net.projections.",
        **dict.fromkeys(
            ("profiling_info", "profiling_summary", "get_profiling_info", "scheduling_summary"), _EXPLAINED
        ),
        "remove": "A part that was declared stays. Declare another circuit without it.",
        "stop": "Ctrl-C stops a run; in a closed loop, net.live(), you present one stimulus after the other.",
        "clock": "Its time step is net.dt, and its time net.state()['clock.t'], in seconds.",
        "namespace": "Values are parameters, as in net['h.tau'], which are set in the same way.",
    },
    "Population": {
        OTHERS: "population['rate'] reads a variable of its units, and population['rate'] = .5 sets it.",
        **dict.fromkeys(("N", "n"), "Its number of units is population.size."),
        "equations": "Its equations are population.neuron.",
        "run_regularly": _EQUATIONS,
        "clock": "It is no group of Brian2, which monitors of Brian2 could read. " + _RECORDED,
    },
    "Projection": {
        OTHERS: "projection['w'] reads a variable of its synapses, and projection['w'] = array sets it.",
        "connect": "Its synapses are those that net.connect(pre, post, connectivity=...) has made.",
        **dict.fromkeys(
            ("i", "j", "N"), "Which synapses it has is projection.connectivity, and their number projection.synapses."
        ),
    },
    "Trace": {OTHERS: "trace['h.rate'] is a variable that was recorded, and trace.names lists all of them."},
    "History": {
        **dict.fromkeys(("history", "params"), _COLUMNS),
        **dict.fromkeys(("accuracy", "acc"), "The share of right answers is 1 - history['train_error']."),
        **dict.fromkeys(("val_accuracy", "val_acc"), "The share of right answers is 1 - history['validation_error']."),
        "val_loss": "The error is history['validation_error'], or history['validation_mse'] for real values.",
        "loss": "The error is history['train_error'], or ['train_mse'] for real values; net.evaluate(data) has the loss.",
    },
    "Evaluation": dict.fromkeys(("accuracy", "acc", "score"), _SHARE),
}

_SILENT = "Nothing is printed."
_CHUNKS = "Samples are presented as many at a time as the circuit has batch elements."
_WEIGHTED = "All samples count alike. A sample counts twice if it is given twice."
_OF_RULE = "The learning rate is a parameter of the rule, as in rc.urfb.with_parameters(rate=.1)."
_BY_NAME = "Values are given by their names, as in rc.Neuron(equations, tau=10*ms), or **values."
_OF_POPULATION = "It belongs to the population, as in net.population('h', 100, neuron)."
_OF_CIRCUIT = (
    "The clock and the type of numbers belong to the circuit, as in rc.Circuit(dt=.1*ms, precision='float32')."
)
_OF_SYNAPSES = (
    "A rule holds equations of synapses, as rc.Rule('hebb', source='Hebb 1949', forward='dw = .1*x_post*x_pre')."
)
_VALIDATION = "validation=.1 keeps a share of the samples apart, and validation=(x, y) gives other samples."

ARGUMENTS: dict[str, dict[str, str]] = {
    "train": {
        **dict.fromkeys(("rate", "lr", "learning_rate", "optimizer"), _OF_RULE),
        "batch_size": "It belongs to the circuit, as in rc.layered(sizes, batch_size=20).",
        "loss": "It belongs to the circuit, as in rc.layered(sizes, loss='softmax').",
        "seed": "It belongs to the circuit, as in rc.layered(sizes, seed=3).",
        "shuffle": "Every epoch shows the samples in an order of its own.",
        "verbose": "progress=False shows no progress bar.",
        **dict.fromkeys(("validation_split", "validation_data"), _VALIDATION),
        **dict.fromkeys(("sample_weight", "class_weight"), _WEIGHTED),
        "initial_epoch": "Training goes on with the epoch that follows the circuit's last, which is net.epoch.",
        "steps_per_epoch": "An epoch shows all samples once; give fewer samples for a shorter one.",
        "metrics": "Errors are measured always; a callback's on_epoch_measure adds columns to the history.",
        "*": "Samples and labels are one pair, as in rc.train(net, (x, y), epochs=5).",
    },
    "evaluate": {
        "verbose": _SILENT,
        "batch_size": _CHUNKS,
        "sample_weight": _WEIGHTED,
        "*": "Samples and labels are one pair, as in net.evaluate((x, y)).",
    },
    "predict": {"verbose": _SILENT, "batch_size": _CHUNKS},
    "outputs": {"verbose": _SILENT, "batch_size": _CHUNKS},
    "EarlyStopping": {
        "restore_best_weights": "keep_best=True, which is usual, gives the circuit the weights of its best epoch.",
        "min_delta": "The smallest change that counts is least=.001.",
        "mode": "Smaller values are better in all columns that can be watched.",
        "verbose": _SILENT,
    },
    "CircuitEstimator": {
        "activation": "The transfer function of hidden units is transfer='clip'.",
        "learning_rate_init": "The learning rate is rate=.1.",
        "learning_rate": "The learning rate is rate=.1, and falls with the number of updates.",
        **dict.fromkeys(
            ("solver", "optimizer"), "How weights change is rule='urfb'; `recircuit rules` prints the rules."
        ),
        "alpha": "Weights have no penalty; a rule may have one, as rule='kolen_pollack'.",
        "tol": "early_stopping=True stops after n_iter_no_change epochs without a smaller validation error.",
        "shuffle": "Every epoch shows the samples in an order of its own, which depends on random_state.",
    },
    "Neuron": {
        **dict.fromkeys(("threshold", "reset", "refractory", "events", "on_pre", "on_post"), _SPIKES),
        **dict.fromkeys(("namespace", "parameters", "params"), _BY_NAME),
        **dict.fromkeys(("N", "size", "name"), _OF_POPULATION),
        **dict.fromkeys(("dt", "clock", "order", "when", "dtype"), _OF_CIRCUIT),
        "model": "The equations are the first argument, as in rc.Neuron(equations, tau=10*ms).",
    },
    "population": {
        **dict.fromkeys(("threshold", "reset", "refractory", "events"), _SPIKES),
        **dict.fromkeys(("namespace", "parameters", "params"), _BY_NAME),
        **dict.fromkeys(("dt", "clock", "order", "when", "dtype"), _OF_CIRCUIT),
        "method": "The method belongs to the neuron, as in rc.Neuron(equations, method='exponential_euler').",
        "N": "The number of units is the second argument, as in net.population('h', 100, neuron).",
    },
    "flags": {
        "unless refractory": _SPIKES,
        **dict.fromkeys(("event-driven", "clock-driven"), f"{_SPIKES} Equations of synapses are those of a rule."),
        "summed": "A sum over synapses is a compartment, as in 'basal : 1 (compartment)'.",
        "linked": "What another population sends arrives in a compartment, by net.connect(pre, post).",
        "constant": "A parameter of each unit is constant during a run, so that the flag is left out.",
        "shared": "A value of all units is a parameter of the neuron, as in rc.Neuron(equations, tau=10*ms).",
        "scalar": "A value of all units is a parameter of the neuron, as in rc.Neuron(equations, tau=10*ms).",
    },
    "Rule": {
        **dict.fromkeys(("on_pre", "on_post", "pre", "post"), f"{_SPIKES} {_OF_SYNAPSES}"),
        **dict.fromkeys(("model", "equations", "*"), _OF_SYNAPSES),
        **dict.fromkeys(("namespace", "params"), "Values are parameters, as in parameters=dict(rate=.1)."),
        **dict.fromkeys(("rate", "lr", "learning_rate"), "Its numbers are parameters, as in parameters=dict(rate=.1)."),
        "delay": "A delay belongs to the projection, as in net.connect(x, h, rule=rule, delay=5*ms).",
        "method": "Statements in continuous time, dw/dt = ..., are integrated by the Euler method.",
    },
    "layered": {"*": "The sizes are one list, as in rc.layered([784, 500, 10])."},
    "Circuit": {
        **dict.fromkeys(("rate", "lr", "learning_rate"), _OF_RULE),
        "activation": "The transfer function belongs to the layers or units, as in rc.layered(sizes, transfer='tanh').",
        "backend": _BACKEND,
        "name": "A circuit has no name.",
        "method": "The method belongs to the neuron, as in rc.Neuron(equations, method='exponential_euler').",
        "namespace": "Values are parameters of a neuron, as in rc.Neuron(equations, tau=10*ms), or of a rule.",
        "*": "Its parts are added by its methods, as in net.population('h', 100, neuron).",
    },
    "stimulus": dict.fromkeys(("rates", "values", "data"), "Data are given when it runs, as in net.run({'x': data})."),
    "store": dict.fromkeys(("filename", "*"), "net.save(path) writes the circuit and its state to a file."),
    "restore": {
        **dict.fromkeys(("filename", "*"), "rc.Circuit.load(path) reads a circuit and its state from a file."),
        "restore_random_state": "The random numbers go on as they did when the state was stored.",
    },
    "run": {
        **dict.fromkeys(("report", "report_period"), "A run shows no progress; rc.train does."),
        "namespace": "Values are parameters of the neuron, as in rc.Neuron(equations, tau=10*ms), or of the rule.",
        "dt": "The time step belongs to the circuit, as in rc.Circuit(dt=.1*ms).",
        "duration": "The time is the second argument, as in net.run(data, 100*ms).",
        "profile": _EXPLAINED,
        "level": "Values are parameters, so that no names of your script are looked up.",
    },
    "connect": {
        "p": "Random synapses are connectivity=rc.Masked(.1).",
        **dict.fromkeys(
            ("i", "j"), "Single synapses are connectivity=array, whose entry [post, pre] says whether there is one."
        ),
        "condition": "Synapses are chosen by connectivity=, as rc.OneToOne() or an array of True and False.",
        "n": "Further synapses between two populations are another projection, with a name of its own.",
        **dict.fromkeys(("source", "target"), "The populations are pre and post, as in net.connect(x, h)."),
        **dict.fromkeys(("on_pre", "on_post", "model", "*"), f"{_SPIKES} {_OF_SYNAPSES}"),
        "method": "Statements in continuous time, dw/dt = ..., are integrated by the Euler method.",
        "namespace": "Values are parameters of the rule, as in rc.Rule(..., parameters=dict(rate=.1)).",
    },
}


def attribute_hint(owner: str, name: str) -> str:
    """Return a blank and what does in recircuit what a name does elsewhere; an empty text for a name that is not known."""
    known = {} if name.startswith("_") else ATTRIBUTES.get(owner, {})
    found = known.get(name, known.get(OTHERS))
    return f" {found}" if found else ""


def argument_hint(function: str, name: str) -> str:
    """Return a blank and where an argument is given here; an empty text for an argument that is not known."""
    found = ARGUMENTS.get(function, {}).get(name)
    return f" {found}" if found else ""


def _part(owner: Any, name: str) -> str:
    """Return a blank and how the part of a circuit that has a name is read; an empty text if there is none."""
    for kind in ("population", "projection"):
        if name in vars(owner).get(f"{kind}s", ()):
            return f" The {kind} of this name is net[{name!r}]."
    return ""


class NamesFromElsewhere:
    """A class whose message about an attribute that is not there says what does the same in recircuit."""

    if not TYPE_CHECKING:
        __iter__ = None  # what is read by names in brackets is no list, unless a class says so

        def __getattr__(self, name: str) -> Any:
            if hasattr(type(self), name):  # a property that has raised an AttributeError, which is raised again
                return super().__getattribute__(name)
            kinds = [kind.__name__ for kind in type(self).__mro__]
            hint = next((found for kind in kinds if (found := attribute_hint(kind, name))), "") or _part(self, name)
            message = f"{kinds[0]!r} object has no attribute {name!r}" + (f".{hint}" if hint else "")
            raise AttributeError(message, name=name, obj=self)
