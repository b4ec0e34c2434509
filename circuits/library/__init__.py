"""Ready-made parts of circuits: neurons, output circuits and transfer functions. Each kind has a table of its members."""
