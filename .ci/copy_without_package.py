"""Copy the project without its package, so that tests in the copy can import the installed wheel only."""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "pytest_distil"


def main(tree: str, copy: str) -> None:
    """Copy `tree` to `copy` and check that the package found from there is the installed one."""
    left_behind = shutil.ignore_patterns(PACKAGE, ".*cache*", ".distil", ".git", ".tox", ".venv", "__pycache__")
    shutil.copytree(tree, copy, ignore=left_behind, dirs_exist_ok=True)
    sys.path.insert(0, copy)
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None or not Path(spec.origin).is_relative_to(sys.prefix):
        sys.exit(f"{PACKAGE} is not imported from {sys.prefix!r}: {spec}")


if __name__ == "__main__":
    main(*sys.argv[1:])
