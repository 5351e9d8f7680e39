"""Figures that tests measured, printed at the end of a run; a `conftest.py` imports both names."""

import pytest


def pytest_terminal_summary(terminalreporter):
    """Prints what was measured, test by test."""
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, text in report.user_properties:
            if name == "figure" and report.when == "call":
                terminalreporter.write_line(text)


@pytest.fixture
def figure(record_property):
    """A function that notes a measured figure, which the run prints at its end."""
    return lambda text: record_property("figure", text)
