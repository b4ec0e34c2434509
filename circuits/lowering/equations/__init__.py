"""Equations of neurons and rules as they are in a step: as statements, simplified, and split by unit."""
