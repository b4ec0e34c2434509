"""What the rules of recircuit are held to, these are held to."""

from my_rules import mirror

from recircuit.testing import check_rule


def test_mirror() -> None:
    check_rule(mirror)
