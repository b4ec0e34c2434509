"""The timing of a circuit: phases, schedules of several modes, and the steps in which a pathway is open."""
