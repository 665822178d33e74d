"""People somebody saved, and people they block: two things said of one pair, independent of each other."""
