"""What can be done: use cases, the bus they go through, and the ports they speak to. Imports domain and msgspec."""
