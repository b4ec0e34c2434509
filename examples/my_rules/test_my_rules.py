"""These rules pass the checks that the rules of recircuit pass."""

from my_rules import mirror

from recircuit.testing import check_rule


def test_mirror() -> None:
    check_rule(mirror)
