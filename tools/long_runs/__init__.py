"""Long runs of the papers' experiments, one after another in the background: ``python -m tools.long_runs``."""
