"""The machine's clock and its randomness: the only place where either may be asked."""
