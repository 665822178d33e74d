"""What several tests need: servers, people, sockets."""
