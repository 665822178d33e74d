"""Accounts and sessions: registering, logging in, staying logged in, and being seen by others."""
