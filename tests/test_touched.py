"""Which tests a change names."""

import grimp

from tools.touched import ALWAYS, PACKAGES, changed_files, touched_tests

GRAPH = grimp.build_graph(*PACKAGES, cache_dir=None)


def test_a_change_names_the_tests_that_import_it_and_one_step_on() -> None:
    tests = touched_tests(["router/core/budget/runaway.py", "README.md"], GRAPH)
    assert any(name.startswith("tests/core/budget/") for name in tests)
    assert "tests/cockpit/test_themes.py" not in tests
    assert len(tests) < 60


def test_what_is_no_module_names_the_architecture_alone() -> None:
    assert touched_tests(["README.md", "router/none.py"], GRAPH) == [ALWAYS]


def test_a_changed_test_names_itself() -> None:
    assert touched_tests(["tests/test_touched.py"], GRAPH) == [ALWAYS, "tests/test_touched.py"]


def test_what_differs_is_named_by_path() -> None:
    assert all(not path.startswith("/") for path in changed_files("HEAD"))
