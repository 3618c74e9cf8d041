"""Opening a report in headless Chromium, and what the page says of itself then."""
import html.parser
import os
import re
import shutil
import subprocess
import sys
import tempfile

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def need_chromium():
    if not CHROMIUM:
        print("SKIPPED: Chromium is not installed (chromium)")
        sys.exit(77)


class Page(html.parser.HTMLParser):
    """The document after its scripts ran: what is said on the root element, its figures, and the console."""

    def __init__(self, path):
        super().__init__()
        self.root, self.figures, self.elements, self.text = {}, {}, 0, ""
        self.source, self.console = dump(path)
        self.feed(self.source)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.elements += 1
        if tag == "html":
            self.root = {k[5:]: int(v) for k, v in attributes.items() if k.startswith("data-")}
        if tag == "figure":
            self.figures[attributes["id"]] = (attributes["data-kind"], attributes.get("data-drawn"))

    def handle_data(self, data):
        self.text += data


def dump(path):
    """Chromium may not start on a busy machine at the first attempt; a page that it opened is taken as it is."""
    url = "file://" + os.path.abspath(path)
    for _ in range(3):
        with tempfile.TemporaryDirectory() as profile:
            try:
                done = subprocess.run(
                    [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
                     "--disable-dev-shm-usage", "--user-data-dir=" + profile, "--enable-logging=stderr",
                     "--window-size=1100,1400", "--virtual-time-budget=5000", "--dump-dom", url],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=80)
            except subprocess.TimeoutExpired:
                continue
        if b"</html>" in done.stdout:
            console = [line for line in done.stderr.decode(errors="replace").splitlines() if "CONSOLE" in line]
            return done.stdout.decode(), console
    sys.exit("Chromium does not open " + url)


def check_drawn(page, wanted):
    """Every plot is there and drawn, nothing was asked of the network, nothing went wrong."""
    assert page.root.get("faults") == 0, (page.root, re.findall(r'id="check">([^<]*)', page.source))
    assert page.root["requests"] == 0, page.root
    assert page.console == [], page.console
    assert page.root["plots"] == page.root["drawn"] == len(page.figures) > 0, (page.root, page.figures)
    missing = set(wanted) - set(page.figures)
    assert not missing, (missing, sorted(page.figures))
    undrawn = [name for name, (kind, drawn) in page.figures.items() if drawn != "yes"]
    assert not undrawn, undrawn
