"""Azure's own resource schemas, asked of `azmcp` once and kept. For types that it cannot answer, facts.json says what usher
uses of them, written by hand from Microsoft's reference."""

import glob
import json
import os
import pathlib
import subprocess
from concurrent.futures import ThreadPoolExecutor

HERE = pathlib.Path(__file__).parent
FACTS = json.loads((HERE / "facts.json").read_text())


def ask(kind: str):
    kept = HERE / ".schemas" / (kind.replace("/", "_") + ".json")
    if not kept.exists():
        found = glob.glob(str(HERE / "node_modules/@azure/mcp-linux-x64/dist/azmcp"))
        program = os.environ.get("AZMCP") or (found[0] if found else None)
        if not program:
            raise SystemExit("azmcp is missing: run `npm ci --ignore-scripts` in tests/infra, or set AZMCP")
        os.chmod(program, 0o755)
        environment = os.environ | {"AZURE_MCP_COLLECT_TELEMETRY": "false"}
        done = subprocess.run(
            [program, "bicepschema", "get", "--resource-type", kind], capture_output=True, text=True, env=environment
        )
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            raise SystemExit(f"azmcp gave no answer about {kind}: {done.stderr[-300:]}") from None
        if answer.get("status") != 200:
            raise SystemExit(f"azmcp knows nothing of {kind}: {answer.get('message')}")
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(done.stdout)
    return json.loads(kept.read_text())["results"]["BicepSchemaResult"]


def ask_all(kinds):
    """Asks for many types side by side, as each answer takes seconds; what is wrong with one shows where it is used."""

    def one(kind):
        try:
            ask(kind)
        except SystemExit:
            pass

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one, sorted(set(kinds) - set(FACTS))))


class Schema:
    """One resource type."""

    def __init__(self, kind: str):
        self.objects = {}
        if kind in FACTS:
            self.versions, self.body = {FACTS[kind]["version"]}, FACTS[kind]["body"]
            return
        answer = ask(kind)
        self.objects = {entry["name"]: entry for entry in answer if "properties" in entry}
        resources = [r for r in answer if r["$type"] == "Resource" and r["name"].lower().startswith(kind.lower() + "@")]
        if not resources:
            raise SystemExit(f"azmcp has no resource {kind}")
        self.versions = {r["name"].split("@")[1] for r in resources}
        self.body = resources[0]["bodyType"]
