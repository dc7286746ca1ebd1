"""The checks. Each takes a folder of Bicep files and yields what is wrong with it, as `file:line: text`."""

import pathlib
import re

from schemas import FACTS, Schema
from syntax import declarations, objects, parse, plain, properties, text, walk

ROLES = {
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "Storage Table Data Contributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
}
GRAPH = "00000003-0000-0000-c000-000000000000"
HOSTS = re.compile(r"core\.windows\.net|vault\.azure\.net|vaultcore\.|azurewebsites\.|usgovcloudapi|chinacloudapi|microsoftonline\.|management\.azure|graph\.microsoft\.(com|us)", re.I)
META = {"parent", "scope", "dependsOn"}
DECLARED = {f"{kind}_declaration" for kind in ("parameter", "variable", "resource", "module", "type")}
# What starts with an identifier that stands for nothing: it is being named, is a key, or is a function.
NAMING = DECLARED | {"output_declaration", "metadata_declaration", "object_property", "call_expression"}


def files(folder):
    return sorted(pathlib.Path(folder).rglob("*.bicep")) + sorted(pathlib.Path(folder).rglob("*.bicepparam"))


def tree(path):
    return parse(path.read_text(), path.suffix == ".bicepparam")


def at(path, node):
    return f"{path}:{node.start_point[0] + 1}"


def syntax(folder):
    for path in files(folder):
        for line in tree(path)[1]:
            yield f"{path}:{line}: not Bicep"


def names(folder):
    """Every name is declared, and every parameter and variable used."""
    for path in files(folder):
        root, _ = tree(path)
        declared = {text(node.named_children[0]): node for node in root.named_children if node.type in DECLARED}
        imported = {text(i) for node in root.named_children if node.type == "import_functionality" for i in node.named_children}
        nested = {f"::{text(node.named_children[0])}" for node in walk(root) if node.type == "resource_declaration"}
        used = set()
        for node, known in uses(root, {"az", "sys", *declared, *imported, *nested}):
            used.add(text(node))
            if not known:
                yield f"{at(path, node)}: {text(node)} is not declared"
        for name, node in declared.items():
            kind = node.type.removesuffix("_declaration")
            # A .bicepparam gives parameters, and uses none.
            if name not in used and (kind == "variable" or kind == "parameter" and path.suffix == ".bicep"):
                yield f"{at(path, node)}: {kind} {name} is not used"


def uses(node, known):
    """Every identifier that stands for something, and whether it is known there; what `a::b` ends in is known as `::b`."""
    kind, children = node.type, node.named_children
    if kind == "import_functionality":
        return
    if kind == "identifier":
        yield node, text(node) in known
    elif kind == "resource_expression":
        yield children[1], f"::{text(children[1])}" in known
        children = children[:1]
    elif kind == "for_statement":
        known = known | {text(i) for i in walk(children[0])}
        children = children[1:]
    elif kind == "object":
        inner = [prop.named_children[0] for prop in children if prop.named_children]
        known = known | {text(i.named_children[0]) for i in inner if i.type == "resource_declaration"}
    elif kind in NAMING and children[0].type == "identifier":
        children = children[1:]
    elif kind == "arguments":
        # The grammar ends a lambda before its body does, so its parameters are known in everything that the function is given.
        lambdas = [child for child in walk(node) if child.type == "lambda_expression"]
        known = known | {text(i) for function in lambdas for i in walk(function.named_children[0])}
    for child in children:
        yield from uses(child, known)


def modules(folder):
    """Modules exist, get the parameters that they declare, and all that have no default, and give the outputs that are read."""
    for path in files(folder):
        root, _ = tree(path)
        outputs = {}
        for node, _ in declarations(root, "module_declaration"):
            target = path.parent / plain(next(c for c in node.named_children if c.type == "string"))
            given = [v for o in objects(node.named_children[-1]) for k, v, _ in properties(o) if k == "params"]
            yield from compare(at(path, node), target, {k for v in given for k, _, _ in properties(v)})
            if target.is_file():
                declared = declarations(tree(target)[0], "output_declaration")
                outputs[text(node.named_children[0])] = {text(output.named_children[0]) for output, _ in declared}
        for node in walk(root):
            asked = node.type == "member_expression" and re.fullmatch(r"(\w+)(?:!|\[.*?\])*\.\??outputs\.\??(\w+)", text(node))
            if asked and asked[1] in outputs and asked[2] not in outputs[asked[1]]:
                yield f"{at(path, node)}: {asked[1]} has no output {asked[2]}"
        if path.suffix == ".bicepparam":
            using = re.search(r"using '([^']+)'", path.read_text())
            given = set(re.findall(r"(?m)^param (\w+)", path.read_text()))
            yield from compare(f"{path}:1", path.parent / using[1] if using else path.parent / "?", given)


def compare(where, target, given):
    if not target.is_file():
        yield f"{where}: there is no {target}"
        return
    wanted = {}
    for node, _ in declarations(tree(target)[0], "parameter_declaration"):
        wanted[text(node.named_children[0])] = "=" in [text(c) for c in node.children]
    for name in given - set(wanted):
        yield f"{where}: {target.name} has no parameter {name}"
    for name, has_default in wanted.items():
        if not has_default and name not in given:
            yield f"{where}: {target.name} needs the parameter {name}"


def resources(folder):
    """Types, versions and properties, against Azure's schemas."""
    for path in files(folder):
        yield from below(path, tree(path)[0], None)


def below(path, root, outer):
    for node in root.named_children:
        if node.type != "resource_declaration":
            yield from below(path, node, outer)
            continue
        kind, _, version = plain(next(c for c in node.named_children if c.type == "string")).partition("@")
        if outer and "." not in kind.split("/")[0]:
            kind, version = f"{outer[0]}/{kind}", version or outer[1]
        existing = "existing" in [text(c) for c in node.children]
        try:
            schema = Schema(kind)
        except SystemExit as problem:
            if "azmcp is missing" in str(problem):
                raise
            yield f"{at(path, node)}: {problem}"
            continue
        if version not in schema.versions:
            yield f"{at(path, node)}: {kind} has no checked version {version}, only {sorted(schema.versions)}"
        for obj in objects(node.named_children[-1]):
            if not existing and kind in FACTS:
                yield from by_facts(path, obj, schema.body)
            elif not existing:
                yield from by_schema(path, obj, schema.body, schema, top=True)
            yield from below(path, obj, (kind, version))


def by_facts(path, obj, facts):
    known = {k.rstrip("!"): v for k, v in facts.items()}
    given = set()
    for name, value, prop in properties(obj):
        given.add(name)
        if name in META:
            continue
        if name not in known:
            yield f"{at(path, prop)}: no property {name}"
            continue
        inner = known[name]
        if isinstance(inner, list) and inner and isinstance(inner[0], str):
            if plain(value) is not None and plain(value) not in inner:
                yield f"{at(path, prop)}: {name} is none of {inner}"
        elif isinstance(inner, (dict, list)):
            for child in objects(value):
                yield from by_facts(path, child, inner[0] if isinstance(inner, list) else inner)
    for name in facts:
        if name.endswith("!") and name[:-1] not in given:
            yield f"{at(path, obj)}: {name[:-1]} is missing"


def by_schema(path, obj, shape, schema, top=False):
    if shape.get("$type") == "DiscriminatedObject":
        name = next((plain(v) for k, v, _ in properties(obj) if k == "name"), None)
        elements = shape["elements"]
        fitting = [e for e in elements if any(p["name"] == "name" and p["type"] == name for p in e["properties"])]
        if not fitting:
            yield f"{at(path, obj)}: {name} is none of the names of this type"
            return
        shape = {"$type": "Object", "properties": fitting[0]["properties"] + shape.get("baseProperties", [])}
    if "properties" not in shape or shape.get("$type") not in ("Object", None):
        return
    known = {p["name"]: p for p in shape["properties"]}
    if not known or "additionalPropertiesType" in shape:
        return
    given = set()
    for name, value, prop in properties(obj):
        given.add(name)
        if top and name in META or name is None:
            continue
        if name not in known:
            yield f"{at(path, prop)}: no property {name}"
            continue
        if "ReadOnly" in known[name].get("flags", ""):
            yield f"{at(path, prop)}: {name} is read-only"
        kind = known[name]["type"]
        literals = kind.split(" | ") if isinstance(kind, str) and " | " in kind else []
        if literals and "string" not in literals and plain(value) is not None and plain(value) not in literals:
            yield f"{at(path, prop)}: {name} is none of {literals}"
        inner = schema.objects.get(kind.removesuffix("[]")) if isinstance(kind, str) else kind
        if inner:
            for child in objects(value):
                yield from by_schema(path, child, inner, schema)
    for name, prop in known.items():
        if "Required" in prop.get("flags", "") and name not in given:
            yield f"{at(path, obj)}: {name} is missing"


def roles(folder):
    """Ids of roles are of the few that usher needs."""
    for path in files(folder):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for found in re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", line, re.I):
                if found not in {*ROLES.values(), GRAPH}:
                    yield f"{path}:{number}: {found} is no known role"


def secrets(folder):
    """Nothing secret in outputs, no keys listed, and whatever is named like a secret is @secure()."""
    for path in files(folder):
        root, _ = tree(path)
        secure = set()
        for node, decorators in declarations(root, "parameter_declaration"):
            name = text(node.named_children[0])
            if "@secure()" in decorators:
                secure.add(name)
            # A .bicepparam gives what is declared elsewhere.
            elif path.suffix == ".bicep" and re.search(r"secret|password|webhookUrl|key$", name, re.I):
                yield f"{at(path, node)}: {name} is not @secure()"
        for node, _ in declarations(root, "output_declaration"):
            words = {text(n) for n in walk(node) if n.type in ("identifier", "property_identifier")}
            if words & secure or any(re.search(r"ConnectionString|InstrumentationKey|^list|^primaryKey", w) for w in words):
                yield f"{at(path, node)}: an output holds a secret"
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if re.search(r"\blist(Keys|Secrets|AccountSas)\b|AccountKey=", line):
                yield f"{path}:{number}: keys are not read here"


def clouds(folder):
    """No address of one cloud is written out."""
    for path in files(folder):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            code = line.split("//")[0] if "https://" not in line else line
            if HOSTS.search(code):
                # The rewriting of the vault's suffix is how its private zone is named in every cloud.
                if "replace(environment()" not in code:
                    yield f"{path}:{number}: an address of one cloud"


CHECKS = [syntax, names, modules, resources, roles, secrets, clouds]
