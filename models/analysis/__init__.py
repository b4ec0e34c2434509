"""What can be measured of a circuit: gradients, weights, signals, filters, answers."""
