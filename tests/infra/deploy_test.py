"""infra/deploy.sh against stand-ins for az and curl, which note how they are called: `python3 -m unittest discover tests/infra '*_test.py'`.

The container of releases is a folder, and the app runs whatever was published last. What else Azure answers is not modelled
beyond what the script reads."""

import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).parent.parent.parent / "infra/deploy.sh"
KEY = "the-key-of-all-functions"

# Each start of a line has one answer, or a list of them of which the last stays. A package that holds `bad` does not answer.
STAND_IN = """#!{python} -IS
import json, os, pathlib, shutil, sys
name, folder = pathlib.Path(sys.argv[0]).name, pathlib.Path(os.environ["FOLDER"])
arguments = sys.argv[1:]
said = sys.stdin.read() if name == "curl" else ""
with open(folder / "calls", "a") as log:
    print(json.dumps([name, arguments, said, os.environ.get("USHER_DEPLOY_MODE")]), file=log)
line = name + " " + " ".join(arguments)
answers = json.loads((folder / "answers").read_text())
for start, answer in answers.items():
    if line.startswith(start):
        if isinstance(answer, list):
            now = answer.pop(0) if len(answer) > 1 else answer[0]
            (folder / "answers").write_text(json.dumps(answers))
            answer = now
        if answer is None:
            sys.exit(22)
        if answer:
            print(answer)
        break
of = lambda option: arguments[arguments.index(option) + 1]
releases = folder / "releases"
if line.startswith("az storage blob"):
    assert of("--container-name") == "releases"
    if arguments[2] == "list":
        assert of("--query") == "sort_by([], &name)[].name", "the order of their times"
        print("\\n".join(sorted(path.name for path in releases.iterdir())))
    elif arguments[2] == "upload":
        shutil.copy(of("--file"), releases / of("--name"))
    elif arguments[2] == "download":
        shutil.copy(releases / of("--name"), of("--file"))
    elif arguments[2] == "delete":
        (releases / of("--name")).unlink()
elif line.startswith("az functionapp deployment source config-zip"):
    shutil.copy(of("--src"), folder / "live")
elif name == "curl" and (folder / "live").exists() and "bad" in (folder / "live").read_text():
    sys.exit(22)
elif name == "date":
    # A second passes with each look, so that no two releases are of the same time.
    ticks = folder / "ticks"
    ticks.write_text(str(int(ticks.read_text()) + 1 if ticks.exists() else 0))
    print(f"20260102T0000{{int(ticks.read_text()):02}}Z")
"""


class Deployment(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name in ("az", "curl", "sleep", "date"):
            path = self.folder / name
            path.write_text(STAND_IN.format(python=sys.executable))
            path.chmod(0o755)
        (self.folder / "releases").mkdir()
        self.package = self.folder / "usher.zip"
        self.package.write_text("package")
        self.variables = {"USHER_DEPLOYER_ID": "me"}
        self.answers = {
            "az cloud show": "AzureCloud",
            "az deployment group show": "made",
            "az functionapp list": "func-usher-1",
            "az functionapp show": "/subscriptions/s/func-usher-1",
            "az functionapp config appsettings list": "plan",
            "az functionapp keys list": KEY,
            "az functionapp function keys list": '{"runKey": {"value": "the-key-of-run"}}',
        }

    def run_script(self, *arguments, code=0):
        (self.folder / "answers").write_text(json.dumps(self.answers))
        (self.folder / "calls").write_text("")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("USHER_")}
        environment |= {"PATH": f"{self.folder}:{os.environ['PATH']}", "FOLDER": str(self.folder)} | self.variables
        # From another folder, with the package named as there.
        done = subprocess.run(
            ["bash", str(SCRIPT), *arguments], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.calls = [json.loads(line) for line in (self.folder / "calls").read_text().splitlines()]
        return done.stdout + done.stderr

    def deploy(self, *arguments, code=0):
        return self.run_script("--group", "g", "--cloud", "global", *arguments, code=code)

    def deploy_package(self, content, code=0):
        self.package.write_text(content)
        return self.deploy("--package", "usher.zip", code=code)

    def made(self, start):
        return [call for call in self.calls if f"{call[0]} {' '.join(call[1])}".startswith(start)]

    def live(self):
        return (self.folder / "live").read_text()

    def kept(self):
        """What the releases hold, from the oldest on."""
        return [path.read_text() for path in sorted((self.folder / "releases").iterdir())]

    def test_another_cloud_than_the_one_signed_in_to_is_refused_before_anything_is_done(self):
        said = self.run_script("--group", "g", "--cloud", "us-gov", "--package", "usher.zip", code=2)
        self.assertIn("az cloud set --name AzureUSGovernment", said)
        self.assertEqual(len(self.calls), 1)

    def test_wrong_arguments_are_refused_without_a_call(self):
        right = ["--group", "g", "--cloud", "global"]
        for arguments in ([], ["--group"], ["--group", "g"], ["--group", "g", "--cloud", "mars"], ["--now"],
                          [*right, "--package", "none.zip"], [*right, "--plan", "--apply"], [*right, "--what-if", "--rollback"]):
            self.assertIn("usage:", self.run_script(*arguments, code=2))
            self.assertEqual(self.calls, [])

    def test_a_package_is_refused_where_nobody_is_named_who_could_keep_it(self):
        self.variables = {}
        self.assertIn("az ad signed-in-user show", self.deploy("--package", "usher.zip", code=2))
        self.assertEqual(self.calls, [])
        self.deploy()

    def test_what_if_only_asks(self):
        self.deploy("--package", "usher.zip", "--apply", "--what-if")
        self.assertEqual([call[1][:3] for call in self.calls[1:]], [["deployment", "group", "what-if"]])
        self.deploy("--what-if")
        (asked,) = self.made("az deployment")
        self.assertEqual((asked[1][2], asked[3]), ("what-if", "plan"))

    def test_an_app_begins_in_plan_mode_and_the_mode_is_what_is_said(self):
        self.answers["az functionapp list"] = ""
        for arguments, mode in (([], "plan"), (["--plan"], "plan"), (["--apply"], "apply")):
            said = self.deploy(*arguments)
            (created,) = self.made("az deployment group create")
            self.assertEqual(created[3], mode)
            self.assertIn(f"in {mode} mode", said)
            self.assertEqual(self.made("az functionapp deployment"), [], "without a package the app is left as it is")
            self.assertIn(f"deployed in {mode} mode", self.deploy("--package", "usher.zip", *arguments))

    def test_an_app_in_apply_mode_is_deployed_and_asked_about_only_with_its_mode_said(self):
        # The first is somebody else's.
        self.answers["az functionapp list"] = "func-other\nfunc-usher-1"
        self.answers["az functionapp config appsettings list"] = ["", "apply"]
        for arguments in ([], ["--package", "usher.zip"], ["--what-if"]):
            said = self.deploy(*arguments, code=2)
            self.assertIn("say --apply for it to go on, or --plan", said)
            self.assertEqual(self.made("az deployment"), [], "before anything is deployed")
        for mode in ("apply", "plan"):
            self.deploy(f"--{mode}")
            self.assertEqual(self.made("az deployment group create")[0][3], mode)

    def test_an_app_in_plan_mode_stays_in_it(self):
        self.deploy()
        self.assertEqual(self.made("az deployment group create")[0][3], "plan")

    def test_a_mode_that_cannot_be_read_has_to_be_said(self):
        self.answers["az functionapp config appsettings list"] = None
        self.assertIn("cannot be read", self.deploy(code=2))
        self.assertEqual(self.made("az deployment"), [])
        self.deploy("--plan")

    def test_a_package_that_answers_becomes_a_release_and_the_availability_test_gets_a_key_of_its_own(self):
        self.deploy("--package", "usher.zip")
        (published,) = self.made("az functionapp deployment source config-zip")
        self.assertIn(str(self.package), published[1])
        for asked in self.made("curl"):
            self.assertIn("https://made/api/status", asked[1])
            self.assertIn(KEY, asked[2], "the key goes by standard input")
        digest = hashlib.sha256(b"package").hexdigest()[:16]
        self.assertEqual([path.name for path in (self.folder / "releases").iterdir()], [f"20260102T000000Z-{digest}.zip"])
        self.assertEqual(len(self.made("az functionapp function keys set")), 1)
        self.assertEqual(len(self.made("az deployment group create")), 2)
        for name, arguments, _, _ in self.calls:
            self.assertNotIn("the-key-of", " ".join(arguments), f"no list of processes shows a key: {name}")

    def test_three_answers_in_a_row_are_wanted(self):
        self.answers["curl"] = ["", "", None, "", "", ""]
        self.deploy("--package", "usher.zip")
        self.assertEqual(len(self.made("curl")), 6)

    def test_keys_that_are_not_there_yet_are_asked_for_again(self):
        self.answers["az functionapp keys list"] = [None, "", KEY]
        self.deploy("--package", "usher.zip")
        self.assertEqual(len(self.made("az functionapp keys list")), 3)
        self.assertEqual([call for call in self.made("curl") if KEY not in call[2]], [], "nothing is asked without a key")

    def test_a_package_that_does_not_answer_is_replaced_by_the_newest_that_did_and_the_deployment_fails(self):
        self.deploy_package("v1")
        self.deploy_package("v2")
        said = self.deploy_package("bad v3", code=1)
        self.assertRegex(said, "put back 20260102T000001Z-[0-9a-f]{16}.zip")
        self.assertEqual((self.live(), self.kept()), ("v2", ["v1", "v2"]), "it does not become a release")

    def test_a_package_whose_publishing_fails_is_replaced_as_well(self):
        self.deploy_package("v1")
        self.answers["az functionapp deployment source config-zip"] = [None, ""]
        said = self.deploy_package("v2", code=1)
        self.assertIn("az says that publishing failed", said)
        self.assertIn("put back", said)
        self.assertEqual((self.live(), self.kept()), ("v1", ["v1"]))

    def test_where_no_package_ever_answered_there_is_none_to_put_back(self):
        self.assertIn("no release to put back", self.deploy_package("bad v1", code=1))
        self.assertEqual(self.kept(), [])

    def test_that_what_was_put_back_does_not_answer_is_said(self):
        self.deploy_package("v1")
        self.answers["curl"] = None
        self.assertIn("does not answer either", self.deploy_package("v2", code=1))

    def test_the_way_back_publishes_the_release_before_the_newest_and_leaves_the_infrastructure(self):
        self.deploy_package("v1")
        self.deploy_package("v2")
        self.variables = {"USHER_WEBHOOK_URL": "https://example"}
        said = self.deploy("--rollback")
        self.assertRegex(said, "back at 20260102T000000Z-[0-9a-f]{16}.zip")
        self.assertEqual((self.live(), self.kept()), ("v1", ["v1"]))
        self.assertEqual(self.made("az deployment group create") + self.made("az functionapp restart"), [])

    def test_the_same_package_twice_is_one_release(self):
        self.deploy_package("v1")
        self.deploy_package("v2")
        self.deploy_package("v2")
        self.assertEqual(self.kept(), ["v1", "v2"])
        self.deploy("--rollback")
        self.assertEqual(self.live(), "v1")

    def test_what_was_rolled_back_from_is_not_put_back_later(self):
        for version in ("v1", "v2"):
            self.deploy_package(version)
        self.deploy("--rollback")
        self.assertIn("put back", self.deploy_package("bad v3", code=1))
        self.assertEqual(self.live(), "v1")

    def test_a_second_way_back_goes_further_until_none_is_left(self):
        for version in ("v1", "v2", "v3"):
            self.deploy_package(version)
        for version in ("v2", "v1"):
            self.deploy("--rollback")
            self.assertEqual(self.live(), version)
        self.assertIn("no earlier release", self.deploy("--rollback", code=1))
        self.assertEqual((self.live(), self.kept()), ("v1", ["v1"]))
        self.assertEqual(self.made("az functionapp deployment"), [])

    def test_without_a_release_there_is_no_way_back(self):
        self.assertIn("no earlier release", self.deploy("--rollback", code=1))
        self.assertEqual(self.made("az functionapp deployment"), [])

    def test_a_way_back_that_does_not_answer_leaves_what_ran(self):
        self.deploy_package("v1")
        self.deploy_package("v2")
        oldest = min((self.folder / "releases").iterdir())
        oldest.write_text("bad, since the state is newer")
        self.assertIn("put back", self.deploy("--rollback", code=1))
        self.assertEqual((self.live(), len(self.kept())), ("v2", 2))

    def test_a_new_webhook_is_looked_up_before_the_app_starts_again_and_the_url_is_in_no_argument(self):
        self.variables["USHER_WEBHOOK_URL"] = "https://example/sig=secret"
        refresh = "az rest --method post --url /subscriptions/s/func-usher-1/config/configreferences/appsettings/refresh?api-version=2022-03-01"
        for answer in ("", None):
            self.answers["az rest"] = answer
            self.deploy()
            order = [call for call in self.calls if call[1][0] == "rest" or call[1][:2] == ["functionapp", "restart"]]
            self.assertEqual([call[1][0] for call in order], ["rest", "functionapp"])
            self.assertEqual(len(self.made(refresh)), 1)
            self.assertNotIn("secret", json.dumps(self.calls))


if __name__ == "__main__":
    unittest.main()
