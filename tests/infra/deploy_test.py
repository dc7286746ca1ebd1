"""infra/deploy.sh against stand-ins for az and curl, which note how they are called: `python3 -m unittest discover tests/infra '*_test.py'`.

What Azure itself answers is not modelled beyond what the script reads."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).parent.parent.parent / "infra/deploy.sh"
KEY = "the-key-of-all-functions"

STAND_IN = """#!{python}
import json, os, pathlib, sys
name, folder = pathlib.Path(sys.argv[0]).name, pathlib.Path(os.environ["FOLDER"])
said = sys.stdin.read() if name == "curl" else ""
with open(folder / "calls", "a") as log:
    print(json.dumps([name, sys.argv[1:], said, os.environ.get("USHER_DEPLOY_MODE")]), file=log)
line = " ".join(sys.argv[1:])
answers = json.loads((folder / "answers").read_text())
for start, answer in answers.items():
    if (name + " " + line).startswith(start):
        if answer is None:
            sys.exit(22)
        print(answer)
        break
"""


class Deployment(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name in ("az", "curl", "sleep"):
            path = self.folder / name
            path.write_text(STAND_IN.format(python=sys.executable))
            path.chmod(0o755)
        self.package = self.folder / "usher.zip"
        self.package.write_text("package")
        self.answers = {
            "az cloud show": "AzureCloud",
            "az deployment group show": "made",
            "az functionapp keys list": KEY,
            "az functionapp function keys list": '{"runKey": {"value": "the-key-of-run"}}',
            "az storage blob list": "20260102T000000Z.zip",
        }

    def run_script(self, *arguments, code=0):
        (self.folder / "answers").write_text(json.dumps(self.answers))
        (self.folder / "calls").write_text("")
        environment = os.environ | {"PATH": f"{self.folder}:{os.environ['PATH']}", "FOLDER": str(self.folder)}
        # From another folder, with the package named as there.
        done = subprocess.run(
            ["bash", str(SCRIPT), *arguments], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.calls = [json.loads(line) for line in (self.folder / "calls").read_text().splitlines()]
        return done.stdout + done.stderr

    def made(self, start):
        return [call for call in self.calls if f"{call[0]} {' '.join(call[1])}".startswith(start)]

    def test_another_cloud_than_the_one_signed_in_to_is_refused_before_anything_is_done(self):
        said = self.run_script("--group", "g", "--cloud", "us-gov", "--package", "usher.zip", code=2)
        self.assertIn("az cloud set --name AzureUSGovernment", said)
        self.assertEqual(len(self.calls), 1)

    def test_wrong_arguments_are_refused_without_a_call(self):
        for arguments in ([], ["--group"], ["--group", "g"], ["--group", "g", "--cloud", "mars"], ["--now"],
                          ["--group", "g", "--cloud", "global", "--package", "none.zip"]):
            self.assertIn("usage:", self.run_script(*arguments, code=2))
            self.assertEqual(self.calls, [])

    def test_what_if_only_asks(self):
        self.run_script("--group", "g", "--cloud", "global", "--package", "usher.zip", "--what-if")
        self.assertEqual([call[1][:3] for call in self.calls[1:]], [["deployment", "group", "what-if"]])

    def test_without_apply_the_app_is_in_plan_mode_and_with_it_in_apply_mode(self):
        for arguments, mode in (([], "plan"), (["--apply"], "apply")):
            self.run_script("--group", "g", "--cloud", "global", *arguments)
            (created,) = self.made("az deployment group create")
            self.assertEqual(created[3], mode)
            self.assertEqual(self.made("az functionapp deployment"), [], "without a package the app is left as it is")

    def test_a_package_that_answers_becomes_a_release_and_the_availability_test_gets_a_key_of_its_own(self):
        self.run_script("--group", "g", "--cloud", "global", "--package", "usher.zip")
        (published,) = self.made("az functionapp deployment source config-zip")
        self.assertIn(str(self.package), published[1])
        (asked,) = self.made("curl")
        self.assertIn("https://made/api/status", asked[1])
        self.assertIn(KEY, asked[2], "the key goes by standard input")
        (kept,) = self.made("az storage blob upload")
        self.assertIn("releases", kept[1])
        self.assertEqual(len(self.made("az functionapp function keys set")), 1)
        self.assertEqual(len(self.made("az deployment group create")), 2)
        for name, arguments, _, _ in self.calls:
            self.assertNotIn("the-key-of", " ".join(arguments), f"no list of processes shows a key: {name}")

    def test_a_package_that_does_not_answer_is_replaced_by_the_newest_that_did_and_the_deployment_fails(self):
        self.answers["curl"] = None
        said = self.run_script("--group", "g", "--cloud", "global", "--package", "usher.zip", code=1)
        self.assertIn("put back 20260102T000000Z.zip", said)
        self.assertEqual(len(self.made("az functionapp deployment source config-zip")), 2)
        self.assertEqual(self.made("az storage blob upload"), [], "it does not become a release")
        self.assertIn("[-1]", " ".join(self.made("az storage blob list")[0][1]))

    def test_the_way_back_publishes_the_release_before_the_newest_and_leaves_the_infrastructure(self):
        said = self.run_script("--group", "g", "--cloud", "global", "--rollback")
        self.assertIn("back at 20260102T000000Z.zip", said)
        self.assertIn("[-2]", " ".join(self.made("az storage blob list")[0][1]))
        self.assertEqual(self.made("az deployment group create"), [])
        self.assertEqual(len(self.made("az functionapp deployment source config-zip")), 1)

    def test_without_an_earlier_release_there_is_no_way_back(self):
        self.answers["az storage blob list"] = ""
        self.assertIn("no earlier release", self.run_script("--group", "g", "--cloud", "global", "--rollback", code=1))
        self.assertEqual(self.made("az functionapp deployment"), [])


if __name__ == "__main__":
    unittest.main()
