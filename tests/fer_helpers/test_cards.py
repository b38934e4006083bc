import json
import os
from dataclasses import asdict, replace

import numpy as np
import pytest

from data_fetch import DataError, FaceDataset, Source, fer2013, load
from fer_helpers import results
from fer_helpers.results import cards
from fer_helpers.results.cards.__main__ import main

CARD = json.loads((cards.FOLDER / "fer2013.json").read_text())


@pytest.fixture
def small():
    """Six images of 2×2: a copy in the test part with another label, a blank, a shared person."""
    images = np.arange(6 * 4, dtype=np.uint8).reshape(6, 2, 2, 1)
    images[4] = images[0]
    images[5] = 7
    return FaceDataset(
        images=images,
        labels=np.array([0, 0, 1, 1, 1, 0]),
        class_names=("happy", "sad"),
        split=np.array(["train", "train", "train", "validation", "test", "test"]),
        subject=np.array([1, 1, 2, 3, 2, 4]),
        source=Source("Six", "none", "abc", synthetic=True),
    )


def test_everything_is_counted(small):
    card = results.make_card(small)
    assert card.name == "Six" and card.synthetic and card.checksum == "abc"
    assert card.image_size == (2, 2, 1)
    assert card.counts == {
        "train": {"happy": 2, "sad": 1},
        "validation": {"happy": 0, "sad": 1},
        "test": {"happy": 1, "sad": 1},
    }
    assert card.people == {"train": 2, "validation": 1, "test": 2}
    assert card.people_in_two_parts == 1
    assert card.copies == {"validation": 0, "test": 1}
    assert (card.groups, card.conflicting_groups, card.blank) == (1, 1, 1)
    assert card.brightness_mean == pytest.approx(small.images.mean())
    assert card.brightness_std == pytest.approx(small.images.std())
    assert (card.made, card.versions) == ("", {})


def test_one_person_in_three_parts_counts_once(small):
    everywhere = replace(small, subject=np.array([1, 1, 2, 2, 2, 4]))
    assert results.make_card(everywhere).people_in_two_parts == 1


def test_what_nobody_knows_is_none(small):
    card = results.make_card(replace(small, subject=None))
    assert card.people is None and card.people_in_two_parts is None
    assert "people in two parts   not known" in str(card)


def test_parts_that_are_missing_have_no_entry(small):
    card = results.make_card(small.part("train"))
    assert list(card.counts) == ["train"] and card.copies == {}
    assert str(card).splitlines()[1].split() == ["train"]


def test_no_image_no_card(small):
    with pytest.raises(ValueError, match="at least one image"):
        results.make_card(small.select(np.zeros(6, bool)))


def test_brightness_does_not_depend_on_the_blocks(small, monkeypatch):
    whole = results.make_card(small)
    monkeypatch.setattr(cards, "_BLOCK", 4)
    assert results.make_card(small) == whole


def test_the_card_of_the_sample_by_hand():
    faces = load("sample", count=200)
    card = results.make_card(faces)
    for split in cards.SPLITS:
        labels = faces.labels[faces.split == split]
        assert list(card.counts[split].values()) == np.bincount(labels, minlength=7).tolist()
        assert card.people[split] == len(np.unique(faces.subject[faces.split == split]))
    assert (card.people_in_two_parts, card.groups, card.blank) == (0, 0, 0)
    assert card.brightness_mean == pytest.approx(faces.images.mean())


def test_printed_in_columns(small):
    lines = str(replace(results.make_card(small), made="2026-01-01", versions={"numpy": "2"}))
    assert lines.splitlines() == [
        "Six: 2×2×1, made by a program",
        "                           train  validation        test",
        "happy                          2           0           1",
        "sad                            1           1           1",
        "all classes                    3           1           2",
        "people                         2           1           2",
        "copies of training                         0           1",
        "groups of copies      1, 1 with different labels",
        "people in two parts   1",
        "blank images          1",
        f"brightness            {small.images.mean():.1f} ± {small.images.std():.1f} of 255",
        "sha256                abc…",
        "counted               2026-01-01 with numpy 2",
    ]


def test_a_card_survives_storing(small, tmp_path):
    card = results.make_card(small)
    cards.save(card, "six", folder=tmp_path)
    assert cards.card("six", folder=tmp_path) == card


def test_unknown_and_damaged_cards_are_named(tmp_path):
    with pytest.raises(ValueError, match="no card of 'rafdb' is stored; choose one of 'fer2013'"):
        results.card("rafdb")
    for content in ("", "[]", "{}", '{"name": "x", "image_size": [1, 1, 1]}'):
        (tmp_path / "six.json").write_text(content)
        with pytest.raises(ValueError, match="six.json is damaged"):
            cards.card("six", folder=tmp_path)


# The stored card of FER2013


def test_the_stored_card_fits_the_known_facts():
    card = results.card("fer2013")
    assert card.checksum == fer2013.OFFICIAL.checksum
    totals = {split: sum(counts.values()) for split, counts in card.counts.items()}
    assert totals == fer2013.OFFICIAL.counts
    assert card.made and card.versions
    assert not card.synthetic


def test_the_stored_card_fits_the_stored_study():
    reference = results.reference("three-view-ensemble", "fer2013", "cpu")
    card = results.card("fer2013")
    for split, labels in reference.labels.items():
        assert list(card.counts[split].values()) == np.bincount(labels).tolist()
        assert card.copies[split] == reference.copies[split].sum()


def test_the_stored_card_holds_numbers_and_no_image():
    assert len(json.dumps(CARD)) < 2_000
    assert asdict(results.card("fer2013")) == CARD | {"image_size": tuple(CARD["image_size"])}


@pytest.fixture(scope="module")
def real():
    path = os.environ.get("FER2013_ARCHIVE")
    if not path:
        pytest.skip("FER2013_ARCHIVE does not name Kaggle's archive of FER2013")
    return fer2013.read(path)


def test_the_stored_card_equals_a_fresh_one(real):
    fresh, stored = results.make_card(real), cards.undated(results.card("fer2013"))
    assert fresh == stored


# The command


def test_the_command_prints_a_card_and_stores_only_when_asked(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(
        "fer_helpers.results.cards.__main__.load", lambda name: load(name, count=50)
    )
    monkeypatch.setattr(cards.save, "__kwdefaults__", {"folder": tmp_path})
    assert main(["sample"]) == 0
    assert "sample: 48×48×1, made by a program" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())
    assert main(["sample", "--store"]) == 0
    stored = cards.card("sample", folder=tmp_path)
    assert cards.undated(stored) == results.make_card(load("sample", count=50))
    assert set(stored.versions) == {"python", "numpy", "pillow"} and len(stored.made) == 10


def test_the_command_compares_with_the_stored_card(monkeypatch, small, capsys):
    monkeypatch.setattr("fer_helpers.results.cards.__main__.load", lambda name: small)
    main(["fer2013"])
    assert "the stored card says SOMETHING ELSE" in capsys.readouterr().out
    monkeypatch.setattr(cards, "card", lambda name: results.make_card(small))
    main(["fer2013"])
    assert "the stored card says the same" in capsys.readouterr().out


def test_the_command_without_data_says_what_to_do(monkeypatch, capsys):
    def nothing(name):
        raise DataError("FER2013 is not in the cache; run `python -m data_fetch get fer2013`")

    monkeypatch.setattr("fer_helpers.results.cards.__main__.load", nothing)
    assert main(["fer2013"]) == 1
    assert "data_fetch get fer2013" in capsys.readouterr().err


def test_the_command_refuses_what_may_not_be_stored():
    with pytest.raises(SystemExit):
        main(["rafdb"])
