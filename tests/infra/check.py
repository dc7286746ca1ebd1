"""Checks infra/ without Azure and without the Bicep compiler: `python3 tests/infra/check.py`, with requirements.txt and
package.json beside it installed. Every check has to catch in its own broken files what their comments
say, and nothing else; infra/ has to pass them all."""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from rules import CHECKS, files  # noqa: E402
from schemas import ask_all  # noqa: E402
from settled import settled  # noqa: E402

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
    "CKV_AZURE_114": "checkov does not look into a resource that has a condition; contentType is set",
    "CKV_AZURE_213": "the platform restarts the host; a health check would only take the one instance away",
    "CKV_AZURE_63": "a property of another child resource: requests are in Application Insights",
    "CKV_AZURE_65": "the same",
    "CKV_AZURE_66": "the same",
    "CKV_AZURE_80": "there is no .NET",
    "CKV_AZURE_88": "Azure Files needs an account key",
    "CKV_AZURE_183": "the network uses Azure's own name servers",
}


def checkov(folder):
    """Its findings; a file that it cannot read is one."""
    program = str(pathlib.Path(sys.executable).parent / "checkov")
    with tempfile.TemporaryDirectory() as copy:
        shutil.copytree(folder, copy, dirs_exist_ok=True, ignore=shutil.ignore_patterns("xtask"))
        for path in pathlib.Path(copy).rglob("*.bicep"):
            # Its parser knows neither extensions nor this function; the names of neither matter to its rules.
            text = re.sub(r"(?m)^extension .*$", "", path.read_text())
            path.write_text(text.replace("cidrSubnet(", "concat("))
        command = [program, "-d", copy, "--framework", "bicep", "--skip-download", "--compact", "-o", "json"]
        command += ["--skip-check", ",".join(SKIPPED)]
        done = subprocess.run(command, capture_output=True, text=True)
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        yield f"checkov gave no answer: {done.stderr[-500:]}"
        return
    results = answer.get("results", {})
    for path in results.get("parsing_errors", []):
        yield f"{path.removeprefix(f'{copy}/')}:1: checkov cannot read it"
    for finding in results.get("failed_checks", []):
        yield f"{finding['file_path'].lstrip('/')}:{finding['file_line_range'][0]}: {finding['check_id']} {finding['check_name']}"
    if not (answer.get("summary") or answer).get("passed"):
        yield "checkov looked at nothing"


def misses(check):
    """What the check says of its broken files other than their own comments want it to: `wants: text`, in the same line."""
    folder = HERE / "broken" / check.__name__
    wanted = {
        (path.name, number, text.strip())
        for path in files(folder)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        for text in re.findall(r"wants: ([^;]+)", line)
    }
    found = set()
    for finding in check(folder):
        where, _, text = finding.partition(": ")
        path, _, number = where.rpartition(":")
        found.add((pathlib.Path(path).name, int(number or 0), text))
    for name, number, text in sorted(wanted):
        if not any((name, number) == finding[:2] and text in finding[2] for finding in found):
            yield f"{name}:{number}: not caught: {text}"
    for name, number, text in sorted(found):
        if not any((name, number) == want[:2] and want[2] in text for want in wanted):
            yield f"{name}:{number}: caught without a reason: {text}"


def main():
    bad = 0
    texts = [path.read_text() for folder in (INFRA, HERE / "broken") for path in files(folder)]
    ask_all(kind for text in texts for kind in re.findall(r"'(Microsoft[\w./]+)@", text))
    for check in [*CHECKS, settled, checkov]:
        for title, found in (("in its broken files", list(misses(check))), ("found", list(check(INFRA)))):
            bad += len(found)
            print(f"{check.__name__}: {len(found)} {title}")
            for line in found:
                print(f"  {line}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
