"""The tool with which the MCP project checks authorization servers reads Locum's metadata."""

import json
import subprocess
from pathlib import Path

TOOL = Path(__file__).parent / "node_modules" / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
SCENARIO = "authorization-server-metadata-endpoint"
# Locum has no authorization endpoint that works yet, and says so (contract §4).
UNTIL_PEOPLE_SIGN_IN = "response_types_supported"


def test_the_mcp_conformance_tool_misses_nothing_in_the_metadata_but_the_authorization_code(broker, tmp_path):
    run = subprocess.run(["node", TOOL, "authorization", "--url", broker.issuer, "--scenario", SCENARIO,
                          "--output-dir", tmp_path], capture_output=True, text=True, timeout=60, check=False)
    reports = list(tmp_path.rglob("checks.json"))
    assert reports, f"expected a report, found {run.stdout[-2000:]} {run.stderr[-2000:]}"
    checks = json.loads(reports[0].read_text())
    failed = [check for check in checks if check["status"] == "FAILURE"]
    missed = [line for check in failed for line in check["errorMessage"].split(";")]
    assert len(missed) == 1, missed
    assert UNTIL_PEOPLE_SIGN_IN in missed[0]
