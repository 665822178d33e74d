"""From committed events to frames on the broker: encoding, immediate dispatch, and the sweep behind it."""
