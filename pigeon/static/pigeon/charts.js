// Draws what came of attempts over time with uPlot, and keeps the table beside it up to date.
(() => {
  "use strict";

  const EVERY = 30000;
  const HEIGHT = 200;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // As the server writes numbers: narrow gaps between thousands.
  const whole = (value) => value.toLocaleString("en", { maximumFractionDigits: 0 }).replaceAll(",", "\u202f");

  const DAY = 86400;

  // What stands below the chart: times of a day, or days where the chart is of many.
  const moments = (found) => {
    const length = found.step * found.times.length;
    const parts = length > DAY
      ? { day: "numeric", month: "short" }
      : { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    const format = new Intl.DateTimeFormat("en-GB", { ...parts, timeZone: found.zone });
    return (plot, splits) => splits.map((seconds) => format.format(seconds * 1000));
  };

  const axes = (found, unit) => {
    const look = {
      stroke: colour("--muted"),
      font: "12px system-ui, sans-serif",
      ticks: { show: false },
    };
    return [
      {
        ...look,
        grid: { show: false },
        space: 60,
        size: 30,
        values: moments(found),
        ...(found.step * found.times.length > DAY ? { incrs: [1, 2, 5, 7, 10].map((days) => days * DAY) } : {}),
      },
      {
        ...look,
        grid: { stroke: colour("--line"), width: 1 },
        size: 48,
        space: 36,
        incrs: [1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6, 1e7],
        values: (plot, splits) => splits.map((value) => whole(value) + unit),
      },
    ];
  };

  const options = (found, width, unit, top) => ({
    width,
    height: HEIGHT,
    padding: [12, 22, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { setScale: false, x: false, y: false }, sync: { key: "pigeon" } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), found.zone),
    scales: {
      x: { range: (plot, low, high) => [low - found.step / 2, high + found.step / 2] },
      y: { range: (plot, low, high) => [0, top || Math.max(4, (high || 0) * 1.1)] },
    },
    axes: axes(found, unit),
  });

  const bars = (name, fill) => ({
    label: name,
    fill,
    stroke: fill,
    width: 0,
    points: { show: false },
    paths: uPlot.paths.bars({ size: [0.72, 40], radius: 0.08 }),
  });

  const drawAttempts = (place, found, hooks) => {
    const all = found.pushed.map((pushed, at) => (found.failed[at] ? pushed + found.failed[at] : null));
    const chart = options(found, place.clientWidth, "", 0);
    chart.hooks = hooks;
    // The failed ones stand on the pushed ones: between those and their sum.
    chart.bands = [{ series: [1, 2] }];
    chart.series = [{}, bars("failed", colour("--chart-failed")), bars("pushed", colour("--chart-pushed"))];
    return new uPlot(chart, [found.times, all, found.pushed], place);
  };

  const drawRate = (place, found) => {
    const rate = found.pushed.map((pushed, at) => {
      const attempts = pushed + found.failed[at];
      return attempts ? (100 * pushed) / attempts : null;
    });
    const chart = options(found, place.clientWidth, " %", 100.5);
    const line = colour("--chart-pushed");
    chart.series = [{}, {
      label: "success", stroke: line, width: 2, spanGaps: true,
      points: { show: found.times.length <= 60, size: 5, fill: line, stroke: line },
    }];
    return new uPlot(chart, [found.times, rate], place);
  };

  const fill = (body, points) => {
    const names = ["time", "pushed", "failed", "rate", "sent", "seconds"];
    body.replaceChildren(...points.map((point) => {
      const line = document.createElement("tr");
      for (const name of names) {
        const cell = document.createElement(name === "time" ? "th" : "td");
        if (name === "time") cell.scope = "row";
        else cell.className = "num";
        cell.textContent = point[name];
        line.append(cell);
      }
      return line;
    }));
  };

  const start = (section) => {
    let found = null;
    let plots = [];
    const places = (name) => section.querySelector(`[data-plot="${name}"]`);
    const reading = section.querySelector("[data-reading]");

    // What the pointer is on, in words.
    const read = (plot) => {
      const at = plot.cursor.idx;
      const point = at === null || at === undefined ? null : found.points[found.points.length - 1 - at];
      reading.textContent = point
        ? `${point.time}: ${point.pushed} pushed, ${point.failed} failed, ${point.sent}`
        : "";
    };

    const draw = () => {
      plots.forEach((plot) => plot.destroy());
      plots = [
        drawAttempts(places("attempts"), found, { setCursor: [read] }),
        drawRate(places("rate"), found),
      ];
    };

    const ask = async () => {
      if (document.hidden) return;
      try {
        const answer = await fetch(section.dataset.seriesUrl, { credentials: "same-origin" });
        if (!answer.ok) return;
        found = await answer.json();
      } catch {
        return; // the line on top of the page says that the connection is lost
      }
      fill(section.querySelector("[data-points]"), found.points);
      draw();
    };

    let width = 0;
    new ResizeObserver(() => {
      const now = section.clientWidth;
      if (found && now !== width) draw();
      width = now;
    }).observe(section);
    dark.addEventListener("change", () => found && draw());
    document.addEventListener("visibilitychange", ask);
    setInterval(ask, EVERY);
    ask();
  };

  document.querySelectorAll("[data-chart]").forEach(start);
})();
