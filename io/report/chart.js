"use strict";
/* Plots that are no series over time: points with error bars, lines, linear and logarithmic axes. Drawn as SVG with the
   classes of plot.css. Drag to zoom, double-click to see all. */
var Chart = (function () {
    var WIDTH = 760, HEIGHT = 400, LEFT = 78, RIGHT = 16, TOP = 10, BOTTOM = 46;

    function element(parent, name, attributes, text) {
        var e = document.createElementNS("http://www.w3.org/2000/svg", name);
        for (var key in attributes) e.setAttribute(key, attributes[key]);
        if (text !== undefined) e.textContent = text;
        parent.appendChild(e);
        return e;
    }

    function known(value, log) { return value !== null && isFinite(value) && (!log || value > 0); }

    function colour(series) { return series.colour < 0 ? "grey" : "c" + series.colour % 8; }

    /* Number as people write it: 1e-5, not 1e-05. */
    function label(value) {
        if (value === null || !isFinite(value)) return "–";
        var text = value !== 0 && (Math.abs(value) >= 1e6 || Math.abs(value) < 1e-4) ? value.toExponential(4)
                                                                                   : value.toPrecision(6);
        return text.replace(/(\.\d*?)0+(e|$)/, "$1$2").replace(/\.(e|$)/, "$1").replace("e+", "e");
    }

    function extent(plot, series, axis, window) {
        var range = [Infinity, -Infinity];
        var log = axis === "x" ? plot.xlog : plot.ylog;
        series.forEach(function (s) {
            if (axis === "x" && s.mark === "rule") return;
            (axis === "x" ? [s.x] : [s.y, s.low, s.high]).forEach(function (values) {
                (values || []).forEach(function (value, k) {
                    if (window && s.mark !== "rule" && !(s.x[k] >= window[0] && s.x[k] <= window[1])) return;
                    if (!known(value, log) || s.y[k] === null) return;
                    range[0] = Math.min(range[0], value);
                    range[1] = Math.max(range[1], value);
                });
            });
        });
        if (!(range[0] <= range[1])) return log ? [0.1, 1] : [0, 1];
        if (log) {
            range[0] = Math.max(range[0], 1e-30 * range[1]);
            var room = Math.pow(range[1] / range[0], 0.04) * (range[1] / range[0] < 1.5 ? 1.5 : 1);
            return [range[0] / room, range[1] * room];
        }
        var span = range[1] - range[0] || Math.abs(range[0]) * 1.2 || 1;
        var rim = range[1] > range[0] ? 0.04 * span : 0.5 * span;
        return [range[0] - rim, range[1] + rim];
    }

    function ticks(range, log) {
        var list = [], step, k;
        if (log && range[1] / range[0] > 8) {
            var first = Math.ceil(Math.log10(range[0])), last = Math.floor(Math.log10(range[1]));
            var every = Math.max(1, Math.floor((last - first) / 8) + 1);
            for (k = first - 1; k <= last; k++) {
                if (k >= first && (k - first) % every === 0) list.push(Math.pow(10, k));
                if (last - first <= 1) list.push(2 * Math.pow(10, k), 5 * Math.pow(10, k));
            }
        } else {
            var power = Math.pow(10, Math.floor(Math.log10((range[1] - range[0]) / 8)));
            step = [1, 2, 5, 10].map(function (f) { return f * power; }).filter(function (s) {
                return (range[1] - range[0]) / s <= 8;
            })[0];
            for (k = Math.ceil(range[0] / step); k * step <= range[1]; k++) list.push(k * step);
        }
        return list.filter(function (t) { return t >= range[0] && t <= range[1]; });
    }

    function Chart(host, plot) {
        this.plot = plot;
        this.hidden = {};
        this.window = null; /* of x and y, when zoomed */
        this.svg = element(host, "svg", {"class": "drawing", viewBox: "0 0 " + WIDTH + " " + HEIGHT, role: "img"});
        this.listen();
        this.draw();
    }

    Chart.prototype.show = function (index, visible) {
        this.hidden[index] = !visible;
        this.draw();
    };

    Chart.prototype.place = function (axis, value) {
        var log = axis === "x" ? this.plot.xlog : this.plot.ylog, range = this[axis];
        var share = log ? Math.log(value / range[0]) / Math.log(range[1] / range[0])
                        : (value - range[0]) / (range[1] - range[0]);
        return axis === "x" ? LEFT + share * (WIDTH - LEFT - RIGHT) : TOP + (1 - share) * (HEIGHT - TOP - BOTTOM);
    };

    Chart.prototype.value = function (axis, place) {
        var log = axis === "x" ? this.plot.xlog : this.plot.ylog, range = this[axis];
        var share = axis === "x" ? (place - LEFT) / (WIDTH - LEFT - RIGHT) : 1 - (place - TOP) / (HEIGHT - TOP - BOTTOM);
        return log ? range[0] * Math.pow(range[1] / range[0], share) : range[0] + share * (range[1] - range[0]);
    };

    Chart.prototype.draw = function () {
        var chart = this, svg = this.svg, plot = this.plot;
        var shown = plot.series.filter(function (s, i) { return !chart.hidden[i]; });
        this.x = this.window ? this.window.x : plot.view || extent(plot, shown, "x");
        this.y = this.window ? this.window.y : extent(plot, shown, "y", plot.view);
        while (svg.firstChild) svg.removeChild(svg.firstChild);
        this.drawAxes();
        var inner = element(svg, "svg", {x: LEFT, y: TOP, width: WIDTH - LEFT - RIGHT, height: HEIGHT - TOP - BOTTOM,
            viewBox: [LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM].join(" ")});
        shown.forEach(function (s) { chart.drawSeries(inner, s); });
    };

    Chart.prototype.drawAxes = function () {
        var chart = this, svg = this.svg, plot = this.plot, bottom = HEIGHT - BOTTOM;
        ticks(this.x, plot.xlog).forEach(function (t) {
            var x = chart.place("x", t);
            element(svg, "path", {"class": "grid", d: "M" + x + " " + TOP + "V" + bottom});
            element(svg, "text", {x: x, y: bottom + 16, "text-anchor": "middle"}, label(t));
        });
        ticks(this.y, plot.ylog).forEach(function (t) {
            var y = chart.place("y", t);
            element(svg, "path", {"class": "grid", d: "M" + LEFT + " " + y + "H" + (WIDTH - RIGHT)});
            element(svg, "text", {x: LEFT - 6, y: y + 4, "text-anchor": "end"}, label(t));
        });
        element(svg, "rect", {"class": "frame", x: LEFT, y: TOP, width: WIDTH - LEFT - RIGHT, height: bottom - TOP});
        element(svg, "text", {x: (LEFT + WIDTH - RIGHT) / 2, y: bottom + 38, "text-anchor": "middle"}, plot.xlabel);
        element(svg, "text", {transform: "translate(14 " + (TOP + bottom) / 2 + ") rotate(-90)",
            "text-anchor": "middle"}, plot.ylabel);
    };

    Chart.prototype.drawSeries = function (parent, s) {
        var chart = this, plot = this.plot, style = colour(s);
        if (s.mark === "rule") {
            if (known(s.y[0], plot.ylog))
                element(parent, "path", {"class": "rule " + style,
                    d: "M" + LEFT + " " + this.place("y", s.y[0]) + "H" + (WIDTH - RIGHT)});
            return;
        }
        if (s.mark !== "points") {
            var path = "", open = false;
            s.x.forEach(function (x, k) {
                var there = known(x, plot.xlog) && known(s.y[k], plot.ylog);
                if (there) path += (open ? "L" : "M") + chart.place("x", x).toFixed(1) + " " +
                    chart.place("y", s.y[k]).toFixed(1);
                open = there;
            });
            element(parent, "path", {"class": "line " + style, d: path});
        }
        if (s.mark === "line") return;
        s.x.forEach(function (x, k) {
            if (known(x, plot.xlog) && known(s.y[k], plot.ylog)) chart.drawPoint(parent, s, k, style);
        });
    };

    Chart.prototype.drawPoint = function (parent, s, k, style) {
        var x = this.place("x", s.x[k]), y = this.place("y", s.y[k]), text = s.label && s.label[k] || s.name;
        if (s.low && s.high && s.high[k] > s.low[k]) {
            var low = known(s.low[k], this.plot.ylog) ? this.place("y", s.low[k]) : HEIGHT;
            element(parent, "path", {"class": "whisker " + style, d: "M" + x + " " + low + "V" +
                this.place("y", s.high[k]) + "m-4 0h8M" + (x - 4) + " " + low + "h8"});
        }
        var point = element(parent, "circle", {"class": "point " + style, cx: x, cy: y, r: s.x.length > 200 ? 2 : 4.5});
        element(point, "title", {}, text + "\n" + this.plot.xlabel + ": " + label(s.x[k]) + "\n" + this.plot.ylabel +
            ": " + label(s.y[k]) + (s.low ? " (" + label(s.low[k]) + " to " + label(s.high[k]) + ")" : ""));
    };

    /* ---- zooming ---- */

    Chart.prototype.listen = function () {
        var chart = this, svg = this.svg, start = null, box = null;
        function at(e) {
            var r = svg.getBoundingClientRect(), scale = WIDTH / r.width;
            return {x: Math.min(Math.max((e.clientX - r.left) * scale, LEFT), WIDTH - RIGHT),
                    y: Math.min(Math.max((e.clientY - r.top) * scale, TOP), HEIGHT - BOTTOM)};
        }
        svg.addEventListener("pointerdown", function (e) {
            if (e.button !== 0) return;
            start = at(e);
            svg.setPointerCapture(e.pointerId);
            box = element(svg, "rect", {"class": "selection", width: 0, height: 0});
        });
        svg.addEventListener("pointermove", function (e) {
            if (!start) return;
            var p = at(e);
            box.setAttribute("x", Math.min(p.x, start.x));
            box.setAttribute("y", Math.min(p.y, start.y));
            box.setAttribute("width", Math.abs(p.x - start.x));
            box.setAttribute("height", Math.abs(p.y - start.y));
        });
        svg.addEventListener("pointerup", function (e) {
            var from = start, p = at(e);
            start = null;
            if (box) box.remove();
            if (!from || Math.abs(p.x - from.x) < 6 || Math.abs(p.y - from.y) < 6) return;
            var x = [chart.value("x", Math.min(p.x, from.x)), chart.value("x", Math.max(p.x, from.x))];
            var y = [chart.value("y", Math.max(p.y, from.y)), chart.value("y", Math.min(p.y, from.y))];
            chart.window = {x: x, y: y};
            chart.draw();
        });
        svg.addEventListener("dblclick", function () {
            chart.window = null;
            chart.draw();
        });
    };

    Chart.label = label;
    Chart.colour = colour;
    return Chart;
})();
