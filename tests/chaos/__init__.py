"""Whole servers on real stores, hurt on purpose, and what must hold of everything their clients saw."""
