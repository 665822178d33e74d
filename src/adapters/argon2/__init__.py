"""Argon2id for passwords. It is slow on purpose and never runs on the event loop."""
