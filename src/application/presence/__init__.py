"""Who is online: told by sockets, kept by heartbeats, shown to those whom privacy admits."""
