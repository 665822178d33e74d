"""PostgreSQL as the store. No exception of the driver leaves this package; SQL is written nowhere else."""
