"""The one way in: commands and queries, who may ask them, the transaction around them, and their record."""
