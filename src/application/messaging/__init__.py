"""Messages: sending, reading back, and marking read."""
