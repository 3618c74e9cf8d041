/* Brings the page to life: curves over time by dygraphs, the others by Chart; numbers on demand; and a check, at the end,
   that all of it is there. */
(function () {
    var plots = JSON.parse(document.getElementById("data").textContent);
    var timelines = [];

    function css(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

    function paint(series) { return css(series.colour < 0 ? "--grey" : "--p" + series.colour % 8); }

    function make(parent, tag, className, text) {
        var e = document.createElement(tag);
        if (className) e.className = className;
        if (text !== undefined) e.textContent = text;
        parent.appendChild(e);
        return e;
    }

    /* ---- legends ---- */

    function makeLegend(host, plot, toggle) {
        var legend = make(host, "div", "legend"), place = make(legend, "span", "place");
        var buttons = plot.series.map(function (s, i) {
            var button = make(legend, "button", Chart.colour(s), s.name);
            button.type = "button";
            button.setAttribute("aria-pressed", "true");
            button.addEventListener("click", function () {
                var on = button.classList.toggle("off");
                button.setAttribute("aria-pressed", String(!on));
                toggle(i, !on);
            });
            return button;
        });
        return function (x, values) { /* what is under the pointer */
            place.textContent = x === null ? "" : Chart.label(x);
            buttons.forEach(function (b, i) {
                b.textContent = plot.series[i].name + (values && values[i] !== undefined ? " " + Chart.label(values[i]) : "");
            });
        };
    }

    /* ---- curves over time ---- */

    function rowsOf(plot, spread) {
        var lowest = Infinity;
        function usable(v) { return v !== null && (!plot.ylog || v > 0); }
        plot.series.forEach(function (s) {
            s.y.concat(s.low || []).forEach(function (v) { if (usable(v)) lowest = Math.min(lowest, v); });
        });
        return plot.series[0].x.map(function (x, k) {
            return [x].concat(plot.series.map(function (s) {
                var y = s.mark === "rule" ? s.y[0] : s.y[k];
                if (!usable(y)) return spread ? [null, null, null] : null;
                if (!spread) return y;
                return s.low ? [usable(s.low[k]) ? s.low[k] : lowest, y, s.high[k]] : [y, y, y];
            }));
        });
    }

    /* Where exact steps are, along the lower edge. */
    function drawRug(plot, context, area, graph) {
        if (!plot.rug) return;
        var width = plot.rug_span[0] / plot.rug.length, colour = css("--rug");
        context.save();
        context.fillStyle = colour;
        plot.rug.forEach(function (share, b) {
            if (!(share > 0)) return;
            var from = graph.toDomXCoord(b * width), to = graph.toDomXCoord((b + 1) * width);
            if (to < area.x || from > area.x + area.w) return;
            context.globalAlpha = 0.25 + 0.75 * share;
            context.fillRect(from, area.y + area.h - 8, Math.max(to - from, 0.6), 8);
        });
        context.restore();
    }

    function colours(plot) {
        return {colors: plot.series.map(paint), axisLineColor: css("--grey"), gridLineColor: css("--line")};
    }

    function options(plot, spread, legend) {
        var series = {}, o = colours(plot);
        plot.series.forEach(function (s) {
            series[s.name] = s.mark === "points" ? {strokeWidth: 0, drawPoints: true, pointSize: 2}
                : s.mark === "rule" ? {strokePattern: [6, 4], strokeWidth: 1.5}
                : {strokeWidth: 1.4, drawPoints: s.mark === "both", pointSize: 2};
        });
        o.labels = ["x"].concat(plot.series.map(function (s) { return s.name; }));
        o.series = series;
        o.customBars = spread;
        o.fillAlpha = 0.22;
        o.legend = "never";
        o.xlabel = plot.xlabel;
        o.ylabel = plot.ylabel;
        o.logscale = plot.ylog;
        o.xRangePad = 4;
        o.yRangePad = 8;
        o.highlightCircleSize = 3;
        o.axes = {y: {axisLabelWidth: 62, axisLabelFormatter: Chart.label}, x: {axisLabelFormatter: Chart.label}};
        o.dateWindow = plot.view || null;
        o.underlayCallback = function (context, area, graph) { drawRug(plot, context, area, graph); };
        o.highlightCallback = function (e, x, points) {
            var values = [];
            points.forEach(function (p) {
                plot.series.forEach(function (s, i) { if (s.name === p.name) values[i] = p.yval; });
            });
            legend(x, values);
        };
        o.unhighlightCallback = function () { legend(null); };
        o.zoomCallback = function (from, to) { follow(plot, from, to); };
        return o;
    }

    /* Plots over the same axis show the same part of it. */
    function follow(plot, from, to) {
        timelines.forEach(function (t) {
            if (t.plot === plot || t.plot.xlabel !== plot.xlabel) return;
            var all = t.graph.xAxisExtremes();
            t.graph.updateOptions({dateWindow: from <= all[0] && to >= all[1] ? null : [from, to]});
        });
    }

    function drawTimeline(live, plot) {
        var spread = plot.series.some(function (s) { return s.low; });
        var legend = makeLegend(live, plot, function (i, on) { graph.setVisibility(i, on); });
        var frame = make(live, "div", "timeline-frame");
        var graph = new Dygraph(frame, rowsOf(plot, spread), options(plot, spread, legend));
        timelines.push({plot: plot, graph: graph, frame: frame});
    }

    function drawChart(live, plot) {
        if (plot.series.length > 1) makeLegend(live, plot, function (i, on) { chart.show(i, on); });
        var chart = new Chart(live, plot);
    }

    /* ---- numbers ---- */

    function numbersOf(plot) {
        var rows = [["series", plot.xlabel, plot.ylabel, "least", "largest", "label"]];
        plot.series.forEach(function (s) {
            s.y.forEach(function (y, k) {
                var x = s.mark === "rule" ? null : (s.x || plot.series[0].x)[k];
                rows.push([s.name, x, y, s.low ? s.low[k] : null, s.high ? s.high[k] : null, s.label ? s.label[k] : ""]);
            });
        });
        return rows;
    }

    function save(plot, rows) {
        var text = rows.map(function (row) {
            return row.map(function (c) {
                c = c === null ? "" : String(c);
                return /[",\n]/.test(c) ? '"' + c.replace(/"/g, '""') + '"' : c;
            }).join(",");
        }).join("\n") + "\n";
        var link = document.createElement("a");
        link.href = URL.createObjectURL(new Blob([text], {type: "text/csv"}));
        link.download = plot.id + ".csv";
        link.click();
        URL.revokeObjectURL(link.href);
    }

    function showNumbers(details, plot) {
        if (details.querySelector("table")) return;
        var rows = numbersOf(plot), button = make(details, "button", "", "Save as CSV");
        button.type = "button";
        button.addEventListener("click", function () { save(plot, rows); });
        var table = make(make(details, "div", "wide"), "table", "list"), head = make(make(table, "thead"), "tr");
        var body = make(table, "tbody");
        rows.forEach(function (row, i) {
            var line = i > 0 ? make(body, "tr") : head;
            row.forEach(function (c) {
                make(line, i > 0 ? "td" : "th", typeof c === "number" ? "number" : "",
                    typeof c === "number" ? Chart.label(c) : c === null ? "" : c);
            });
        });
    }

    /* ---- the check ---- */

    /* Pixels in the colour of a curve, above the marks of exact steps. */
    function paintedPixels(timeline) {
        var found = 0, wanted = timeline.plot.series.map(function (s) {
            var c = document.createElement("canvas").getContext("2d");
            c.fillStyle = paint(s);
            return parseInt(c.fillStyle.slice(1), 16);
        });
        timeline.frame.querySelectorAll("canvas").forEach(function (canvas) {
            if (!canvas.width || !canvas.height) return;
            var area = timeline.graph.getArea(), scale = canvas.height / canvas.getBoundingClientRect().height;
            var height = Math.floor((area.y + area.h - (timeline.plot.rug ? 9 : 0)) * scale);
            var data = canvas.getContext("2d").getImageData(0, 0, canvas.width, height).data;
            for (var i = 0; i < data.length; i += 4) {
                if (data[i + 3] < 40) continue;
                for (var w = 0; w < wanted.length; w++)
                    if (Math.abs(data[i] - (wanted[w] >> 16)) + Math.abs(data[i + 1] - (wanted[w] >> 8 & 255)) +
                        Math.abs(data[i + 2] - (wanted[w] & 255)) < 30) {
                        found++;
                        break;
                    }
            }
        });
        return found;
    }

    function isDrawn(figure) {
        var kind = figure.dataset.kind, plot = plots.filter(function (p) { return p.id === figure.id; })[0];
        if (kind === "timeline") {
            var t = timelines.filter(function (one) { return one.plot === plot; })[0];
            return !!t && paintedPixels(t) >= 10;
        }
        if (kind === "scatter") {
            var marks = figure.querySelectorAll(".live .point, .live .line, .live .rule");
            return marks.length > 0 && Array.prototype.every.call(marks, function (m) {
                return m.tagName === "circle" ? isFinite(+m.getAttribute("cx")) && isFinite(+m.getAttribute("cy"))
                                              : !/NaN|Infinity/.test(m.getAttribute("d"));
            });
        }
        var cells = figure.querySelectorAll(kind === "heat" ? ".cell" : ".bar");
        return cells.length > 0 && Array.prototype.every.call(cells, function (c) {
            var box = c.getBoundingClientRect(), background = getComputedStyle(c).backgroundColor;
            return box.width > 0 && box.height > 0 && background !== "rgba(0, 0, 0, 0)";
        });
    }

    function check() {
        var figures = document.querySelectorAll("figure.plot"), drawn = 0;
        figures.forEach(function (f) {
            var good = isDrawn(f);
            f.dataset.drawn = good ? "yes" : "no";
            if (good) drawn++;
        });
        var requests = performance.getEntriesByType("resource").length, page = document.documentElement.dataset;
        page.plots = figures.length;
        page.drawn = drawn;
        page.faults = pageFaults.length;
        page.requests = requests;
        document.getElementById("check").textContent = drawn + " of " + figures.length + " plots drawn" +
            (pageFaults.length ? "; faults: " + pageFaults.join("; ") : "") + ".";
    }

    plots.forEach(function (plot) {
        var figure = document.getElementById(plot.id);
        figure.classList.add("drawn");
        try {
            (plot.kind === "timeline" ? drawTimeline : drawChart)(figure.querySelector(".live"), plot);
        } catch (fault) { /* the still drawing stays */
            pageFaults.push(plot.id + ": " + fault.message);
            figure.classList.remove("drawn");
        }
        var details = figure.querySelector(".numbers");
        details.addEventListener("toggle", function () { if (details.open) showNumbers(details, plot); });
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", function () {
        timelines.forEach(function (t) { t.graph.updateOptions(colours(t.plot)); });
    });
    window.addEventListener("load", check);
})();
