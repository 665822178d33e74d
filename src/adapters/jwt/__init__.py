"""Tokens and the keys they are made with. No key, and no token, is ever logged or shown in an error."""
