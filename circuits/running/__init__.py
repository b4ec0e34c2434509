"""The parts of a run besides the program: its data, closed loops, and measurements that change nothing."""
