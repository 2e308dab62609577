"""The entry of the plugin, as light as it can be: nothing else is imported until a mode is on."""

from __future__ import annotations

import pytest

from pytest_distil.plugin import hookspecs
from pytest_distil.plugin.options import add_marker, add_options, given


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hooks; without a mode nobody calls them."""
    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register options and ini settings."""
    add_options(parser)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and start the mode that was asked for."""
    add_marker(config)
    options = given(config)
    if any(name.startswith("--") for name, _ in options.values()):
        from pytest_distil.plugin.modes import start

        start(config, options)
