"""The weights on disk: read back as written, refused when damaged."""

from __future__ import annotations

from array import array
from importlib import resources

import pytest

from router.classifier.model_file import MAGIC, load_model, load_stems, pack, unpack
from router.core.classify.task_model import Head, TaskModel


def head(labels: tuple[str, ...], rows: int) -> Head:
    weights = tuple(
        array("b", [(-127, 0, 127)[(row + at) % 3] for row in range(rows)]) for at in range(len(labels))
    )
    return Head(labels, weights, tuple(0.5 for _ in labels), tuple(0.25 for _ in labels), 1.5)


SMALL = TaskModel(
    stems={"summar": "shorten"},
    vocabulary={7: 0, 4_000_000_000: 1},
    task=head(("a", "b"), 2),
    level=head(("L1", "L2", "L3"), 2),
    levels_of_task=((0.5, 0.25, 0.25), (0.0, 0.5, 0.5)),
    language_vocabulary={1: 0, 2: 1, 3: 2},
    language=head(("en", "de"), 3),
    abstain_below=0.625,
)


def test_a_model_is_read_back_as_it_was_written() -> None:
    assert unpack(pack(SMALL), SMALL.stems) == SMALL


def test_the_shipped_file_is_small_and_is_what_packing_it_again_gives() -> None:
    shipped = (resources.files("router.classifier") / "model.bin").read_bytes()
    assert len(shipped) < 700_000
    assert pack(load_model()) == shipped


@pytest.mark.parametrize("cut", [0, 3, len(MAGIC) + 2, len(pack(SMALL)) - 1])
def test_a_file_cut_off_is_refused_with_what_to_do(cut: int) -> None:
    with pytest.raises(ValueError, match="train it again"):
        unpack(pack(SMALL)[:cut], {})


def test_every_stem_stands_for_one_idea_and_ideas_hold_several_languages() -> None:
    stems = load_stems()
    assert len(stems) > 2000
    assert {stems["zusammenfass"], stems["summar"], stems["要約"]} == {"summarize"}
    assert all(stem and " " not in stem for stem in stems)
