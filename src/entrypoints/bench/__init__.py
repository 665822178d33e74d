"""The load generator behind ``sentinal bench``: people, groups, sends, and a ledger of what was heard."""
