"""The form of a circuit in Brian2's own Synapses, with which every other form is compared."""
