"""Conversations: opening, listing and reading them, and who takes part."""
