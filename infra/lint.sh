#!/usr/bin/env bash
# Lints infra/template.yaml: cfn-lint, the SAM transform, checkov; and cfn-lint once more over what the transform made of it.
# Needs Python 3.9 or newer with venv; installs the rest, at the versions of requirements.txt, into target/lint.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=target/lint
if ! cmp -s infra/requirements.txt "$venv/requirements.txt"; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r infra/requirements.txt
    cp infra/requirements.txt "$venv/requirements.txt"
fi

region=eu-central-1
translated="$venv/translated.json"
"$venv/bin/cfn-lint" --regions $region -- infra/template.yaml
echo "cfn-lint: no findings"
"$venv/bin/python" infra/translate.py infra/template.yaml >"$translated"
"$venv/bin/cfn-lint" --regions $region -- "$translated"
echo "SAM transform: $(grep -c '"Type": "AWS::' "$translated") resources, no findings"
"$venv/bin/checkov" --framework cloudformation --file infra/template.yaml --skip-download --output json --soft-fail >"$venv/checkov.json"
"$venv/bin/python" - "$venv/checkov.json" <<'END'
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    report = json.load(file)
for check in report["results"]["failed_checks"]:
    print(check["check_id"], check["resource"], check["check_name"])
summary = report["summary"]
print("checkov: {passed} passed, {failed} failed, {skipped} justified".format(**summary))
sys.exit(summary["failed"] > 0 or summary["parsing_errors"] > 0 or summary["passed"] == 0)
END
