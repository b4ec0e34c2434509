"""Which units a projection connects, and which synapses share a weight."""
