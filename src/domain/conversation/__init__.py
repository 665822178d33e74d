"""Conversations, their participants, and what each of them may do there."""
