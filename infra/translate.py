"""Translates the template as CloudFormation's SAM transform does, and prints what becomes of it.

    python infra/translate.py infra/template.yaml > translated.json

Ends with 1 and what is wrong when the transform would refuse the template. Needs no account and no network.
"""

import json
import sys
from unittest import mock

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.public.exceptions import InvalidDocumentException
from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse


def with_uploaded_code(template):
    """`sam package` puts the binaries in S3 before the transform sees the template."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    return template


def translate(path):
    with open(path, encoding="utf-8") as file:
        template = with_uploaded_code(yaml_parse(file))
    session = boto3.Session(region_name="eu-central-1")
    translator = Translator({}, Parser(), plugins=[], boto_session=session)
    with mock.patch.object(ManagedPolicyLoader, "load", return_value={}):
        return translator.translate(template, parameter_values={}, feature_toggle=None)


if __name__ == "__main__":
    try:
        print(json.dumps(translate(sys.argv[1]), indent=1))
    except InvalidDocumentException as refused:
        sys.exit(f"{refused.message}\n" + "\n".join(cause.message for cause in refused.causes))
