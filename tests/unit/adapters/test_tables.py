"""How rows become statements: what is left out of them, and which of them go together."""

from types import SimpleNamespace as Row

from adapters.postgres.tables import Statement, Table, together

THINGS = Table("things", "id uuid, kind flavour, note text, size bigint, tags words", "id", derived="size")
OTHERS = Table("others", "id uuid, note text", "id")


def a_row(id: str, **said: object) -> Row:
    return Row(**{"id": id, "kind": "SWEET", "note": None, "size": 1, "tags": "a b"} | said)


def test_what_is_nowhere_set_takes_no_argument_and_is_null() -> None:
    (statement,) = THINGS.inserting([a_row("1"), a_row("2", size=2)])
    assert "NULL::text" in statement.sql
    assert list(statement.arguments) == [("1", "2"), "SWEET", (1, 2), "a b"]


def test_what_is_the_same_everywhere_is_sent_once() -> None:
    (statement,) = THINGS.inserting([a_row("1", note="x"), a_row("2", note="x")])
    assert list(statement.arguments) == [("1", "2"), "SWEET", "x", 1, "a b"]
    assert "$2::text::flavour" in statement.sql
    assert "string_to_array($5::text, ' ')" in statement.sql


def test_what_differs_in_one_row_is_sent_for_all() -> None:
    (statement,) = THINGS.inserting([a_row("1"), a_row("2", note="x")])
    assert statement.arguments[2] == (None, "x")
    assert "v.note" in statement.sql


def test_an_update_leaves_out_what_is_as_it_was_but_never_what_is_derived() -> None:
    before = [THINGS.values(a_row("1")), THINGS.values(a_row("2"))]
    (statement,) = THINGS.updating([a_row("1", note="x"), a_row("2", note="y")], before)
    assert "note = v.note" in statement.sql
    assert "kind" not in statement.sql
    assert "size = $" in statement.sql
    assert statement.sql.endswith("WHERE t.id = v.id")


def test_one_row_that_changed_is_enough_to_write_a_column_for_all() -> None:
    before = [THINGS.values(a_row("1", note="x")), THINGS.values(a_row("2", note="y"))]
    (statement,) = THINGS.updating([a_row("1", note="x"), a_row("2")], before)
    assert ("x", None) in statement.arguments


def test_an_update_without_a_before_writes_everything() -> None:
    (statement,) = THINGS.updating([a_row("1")])
    for name in ("kind", "note", "size", "tags"):
        assert f"{name} = " in statement.sql


def test_nothing_to_write_is_no_statement() -> None:
    assert THINGS.inserting([]) == THINGS.updating([]) == THINGS.upserting([]) == []


def test_writing_to_different_tables_goes_together_with_its_arguments_in_order() -> None:
    (joined,) = together([*THINGS.inserting([a_row("1")]), *OTHERS.inserting([Row(id="9", note="n")])])
    assert list(joined.arguments) == [("1",), "SWEET", 1, "a b", ("9",), "n"]
    assert joined.sql.startswith("WITH part_1 AS (INSERT INTO things")
    assert "unnest($5::uuid[])" in joined.sql
    assert "$6::text" in joined.sql


def test_two_statements_to_one_table_stay_two() -> None:
    once, again = THINGS.inserting([a_row("1")]), THINGS.updating([a_row("1", note="x")])
    assert together([*once, *again]) == [*once, *again]


def test_one_that_must_see_what_others_wrote_stays_alone() -> None:
    first, last = THINGS.inserting([a_row("1")]), OTHERS.inserting([Row(id="9", note="n")])
    seeing = Statement("WITH x AS (SELECT 1) UPDATE things SET size = 2", [])
    assert together([*first, seeing, *last]) == [*first, seeing, *last]
