"""`python -m forensics` is `forensics`."""

from forensics.cli.start import main

if __name__ == "__main__":
    main()
