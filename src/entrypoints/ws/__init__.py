"""The WebSocket edge: one socket per client, frames decoded to the same commands that HTTP uses."""
