"""``python -m entrypoints.cli``: the same as ``sentinal``, for processes that start each other."""

from entrypoints.cli.app import main

if __name__ == "__main__":
    main()
