"""Off is off: without a mode the plugin leaves no trace."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from support.suites import FIVE, Suite

MOST_MODULES = 6

PROBE = """
import json, sys
import pytest

class Probe:
    def pytest_unconfigure(self):
        print("PROBE", json.dumps(sorted(sys.modules)))

sys.exit(pytest.main(sys.argv[1:], plugins=[Probe()]))
"""

HEAVY = ("pydantic", "openai", "deepdiff", "jinja2", "sqlite3", "httpx2")


def modules_after(pytester: pytest.Pytester, *args: str) -> tuple[list[str], str]:
    """Return the modules that are loaded at the end of a run in a process of its own, and its output."""
    command = [sys.executable, "-W", "error", "-c", PROBE, "-p", "no:randomly", "-p", "no:cacheprovider", *args]
    # Other plugins would load what we must not.
    environment = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": ""}
    done = subprocess.run(command, cwd=pytester.path, env=environment, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout + done.stderr
    output, _, found = done.stdout.partition("PROBE ")
    return json.loads(found), output


@pytest.fixture
def suite(pytester: pytest.Pytester) -> Suite:
    """A suite with marked functions and without the settings of other plugins."""
    suite = Suite(pytester)
    (pytester.path / "tox.ini").write_text("[pytest]\n")
    suite.write(FIVE, "test_five")
    return suite


def test_no_mode_loads_next_to_nothing(pytester: pytest.Pytester, suite: Suite) -> None:
    """The plugin itself is at most six modules, none of them heavy; marks add what `import pytest_distil` is."""
    (pytester.path / "test_five.py").write_text("def test_it():\n    pass\n")
    modules, _ = modules_after(pytester, "-p", "pytest_distil.plugin")
    ours = [name for name in modules if name.partition(".")[0] == "pytest_distil"]

    assert "pytest_distil.plugin" in ours
    assert len(ours) <= MOST_MODULES, ours
    assert [] == [name for name in modules if name.partition(".")[0] in HEAVY]


@pytest.mark.parametrize("args", [("-p", "pytest_distil.plugin"), ()], ids=["no mode", "not loaded"])
def test_nothing_is_left_behind(pytester: pytest.Pytester, suite: Suite, args: tuple[str, ...]) -> None:
    """No file, no directory, no line of output, and no heavy import, although marked functions are called."""
    modules, output = modules_after(pytester, *args)
    files = {path.name for path in pytester.path.iterdir()}

    assert {"test_five.py", "tox.ini", "__pycache__"} == files
    assert "distil" not in output.replace(str(pytester.path), "")
    assert [] == [name for name in modules if name.partition(".")[0] in HEAVY]


@pytest.mark.parametrize("name", ["pytest_distil", "distil"])
def test_blocked_by_name(pytester: pytest.Pytester, suite: Suite, name: str) -> None:
    """`-p no:pytest_distil` and `-p no:distil` leave the suite as it is without us."""
    result = suite.run("-p", f"no:{name}", subprocess=True)

    result.assert_outcomes(passed=61)
    assert not suite.home.exists()
    result.stdout.no_fnmatch_line("*distil: *")


def test_importing_before_pytest_main(pytester: pytest.Pytester, suite: Suite) -> None:
    """A script may import the package before `pytest.main()`, under `-W error`: there is no rewrite warning."""
    script = "from pytest_distil import distil; import pytest, sys; sys.exit(pytest.main(['-q', '-p', 'no:asyncio']))"
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(command, cwd=pytester.path, capture_output=True, text=True, check=False)

    assert 0 == done.returncode, done.stdout + done.stderr
    assert "61 passed" in done.stdout
