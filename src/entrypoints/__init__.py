"""Who asks: HTTP, WebSocket and the command line, and the one place where everything is put together."""
