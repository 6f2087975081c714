"""JSON schemas: what fits, what does not and where, and what is refused when a schema is read."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.config.patterns import compile_pattern
from router.core.json_schema.keywords import NOTES, SHAPES, Json
from router.core.json_schema.schema import MAX_DEPTH, Schema, TooMuchWork, read_schema, same

TAGS: list[Json] = ["a", "b", 1]
PERSON: Json = {
    "type": "object",
    "required": ["name", "age"],
    "properties": {
        "name": {"type": "string", "minLength": 1, "pattern": "^[A-Z]"},
        "age": {"type": "integer", "minimum": 0, "exclusiveMaximum": 150},
        "tags": {"type": "array", "items": {"enum": TAGS}, "maxItems": 2, "uniqueItems": True},
        "friend": {"anyOf": [{"$ref": "#"}, {"type": "null"}]},
    },
    "additionalProperties": False,
}
ANN: dict[str, Json] = {"name": "Ann", "age": 30}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


def schema(document: Json) -> Schema:
    return read_schema(document, compile_pattern)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (ANN, None),
        ({**ANN, "friend": ANN, "tags": TAGS[1:]}, None),
        ({**ANN, "friend": None}, None),
        ({**ANN, "age": 30.0}, None),
        ([], "$ must be object"),
        ({}, '$ lacks "name", "age"'),
        ({**ANN, "name": ""}, "$.name must have at least 1 characters"),
        ({**ANN, "name": "ann"}, "$.name does not match ^[A-Z]"),
        ({**ANN, "age": "30"}, "$.age must be integer"),
        ({**ANN, "age": 30.5}, "$.age must be integer"),
        ({**ANN, "age": True}, "$.age must be integer"),
        ({**ANN, "age": -1}, "$.age is below 0"),
        ({**ANN, "age": 150}, "$.age is not below 150"),
        ({**ANN, "tags": ["a", "c"]}, "$.tags[1] is none of the values allowed"),
        ({**ANN, "tags": [True]}, "$.tags[0] is none of the values allowed"),
        ({**ANN, "tags": TAGS}, "$.tags must have at most 2 items"),
        ({**ANN, "tags": ["a", "a"]}, "$.tags holds the same item twice"),
        ({**ANN, "other": 1}, "$ has a key that the schema does not know"),
        (
            {**ANN, "friend": {}},
            '$.friend fits none of the 2 kinds allowed; the first: $.friend lacks "name"',
        ),
    ],
)
def test_a_value_fits_or_the_first_fault_is_told_with_its_place(value: Json, said: str | None) -> None:
    found = schema(PERSON).misfit(value)
    if said is None or found is None:
        assert found == said
    else:
        assert found.startswith(said)


@pytest.mark.parametrize(
    ("document", "fits", "does_not"),
    [
        (True, [None, 1, {}], []),
        (False, [], [None, 1, {}]),
        ({"type": ["string", "null"]}, ["x", None], [1, [], {}]),
        ({"const": {"a": [1, None]}}, [{"a": [1.0, None]}], [{"a": [True, None]}, {"a": [1]}]),
        ({"maximum": 3, "minimum": 1}, [1, 2.5, 3, "9"], [0.5, 4]),
        ({"exclusiveMinimum": 1}, [1.1, None], [1, 0]),
        ({"maxLength": 2}, ["é", "ab", 123], ["abc"]),
        ({"minItems": 1}, [[0], {}], [[]]),
        ({"minProperties": 1, "maxProperties": 1}, [{"a": 1}, []], [{}, {"a": 1, "b": 2}]),
        ({"additionalProperties": {"type": "integer"}}, [{"a": 1}, {}], [{"a": "1"}]),
        ({"properties": {"a": False}}, [{}, {"b": 1}], [{"a": 1}]),
        ({"not": {"type": "string"}}, [1, None], ["x"]),
        ({"allOf": [{"minimum": 1}, {"maximum": 2}]}, [1, 2], [0, 3]),
        ({"oneOf": [{"minimum": 1}, {"maximum": 2}]}, [0, 3], [1, 2]),
        ({"anyOf": [{"type": "null"}, {"minimum": 5}]}, [None, 5, "x"], [4]),
        ({"$defs": {"n/m": {"type": "number"}}, "$ref": "#/$defs/n~1m"}, [1], ["1"]),
        ({"anyOf": [{"type": "null"}], "items": {"$ref": "#/anyOf/0"}}, [None], [[]]),
        ({"title": "t", "description": "d", "format": "email", "default": 3}, ["no address"], []),
    ],
)
def test_each_keyword_means_what_the_standard_says(
    document: Json, fits: list[Json], does_not: list[Json]
) -> None:
    read = schema(document)
    assert [value for value in fits if read.misfit(value) is not None] == []
    assert [value for value in does_not if read.misfit(value) is None] == []


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (3, "a JSON schema is"),
        ({"if": {}}, "schema: `if` is not supported"),
        ({"properties": {"a": {"patternProperties": {}}}}, "schema.properties.a: `patternProperties` is not"),
        ({"anyOf": [{}, {"typ": "string"}]}, r"schema.anyOf\[1\]: `typ` is not"),
        ({"type": "text"}, "`type` must be one or a list of"),
        ({"items": [{}]}, "`items` must be one schema for all items"),
        ({"required": "name"}, "`required` must be a list of names"),
        ({"minLength": 1.5}, "`minLength` must be a whole number"),
        ({"minimum": True}, "`minimum` must be a number"),
        ({"pattern": "("}, r"pattern `\(` is no pattern we can run: unclosed group"),
        ({"$ref": "https://example.test/s.json"}, "leads outside"),
        ({"$ref": "#/$defs/none"}, r"leads nowhere; nothing is called `\$defs`"),
        ({"$defs": {"a": {"enum": [1]}}, "$ref": "#/$defs/a/enum"}, "something that is no schema"),
        ({"$ref": "#"}, "go in a circle"),
        ({"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}]}}}, "go in a circle"),
    ],
)
def test_a_schema_that_would_be_read_wrongly_or_never_end_is_refused(document: Json, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        schema(document)


@pytest.mark.parametrize("keyword", sorted(set(SHAPES) - {"$ref", "pattern", "$defs", "definitions"}))
def test_every_keyword_that_is_read_can_fail(keyword: str) -> None:
    document: dict[str, tuple[Json, Json]] = {
        "type": ("null", 1),
        "enum": ([1], 2),
        "const": (1, 2),
        "required": (["a"], {}),
        "properties": ({"a": False}, {"a": 1}),
        "additionalProperties": (False, {"a": 1}),
        "items": (False, [1]),
        "not": (True, 1),
        "anyOf": ([False], 1),
        "oneOf": ([True, True], 1),
        "allOf": ([True, False], 1),
        "minimum": (2, 1),
        "maximum": (0, 1),
        "exclusiveMinimum": (1, 1),
        "exclusiveMaximum": (1, 1),
        "minLength": (2, "a"),
        "maxLength": (0, "a"),
        "minItems": (2, [1]),
        "maxItems": (0, [1]),
        "minProperties": (2, {"a": 1}),
        "maxProperties": (0, {"a": 1}),
        "uniqueItems": (True, [1, 1.0]),
    }
    wanted, value = document[keyword]
    assert schema({keyword: wanted}).misfit(value)


def test_notes_demand_nothing() -> None:
    assert schema(dict.fromkeys(sorted(NOTES), "x")).misfit(1) is None


def nested(depth: int) -> Json:
    value: Json = 1
    for _ in range(depth):
        value = [value]
    return value


def test_a_value_that_nests_without_end_does_not_fit() -> None:
    tree = schema({"items": {"$ref": "#"}})
    assert tree.misfit(nested(MAX_DEPTH)) is None
    assert "deep" in str(tree.misfit(nested(MAX_DEPTH + 1)))


def test_a_schema_that_multiplies_its_work_is_given_up_and_not_waited_for() -> None:
    branch: Json = {"items": {"$ref": "#"}, "minItems": 1}
    never: Json = {"allOf": [branch, {"type": "null"}]}
    branches: list[Json] = [never, never, never, branch, {"type": "integer"}]
    doubling = schema({"anyOf": branches})
    with pytest.raises(TooMuchWork):
        doubling.misfit(nested(40))


@given(VALUES)
def test_a_value_fits_its_own_constant_and_enum(value: Json) -> None:
    assert same(value, json.loads(json.dumps(value)))
    assert schema({"const": value}).misfit(value) is None
    assert schema({"enum": [value]}).misfit(value) is None
    assert schema({"not": {"const": value}}).misfit(value) is not None


@given(VALUES, VALUES)
def test_any_document_is_read_or_refused_and_any_value_is_judged(document: Json, value: Json) -> None:
    try:
        read = schema(document)
    except ValueError:
        return
    assert read.misfit(value) is None or "$" in str(read.misfit(value))
