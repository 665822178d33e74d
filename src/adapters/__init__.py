"""How it is done: one package per technology, none of which knows another."""
