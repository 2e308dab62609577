"""`python -m pytest_distil` is the command `pytest-distil`."""

import sys

from pytest_distil.cli import main

if __name__ == "__main__":
    sys.exit(main())
