"""People, the devices they are logged in on, and who may see what of them."""
