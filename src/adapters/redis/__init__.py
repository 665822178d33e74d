"""Redis as broker and as the memory of rate limits. What is kept in it may be lost; every call is bounded."""
