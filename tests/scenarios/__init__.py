"""What users do, told once, and tried on the memory adapters and on real servers.

A scenario is a class that needs the fixture ``client``: an HTTP client of a whole application.
"""
