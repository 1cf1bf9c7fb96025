"""Reaching focus: sharpness measures, classical searches, the learned estimators, and the controller."""
