"""When things happen: phases, schedules of several modes, and the times at which a pathway is open."""
