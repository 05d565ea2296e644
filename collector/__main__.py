"""`python -m collector` is `wardwatch`."""

from collector.cli import main

if __name__ == "__main__":
    main()
