"""The words of the web client: every language says everything, with the same gaps to fill."""

import json
import re
from pathlib import Path
from typing import Any

from domain.identity.settings import Language
from tests.support.browser import windows
from tests.support.server import serving, settings_for

WEB = Path(__file__).parents[3] / "src" / "entrypoints" / "web"
GAP = re.compile(r"\{(\w+)\}")
NAMED = re.compile(r"(?<![\w.])t\(\s*\"(\w+\.[^\"]+)\"")
PHYSICAL = re.compile(
    r"(?<![\w-])(margin|padding|border|inset)?-?(left|right)\s*:|text-align:\s*(left|right)"
)
READ = """async (codes) => {
  const read = async (code) => {
    const { default: words } = await import(`/static/i18n/${code}.js`);
    const rules = new Intl.PluralRules(code);
    const counts = [...Array(201).keys()].map((count) => rules.select(count));
    return [code, { words, forms: [...new Set([...counts, "other"])], known: rules.resolvedOptions().pluralCategories }];
  };
  return JSON.stringify(Object.fromEntries(await Promise.all(codes.map(read))));
}"""


CATALOGUES: dict[str, Any] = {}
"""As a browser reads them, once for all tests."""


async def _catalogues() -> dict[str, Any]:
    if not CATALOGUES:
        async with serving(settings_for()) as server, windows(server.url) as browser:
            page = await browser.open()
            CATALOGUES.update(json.loads(await page.evaluate(READ, [str(code) for code in Language])))
    return CATALOGUES


def _scripts() -> list[Path]:
    return [path for path in WEB.rglob("*.js") if not {"vendor", "i18n"} & set(path.relative_to(WEB).parts)]


async def test_every_language_has_exactly_the_keys_gaps_and_plural_forms_it_needs() -> None:
    catalogues = await _catalogues()
    english = catalogues["en"]["words"]
    for code, catalogue in catalogues.items():
        words = catalogue["words"]
        assert set(words) == set(english), code
        for key, text in words.items():
            gaps = set(GAP.findall(json.dumps(english[key])))
            if isinstance(text, str):
                assert isinstance(english[key], str), (code, key)
                assert set(GAP.findall(text)) == gaps, (code, key)
                assert text.strip(), (code, key)
            else:
                assert set(catalogue["forms"]) <= set(text) <= set(catalogue["known"]), (code, key)
                assert set(GAP.findall(text["other"])) == gaps, (code, key)
                assert all(set(GAP.findall(form)) <= gaps for form in text.values()), (code, key)


async def test_only_english_says_it_in_english() -> None:
    catalogues = await _catalogues()
    english = catalogues["en"]["words"]
    for code, catalogue in catalogues.items():
        same = [key for key, text in catalogue["words"].items() if text == english[key]]
        assert code == "en" or len(same) < len(english) / 10, (code, same)


def test_every_key_that_the_client_names_is_in_the_catalogue() -> None:
    english = (WEB / "i18n" / "en.js").read_text()
    named = {key for path in _scripts() for key in NAMED.findall(path.read_text())}
    assert len(named) > 100
    assert sorted(key for key in named if f'"{key}":' not in english) == []


def test_styles_know_no_left_or_right() -> None:
    sheets = [path for path in WEB.rglob("*.css") if "vendor" not in path.parts]
    assert sheets
    assert [path.name for path in sheets if PHYSICAL.search(path.read_text())] == []
