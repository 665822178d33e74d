"""Whoever checks what broken servers did is checked."""
