"""Delivery to connected clients: every durable event once, in order, without a hole, per conversation."""
