/* The threshold explorer: one class against all others, on real scores of a stored network.
 *
 * The scores come from explorer-scores.js, in thousandths, so that everything here is counted and
 * nothing estimated.
 */
(() => {
  "use strict";

  const root = window.readingFaces;
  const { compute, register, tools } = root.explorers;
  const { chart, element, format, select, slider, spoken } = tools;

  // ---------------------------------------------------------------- arithmetic

  const sum = (values) => values.reduce((total, value) => total + value, 0);

  /** The distinct scores of a class in thousandths, rising, with the counts of both groups. */
  function scores(name) {
    const { steps, positives, negatives } = root.scores.find((one) => one.name === name);
    let last = 0;
    return { thousandths: steps.map((step) => (last += step)), positives, negatives };
  }

  /** The four counts at a threshold, and what is made of them; null where it is 0 / 0. */
  function judge({ thousandths, positives, negatives }, threshold) {
    const limit = Math.round(1000 * threshold);
    const called = (counts) => sum(counts.filter((_, index) => thousandths[index] >= limit));
    const tp = called(positives);
    const fp = called(negatives);
    const fn = sum(positives) - tp;
    const tn = sum(negatives) - fp;
    const ratio = (part, whole) => (whole ? part / whole : null);
    return { tp, fp, fn, tn,
      precision: ratio(tp, tp + fp),
      recall: ratio(tp, tp + fn),
      f1: ratio(2 * tp, 2 * tp + fp + fn),
      fpr: ratio(fp, fp + tn),
      accuracy: ratio(tp + tn, tp + fp + fn + tn) };
  }

  /** True and false positives for every threshold, from above all scores down to the lowest. */
  function sweep({ positives, negatives }) {
    const points = [{ tp: 0, fp: 0 }];
    for (let index = positives.length - 1; index >= 0; index -= 1) {
      const { tp, fp } = points.at(-1);
      points.push({ tp: tp + positives[index], fp: fp + negatives[index] });
    }
    return points;
  }

  function roc(counts) {
    const [yes, no] = [sum(counts.positives), sum(counts.negatives)];
    return sweep(counts).map(({ tp, fp }) => [fp / no, tp / yes]);
  }

  /** Recall and precision; the curve begins at recall 0 with the precision of its first point. */
  function precisionRecall(counts) {
    const yes = sum(counts.positives);
    const points = sweep(counts).slice(1).map(({ tp, fp }) => [tp / yes, tp / (tp + fp)]);
    return [[0, points[0][1]], ...points];
  }

  const pairs = (points) => points.slice(1).map((point, index) => [points[index], point]);

  /** The area under a ROC curve, by trapezoids. */
  const area = (points) =>
    sum(pairs(points).map(([[x0, y0], [x1, y1]]) => ((x1 - x0) * (y0 + y1)) / 2));

  /** Precision averaged over the steps of recall. */
  const averagePrecision = (points) =>
    sum(pairs(points).map(([[x0], [x1, y1]]) => (x1 - x0) * y1));

  // ------------------------------------------------------------------ explorer

  const BINS = 20;
  const TALLEST = 0.25;
  const SHARE = { low: 0, high: 1, ticks: [0, 0.2, 0.4, 0.6, 0.8, 1] };

  function shares({ thousandths }, counts) {
    const bins = new Array(BINS).fill(0);
    thousandths.forEach((score, index) => {
      bins[Math.min(Math.floor((score * BINS) / 1000), BINS - 1)] += counts[index];
    });
    return bins.map((count) => count / sum(counts));
  }

  const percent = (share) => `${format(100 * share, 0)} %`;
  const shown = (value) => (value === null ? "not defined" : value.toFixed(3));

  function thresholdExplorer(host) {
    const picked = select("Class", root.scores.map(({ name }) => [name, name]), "happy");
    const threshold = slider("Threshold", 0.5, { low: 0, high: 1, step: 0.01, fine: 0.001 },
      () => draw());
    const toThreshold = (value) => {
      threshold.to(value);
      threshold.bar.focus({ preventScroll: true });
    };
    const spread = chart("Scores", "Bars of the scores of both groups, with the threshold.",
      toThreshold);
    const curveRoc = chart("ROC curve",
      "ROC curve: recall over false positive rate, with the point of the threshold.");
    const curvePr = chart("Precision and recall",
      "Precision over recall, with the point of the threshold.");
    const result = spoken("threshold");
    const matrix = element("table", { class: "explorer-table" });
    const measures = element("table", { class: "explorer-table" });
    let name, counts, rocPoints, prPoints;

    function recompute() {
      name = picked.control.value;
      counts = scores(name);
      rocPoints = roc(counts);
      prPoints = precisionRecall(counts);
      draw();
    }

    function drawSpread({ tp, fp, fn, tn }) {
      const cut = threshold.value;
      const pen = spread.frame(
        { ...SHARE, label: `score: probability of “${name}”` },
        { low: -TALLEST, high: TALLEST, label: "share of the group",
          ticks: [-0.2, -0.1, 0, 0.1, 0.2].map((value) => [value, percent(Math.abs(value))]) },
        { top: 26, bottom: 62 });
      const up = shares(counts, counts.positives);
      const down = shares(counts, counts.negatives);
      pen.bar(cut, 1, -TALLEST, TALLEST, "explorer-called");
      for (let bin = 0; bin < BINS; bin += 1) {
        const [from, to] = [bin / BINS + 0.004, (bin + 1) / BINS - 0.004];
        pen.bar(from, to, 0, up[bin], "explorer-fill-first");
        pen.hatchedBar(from, to, 0, -down[bin], "explorer-fill-second");
        for (const [share, side] of [[up[bin], 1], [down[bin], -1]]) {
          if (share > TALLEST) {
            // The bar is taller than the chart: say how tall.
            const right = bin < BINS / 2;
            pen.note(pen.px(right ? to : from) + (right ? 5 : -5),
              pen.py(side * (TALLEST - 0.03)) + 4, percent(share), right ? "start" : "end",
              { class: "explorer-halo" });
          }
        }
      }
      pen.line([[0, 0], [1, 0]], "explorer-axis");
      pen.line([[cut, -TALLEST], [cut, TALLEST]], "explorer-cut");
      const { x, y, width, height } = pen.area;
      pen.note(x, y - 8, `FN ${fn}`);
      pen.note(x + width, y - 8, `TP ${tp}`, "end");
      pen.note(x + width / 2, y - 8, `${name} ↑`, "middle");
      pen.note(x, y + height + 34, `TN ${tn}`);
      pen.note(x + width, y + height + 34, `FP ${fp}`, "end");
      pen.note(x + width / 2, y + height + 34, "others ↓", "middle");
      spread.caption.textContent =
        `up, filled: ${sum(counts.positives)} ${name}; down, hatched: ${sum(counts.negatives)} others`;
    }

    function drawCurves({ precision, recall, fpr }) {
      const rocPen = curveRoc.frame({ ...SHARE, label: "false positive rate" },
        { ...SHARE, label: "recall" });
      rocPen.line([[0, 0], [1, 1]], "explorer-guide");
      rocPen.line(rocPoints, "explorer-first");
      rocPen.dot(fpr, recall, "explorer-first explorer-mark", 7);
      curveRoc.caption.textContent =
        `area under it (AUC) ${area(rocPoints).toFixed(3)}; thin: guessing, 0.5`;
      const base = sum(counts.positives) / (sum(counts.positives) + sum(counts.negatives));
      const prPen = curvePr.frame({ ...SHARE, label: "recall" }, { ...SHARE, label: "precision" });
      prPen.line([[0, base], [1, base]], "explorer-guide");
      prPen.line(prPoints, "explorer-first");
      if (precision !== null) prPen.dot(recall, precision, "explorer-first explorer-mark", 7);
      curvePr.caption.textContent =
        `average precision ${averagePrecision(prPoints).toFixed(3)}; thin: guessing, ${base.toFixed(3)}`;
    }

    function fillTables({ tp, fp, fn, tn, precision, recall, f1, fpr, accuracy }) {
      const head = (text, scope) => element("th", { scope }, text);
      const cell = (code, count) => element("td", {}, `${code} `, element("strong", {}, String(count)));
      matrix.replaceChildren(
        element("caption", {}, "Confusion matrix"),
        element("thead", {}, element("tr", {}, element("td", {}),
          head(`called ${name}`, "col"), head("not called so", "col"))),
        element("tbody", {},
          element("tr", {}, head(name, "row"), cell("TP", tp), cell("FN", fn)),
          element("tr", {}, head("others", "row"), cell("FP", fp), cell("TN", tn))));
      const row = (title, fraction, value) => element("tr", {}, head(title, "row"),
        element("td", {}, fraction), element("td", {}, element("strong", {}, shown(value))));
      measures.replaceChildren(element("caption", {}, "What is made of it"), element("tbody", {},
        row("precision", `${tp} / (${tp} + ${fp})`, precision),
        row("recall", `${tp} / (${tp} + ${fn})`, recall),
        row("F1", `2 · ${tp} / (2 · ${tp} + ${fp} + ${fn})`, f1),
        row("false positive rate", `${fp} / (${fp} + ${tn})`, fpr),
        row("accuracy", `(${tp} + ${tn}) / ${tp + fp + fn + tn}`, accuracy)));
    }

    function draw() {
      const now = judge(counts, threshold.value);
      drawSpread(now);
      drawCurves(now);
      fillTables(now);
      result.textContent = `Called ${name} from ${format(threshold.value)} on: ` +
        `${now.tp} rightly, ${now.fp} wrongly, ${now.fn} missed. ` +
        `Precision ${shown(now.precision)}, recall ${shown(now.recall)}, F1 ${shown(now.f1)}, ` +
        `false positive rate ${shown(now.fpr)}, accuracy ${shown(now.accuracy)}.`;
    }

    picked.control.addEventListener("change", recompute);
    host.append(
      element("div", { class: "explorer-controls" }, picked.node, threshold.node),
      result,
      element("div", { class: "explorer-panels explorer-charts" }, spread.node,
        element("div", { class: "explorer-tables" }, matrix, measures),
        curveRoc.node, curvePr.node),
      element("p", { class: "explorer-size" },
        "Stored scores of the course's network quick on the validation photographs of FER2013, " +
        "rounded to three decimals."));
    recompute();
  }

  Object.assign(compute, { scores, judge, roc, precisionRecall, area, averagePrecision });
  register("threshold", "Threshold explorer", thresholdExplorer);
})();
