"""Circuits as estimators of scikit-learn: in pipelines, grid searches and cross-validation."""

from recircuit.sklearn.classifier import CircuitClassifier
from recircuit.sklearn.regressor import CircuitRegressor

__all__ = ["CircuitClassifier", "CircuitRegressor"]
