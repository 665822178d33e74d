"""Figures, one script each, measured beside their reference in the same run."""
