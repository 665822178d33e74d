"""Each port's promise as tests: an adapter that passes its contract may replace any other that does."""
