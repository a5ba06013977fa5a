"""The JSON schemas of docs/schema, with what they take from each other put in: older releases of jsonschema do not look for files."""

import json
import os

import jsonschema

DIRECTORY = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "docs", "schema")


def load(name):
    with open(os.path.join(DIRECTORY, name)) as text:
        return json.load(text)


def put_in(node):
    """Replaces references to another file by what they name, which may refer to its own file in turn."""
    if isinstance(node, list):
        return [put_in(item) for item in node]
    if not isinstance(node, dict):
        return node
    file, mark, path = node.get("$ref", "").partition("#/")
    if file and mark:
        return {**local(file, path), **{key: put_in(value) for key, value in node.items() if key != "$ref"}}
    return {key: put_in(value) for key, value in node.items()}


def local(file, path):
    def absolute(node):
        if isinstance(node, list):
            return [absolute(item) for item in node]
        if not isinstance(node, dict):
            return node
        return {key: file + value if key == "$ref" and value.startswith("#") else absolute(value) for key, value in node.items()}

    target = load(file)
    for key in path.split("/"):
        target = target[key]
    return put_in(absolute(target))


def validator(name):
    return jsonschema.Draft202012Validator(put_in(load(name)))
