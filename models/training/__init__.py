"""Training of a circuit, epoch by epoch: the loop, its checkpoints, its history, the machine."""
