"""The page of a sweep of 64 runs opens from disk in a browser: no network, no word on the console, every plot drawn."""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import page as pages
import sweeps

pages.need_chromium()
sweeps.make("out")
started = time.monotonic()
sweeps.hamlet("report", "out", "-o", "sweep.html")
print("report of 64 runs: %.2f s, %.2f MB" % (time.monotonic() - started, os.path.getsize("sweep.html") / 1e6))
assert os.path.getsize("sweep.html") < 5e6

page = pages.Page("sweep.html")
pages.check_drawn(page, ["error-fraction", "residual-fraction", "cost-forces-1", "cost-wall-1", "cost-forces-2", "map-1"])
kinds = {name: kind for name, (kind, drawn) in page.figures.items()}
assert kinds["map-1"] == "heat" and kinds["error-fraction"] == "scatter"
assert "64 runs" in page.text and "Runs that did not finish" in page.text

# Plots zoom, come back, hide a curve, and show their numbers. What a hand would do is done by a script on the page.
EXERCISE = """<script>
window.addEventListener("load", function () {
    Element.prototype.setPointerCapture = function () {};
    var figure = document.getElementById("error-fraction"), svg = figure.querySelector(".live svg");
    var box = svg.getBoundingClientRect(), page = document.documentElement.dataset, all = svg.textContent;
    function fire(type, x, y) {
        svg.dispatchEvent(new PointerEvent(type, {button: 0, pointerId: 1, bubbles: true,
            clientX: box.left + x * box.width, clientY: box.top + y * box.height}));
    }
    fire("pointerdown", 0.3, 0.3);
    fire("pointermove", 0.6, 0.6);
    fire("pointerup", 0.6, 0.6);
    page.zoomed = Number(svg.textContent !== all);
    svg.dispatchEvent(new MouseEvent("dblclick"));
    page.whole = Number(svg.textContent === all);
    page.points = svg.querySelectorAll(".point").length;
    figure.querySelector(".legend button").click();
    page.fewer = svg.querySelectorAll(".point").length;
    figure.querySelector("details").open = true;
    setTimeout(function () { page.rows = figure.querySelectorAll("details tr").length; }, 500);
});
</script></body>"""
text = open("sweep.html", encoding="utf-8").read()
with open("used.html", "w", encoding="utf-8") as out:
    out.write(text.replace("</body>", EXERCISE))
used = pages.Page("used.html").root
assert used["faults"] == 0 and used["zoomed"] == used["whole"] == 1, used
assert 0 < used["fewer"] < used["points"] < used["rows"], used

# A study: growth curves, of the sweep and of one of its runs.
sweeps.make_study("study")
sweeps.hamlet("report", "study", "-o", "study.html")
pages.check_drawn(pages.Page("study.html"), ["growth-position", "growth-kinetic", "growth-potential"])
sweeps.hamlet("report", "study/0001.h5", "-o", "one.html")
pages.check_drawn(pages.Page("one.html"), ["growth-position", "growth-kinetic", "growth-potential", "total-energy"])
