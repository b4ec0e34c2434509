"""A rule by which feedback weights become the mirror image of forward weights."""

import recircuit as rc

mirror = rc.Rule(
    name="mirror",
    source="Kolen and Pollack 1994",
    forward="dw = rate*(error_post*x_pre - decay*w)",
    feedback="dw = rate*(error_pre*x_post - decay*w)",
    parameters=dict(rate=1.0, decay=1e-3),
)
