"""The equations of neurons and rules in a step: as statements, simplified, and split by unit."""
