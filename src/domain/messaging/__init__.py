"""Messages, what they may contain, and how far each person has received and read them."""
