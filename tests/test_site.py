"""The built site in a real browser: quiet, self-contained, accessible, and whole."""

import functools
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup

from tools import book, chapters

INSTRUCTORS = sorted((chapters.ROOT / "book" / "instructors").glob("*.md"))
PAGES = [
    "search",
    "book/index",
    "book/how-to-use",
    "book/data-and-rights",
    "book/glossary",
    "book/references",
    "book/scoreboard",
    *(f"book/instructors/{path.stem}" for path in INSTRUCTORS),
    *(f"notebooks/{name}" for name in chapters.names()),
]

# Rules that only the theme's own templates break, with what breaks them. Nothing of ours is here.
THEIRS: dict[str, str] = {}


@functools.cache
def soup(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def test_every_page_is_tested(site):
    built = {
        path.relative_to(book.HTML).with_suffix("").as_posix()
        for path in book.HTML.rglob("*.html")
        if "_static" not in path.parts
    }
    # index only sends on to book/index, and nothing links to the empty index of terms
    assert built - {"index", "genindex"} == set(PAGES)


def audited(name: str, width: int, scheme: str) -> bool:
    """Tell whether axe looks: at each page in both widths and both schemes, in two of four ways.

    It takes half a minute for a long page on a slow machine. Which two ways alternates.
    """
    return ((width == 1280) == (scheme == "light")) == (PAGES.index(name) % 2 == 0)


def audit(page) -> list[str]:
    results = Axe().run(page, options={"resultTypes": ["violations"]})
    return [
        f"{violation['id']}: {node['html'][:200]}\n    {node['failureSummary']}"
        for violation in results.response["violations"]
        if violation["id"] not in THEIRS
        for node in violation["nodes"]
    ]


def test_axe_finds_what_is_wrong(browser):
    page = browser.new_page()
    page.set_content("<p style='color:#ccc;background:#fff'>pale</p><img src='x.png'>")
    found = " ".join(audit(page))
    page.close()
    assert "color-contrast" in found and "image-alt" in found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_page(site, browser, name, width, scheme):
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(f"script error: {error}"))
    page.on(
        "console",
        lambda message: (
            complaints.append(f"console: {message.text}")
            if message.type in ("error", "warning")
            else None
        ),
    )
    page.on(
        "request",
        lambda request: (
            complaints.append(f"asks another host: {request.url}")
            if not request.url.startswith((site, "data:", "blob:"))
            else None
        ),
    )
    page.on(
        "response",
        lambda response: (
            complaints.append(f"{response.status} for {response.url}")
            if response.status >= 400
            else None
        ),
    )
    page.goto(f"{site}/{name}.html", wait_until="load")
    page.wait_for_load_state("networkidle")
    page.evaluate("() => window.MathJax?.startup?.promise")
    page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    page.wait_for_timeout(200)

    seen = list(complaints)  # axe, next, asks for style sheets under addresses of its own making
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    found = audit(page) if audited(name, width, scheme) else []
    context.close()

    assert not seen
    assert wide <= 0, f"{wide} pixels stick out on the right"
    assert not found, "\n".join(found[:8])


@pytest.mark.parametrize("name", PAGES)
def test_images_have_alternative_texts(site, name):
    images = soup(book.HTML / f"{name}.html").select("article img")
    poor = [image.get("src") for image in images if len(image.get("alt") or "") < 20]
    assert not poor


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(site, name):
    page = book.HTML / f"{name}.html"
    broken = []
    for link in soup(page).select("a[href], link[href], script[src], img[src]"):
        address = link.get("href") or link.get("src")
        absolute = urljoin(f"http://site/{name}.html", address)
        if not absolute.startswith("http://site/"):
            continue
        path, fragment = urldefrag(absolute.removeprefix("http://site/"))
        target = book.HTML / unquote(path.split("?")[0])
        if not target.exists():
            broken.append(address)
        elif fragment and target.suffix == ".html" and not soup(target).find(id=unquote(fragment)):
            broken.append(address)
    assert not broken


@pytest.mark.parametrize("name", [page for page in PAGES if page.startswith("notebooks/")])
def test_launch_buttons_open_the_learners_notebook(site, name):
    repository, _ = chapters.addresses()
    path = repository.removeprefix("https://github.com/")
    links = {link["href"] for link in soup(book.HTML / f"{name}.html").select("a[href]")}
    assert f"https://colab.research.google.com/github/{path}/blob/main/{name}.ipynb" in links
    assert any(link.startswith(f"https://mybinder.org/v2/gh/{path}/main?") for link in links)


def test_pages_work_without_javascript(site, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/notebooks/02-convolution.html")
    answer = page.locator(".quiz-option").first
    assert not answer.locator(".sd-summary-content").is_visible()
    answer.locator("summary").click()
    assert answer.locator(".sd-summary-content").is_visible()
    context.close()


def test_a_quiz_is_answered_by_keyboard(site, browser):
    page = browser.new_page()
    page.goto(f"{site}/notebooks/02-convolution.html")
    answer = page.locator(".quiz-option").first
    answer.locator("summary").focus()
    page.keyboard.press("Enter")
    assert answer.get_attribute("open") is not None
    page.close()
