"""What the application asks of the world, one module per conversation partner, in the application's words."""
