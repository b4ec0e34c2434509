"""The form of a circuit in Brian2's own Synapses, which every other form is compared with."""
