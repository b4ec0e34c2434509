"""Neuron models: their equations as text and as data, and what these read."""
