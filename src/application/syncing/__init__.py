"""Catching up: a client that was away asks for what is new since the numbers it knows, and needs nothing else."""
