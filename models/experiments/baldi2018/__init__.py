"""Experiments of Baldi, Sadowski and Lu 2018, *Learning in the Machine*."""
