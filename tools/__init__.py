"""Programs for developing the project; no part of the product."""
