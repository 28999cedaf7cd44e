"""The judges themselves: a bad file is seen, a page that fails is heard, and nothing beside the folders is served."""

import json
from pathlib import Path

import pytest
from browser import _served, in_chromium
from judging import gltf_report, program


def test_the_validator_sees_what_is_wrong(tmp_path: Path) -> None:
    document = {"asset": {"version": "2.0"}, "nodes": [{"mesh": 3}], "buffers": [{"uri": "no.bin", "byteLength": 4}]}
    (tmp_path / "bad.gltf").write_text(json.dumps(document), encoding="utf-8")
    report = gltf_report(tmp_path / "bad.gltf")
    assert report.errors == 2 and report.messages[0].startswith("UNRESOLVED_REFERENCE /nodes/0/mesh:")


def test_a_page_that_fails_says_so_at_once(tmp_path: Path) -> None:
    scripts = '<script src="/pages/answer.js"></script><script type="module">import "./missing.js";</script>'
    (tmp_path / "page.html").write_text(f"<!doctype html>{scripts}", encoding="utf-8")
    with pytest.raises(AssertionError, match="files/page.html: .* did not load"):
        in_chromium("files/page.html", {"files": tmp_path})


def test_a_missing_program_skips_with_a_word() -> None:
    with pytest.raises(pytest.skip.Exception, match="no-such-program is missing"):
        program("no-such-program", "nor-this-one")


def test_only_what_is_served_can_be_fetched(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("")
    for name in ("web", "modules"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.js").write_text("")
    folders = {"web": tmp_path / "web", "web/node_modules": tmp_path / "modules"}
    assert _served("web/a.js", folders) == (tmp_path / "web" / "a.js").resolve()
    assert _served("web/node_modules/a.js", folders) == (tmp_path / "modules" / "a.js").resolve()
    for place in ("secret", "web/../secret", "web/", "web/none.js", "other/a.js", "web/node_modules/../../secret"):
        assert _served(place, folders) is None
