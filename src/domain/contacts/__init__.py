"""Whom somebody saved, and whom they block."""
