"""The simplification of expressions for a step in which some phases are closed."""

from __future__ import annotations

import ast


def without_closed_terms(expression: str) -> str:
    """Leave out the terms of a sum that are multiplied by 0.0, and factors of 1.0, so that closed terms cost nothing.

    ``1.0*tanh(basal) + 0.0*drive`` becomes ``tanh(basal)``, and ``(1 - 1.0)*rate`` is closed. The last term of a sum stays, so
    that its dimension stays.
    """
    return ast.unparse(_Open().visit(ast.parse(expression.strip(), mode="eval")))


def is_closed(expression: str) -> bool:
    """Return whether nothing remains of an expression but a product with the factor 0.0."""
    return _closed(ast.parse(expression.strip(), mode="eval").body)


class _Open(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        left, right = node.left, node.right
        a, b = _number(left), _number(right)
        if a is not None and b is not None and isinstance(node.op, ast.Add | ast.Sub):
            return ast.Constant(a + b if isinstance(node.op, ast.Add) else a - b)
        if isinstance(node.op, ast.Add | ast.Sub) and _closed(right):
            return left
        if isinstance(node.op, ast.Add) and _closed(left):
            return right
        if isinstance(node.op, ast.Mult) and _equals(left, 1.0):
            return right
        if isinstance(node.op, ast.Mult | ast.Div) and _equals(right, 1.0):
            return left
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        """Simplify an expression with a sign: ``-(0.0*E)`` is closed like ``0.0*E``."""
        self.generic_visit(node)
        return ast.Constant(0.0) if isinstance(node.op, ast.USub) and _closed(node.operand) else node


def _closed(node: ast.expr) -> bool:
    """Say whether an expression is a product with the factor 0.0."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        return _closed(node.left) or (isinstance(node.op, ast.Mult) and _closed(node.right))
    return _equals(node, 0.0)


def _number(node: ast.expr) -> float | None:
    value = node.value if isinstance(node, ast.Constant) else None
    return float(value) if isinstance(value, int | float) else None


def _equals(node: ast.expr, value: float) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, float) and node.value == value
