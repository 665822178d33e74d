"""What must hold whatever breaks: pure functions over a recorded history, which return what contradicts them."""
