"""Expressions as CUDA: powers by small whole numbers become products, and quotients have the width of the run."""

from __future__ import annotations

import ast

from brian2.parsing.rendering import CPPNodeRenderer

#: Powers up to this one become products.
LARGEST_POWER = 8


class CudaRenderer(CPPNodeRenderer):
    """Brian2's renderer, with operators that stay in the width of their operands."""

    def render_BinOp(self, node: ast.BinOp) -> str:
        """Return the code of one operator with its operands."""
        if isinstance(node.op, ast.Pow) and (power := small_power(node.right)) is not None:
            return f"recircuit::power<{power}>({self.render_node(node.left)})"
        if isinstance(node.op, ast.Div):
            return f"1.0*{self.render_element_parentheses(node.left)}/{self.render_element_parentheses(node.right)}"
        return super().render_BinOp(node)


def small_power(exponent: ast.expr) -> int | None:
    """Return the exponent as a whole number if it is a small one; None otherwise."""
    try:
        value = ast.literal_eval(exponent)
    except ValueError:
        return None
    small = isinstance(value, int | float) and abs(value) <= LARGEST_POWER and float(value).is_integer()
    return int(value) if small else None
