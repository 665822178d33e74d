"""Who is writing right now: said while it lasts, stored nowhere."""
