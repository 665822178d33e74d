"""The real adapters keep the promises of their ports, on real servers."""
