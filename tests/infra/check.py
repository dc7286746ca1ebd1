"""Checks infra/ without Azure and without the Bicep compiler: `python3 tests/infra/check.py`, with requirements.txt and
package.json beside it installed. First every check has to catch its own broken file; then infra/ has to pass them all."""

import pathlib
import subprocess
import sys
import json

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from rules import CHECKS  # noqa: E402

HERE = pathlib.Path(__file__).parent
INFRA = HERE.parent.parent / "infra"

# What checkov asks for and usher does otherwise, each with the reason.
SKIPPED = {
    "CKV_AZURE_35": "the network is closed by the switch privateNetworking",
    "CKV_AZURE_109": "the same, for the vault",
    "CKV_AZURE_189": "the same, for the vault",
    "CKV_AZURE_59": "the same, for storage",
    "CKV_AZURE_13": "authentication is there for approvals; everything else takes a function key",
    "CKV_AZURE_17": "no caller has a client certificate",
    "CKV_AZURE_222": "Teams, pipelines and the availability test call from outside",
    "CKV_AZURE_225": "an operator chooses zones by the size of the plan",
    "CKV_AZURE_212": "one instance is enough: there is one writer per tenant",
    "CKV_AZURE_206": "replication is a parameter",
    "CKV_AZURE_33": "queue requests are only messages that wake; the journal is in blobs",
    "CKV_AZURE_41": "the workflow decides when its URL ends",
    "CKV_AZURE_183": "the network uses Azure's own name servers",
}


def checkov(folder):
    """Its findings; a file that it cannot read is one."""
    command = [str(pathlib.Path(sys.executable).parent / "checkov"), "-d", str(folder), "--framework", "bicep", "--skip-download", "--quiet", "--compact", "-o", "json"]
    command += ["--skip-check", ",".join(SKIPPED)]
    done = subprocess.run(command, capture_output=True, text=True)
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        yield f"checkov gave no answer: {done.stderr[-500:]}"
        return
    results = answer.get("results", {})
    for path in results.get("parsing_errors", []):
        yield f"{path}: checkov cannot read it"
    for finding in results.get("failed_checks", []):
        yield f"{finding['file_path']}:{finding['file_line_range'][0]}: {finding['check_id']} {finding['check_name']}"
    if not results.get("passed_checks") and not results.get("failed_checks") and not results.get("parsing_errors"):
        yield "checkov looked at nothing"


def main():
    bad = 0
    for check in [*CHECKS, checkov]:
        if not list(check(HERE / "broken" / check.__name__)):
            bad += 1
            print(f"{check.__name__}: did not catch its broken file")
        found = list(check(INFRA))
        bad += len(found)
        print(f"{check.__name__}: {len(found)} found")
        for line in found:
            print(f"  {line}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
