"""Every port in this process's memory: the testers' fakes, and good enough to run the whole product."""
