"""Reads Bicep into a tree. Responsible for what tree-sitter's grammar does not know yet; such text is blanked out in place, so
that lines stay what they are."""

import re

import tree_sitter_bicep
from tree_sitter import Language, Parser

PARSER = Parser(Language(tree_sitter_bicep.language()))


def parse(text: str, parameters: bool = False):
    """The tree, and the lines that are no Bicep."""
    text = re.sub(r"(?m)^extension .*$", "", text)
    if parameters:
        # The grammar wants a type, which nothing here reads.
        text = re.sub(r"(?m)^param (\w+) =", r"param \1 string =", text)
    root = PARSER.parse(text.encode()).root_node
    wrong = [node.start_point[0] + 1 for node in walk(root) if node.type == "ERROR" or node.is_missing]
    return root, wrong


def walk(node):
    yield node
    for child in node.children:
        yield from walk(child)


def text(node) -> str:
    return node.text.decode()


def plain(node):
    """The value of a string without interpolation, else None."""
    if node.type == "string" and all(c.type in ("string_content", "'") for c in node.children):
        return text(node).strip("'")
    return None


def objects(node):
    """Every object that an expression can come to: through conditions, loops and both arms of a choice."""
    if node.type == "object":
        yield node
    elif node.type in ("for_statement", "if_statement", "ternary_expression", "parenthesized_expression", "array"):
        for child in node.named_children:
            yield from objects(child)


def properties(obj):
    """Name and value of each property."""
    for prop in obj.named_children:
        if prop.type == "object_property" and len(prop.named_children) >= 2:
            key, value = prop.named_children[0], prop.named_children[-1]
            yield (plain(key) if key.type == "string" else text(key)), value, prop


def declarations(root, kind):
    """Declarations of a kind, each with the text of its decorators."""
    decorators = ""
    for node in root.named_children:
        if node.type == "decorators":
            decorators = text(node)
        elif node.type != "comment":
            if node.type == kind:
                yield node, decorators
            decorators = ""
