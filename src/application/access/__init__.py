"""The rules commands are guarded by, in the words of the permissions table."""
