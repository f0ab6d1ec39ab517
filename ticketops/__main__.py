"""`python -m ticketops`."""

from ticketops.cli.main import main

if __name__ == "__main__":
    main()
