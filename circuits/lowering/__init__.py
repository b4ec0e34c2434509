"""From declarations to Brian2 objects: populations (shared), and projections in two ways, dense and plain."""
