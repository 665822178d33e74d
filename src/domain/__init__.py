"""What is true of people, conversations and messages. Imports the standard library and nothing else."""
