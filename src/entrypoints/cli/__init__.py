"""The command ``sentinal``: everything an operator or developer does with the product."""
