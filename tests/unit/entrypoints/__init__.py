"""The edges, in memory."""
