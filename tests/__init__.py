"""Tests. ``unit`` needs no server; ``integration`` runs on real PostgreSQL and Redis that it starts itself."""
