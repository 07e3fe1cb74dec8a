"""`python -m emptor`: the command line of this very interpreter, as the demo starts it."""

from emptor.cli import main

if __name__ == "__main__":
    main()
