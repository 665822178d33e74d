"""The memory adapters broken on purpose, to see that the contracts notice."""
