"""Redis as broker, as the memory of rate limits, and as a cache for all servers. What is kept in it may be lost; every call is bounded."""
