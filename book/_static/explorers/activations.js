/* The explorer of activation functions: curve, derivative, and what many layers make of it. */
(() => {
  "use strict";

  const { compute, register, tools } = window.readingFaces.explorers;
  const { chart, element, format, number, select, slider, spoken, valueOf } = tools;

  // ---------------------------------------------------------------- arithmetic

  const sigmoid = (x) => 1 / (1 + Math.exp(-x));

  // At a kink the derivative is that of the flatter side, as in fer_helpers.ops.
  const FUNCTIONS = {
    sigmoid: { title: "sigmoid", value: sigmoid,
      derivative: (x) => sigmoid(x) * sigmoid(-x) },
    tanh: { title: "tanh", value: Math.tanh,
      derivative: (x) => 1 - Math.tanh(x) ** 2 },
    relu: { title: "ReLU", value: (x) => Math.max(x, 0),
      derivative: (x) => (x > 0 ? 1 : 0) },
    leaky_relu: { title: "leaky ReLU", value: (x, slope) => (x > 0 ? x : slope * x),
      derivative: (x, slope) => (x > 0 ? 1 : slope) },
    swish: { title: "swish", value: (x) => x * sigmoid(x),
      derivative: (x) => sigmoid(x) + x * sigmoid(x) * sigmoid(-x) },
    hard_swish: { title: "hard-swish",
      value: (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6,
      derivative: (x) => (x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5) },
  };

  const activation = (name, x, slope = 0.01) => FUNCTIONS[name].value(x, slope);
  const derivative = (name, x, slope = 0.01) => FUNCTIONS[name].derivative(x, slope);

  /** What is left of a gradient after as many layers with one and the same derivative. */
  const through = (slopeThere, layers) => slopeThere ** layers;

  const LIMIT = 6;
  const STEP = 0.05;
  const FLAT = 0.05;
  const places = Array.from({ length: Math.round((2 * LIMIT) / STEP) + 1 },
    (_, index) => Number((index * STEP - LIMIT).toFixed(2)));

  /** Where the curve stays flat up to the end of the axis: all x up to low, and from high on. */
  function saturation(name, slope = 0.01) {
    const flat = (x) => Math.abs(derivative(name, x, slope)) < FLAT;
    const first = places.findIndex((x) => !flat(x));
    const last = places.findLastIndex((x) => !flat(x));
    return { low: first > 0 ? places[first - 1] : null,
      high: last < places.length - 1 ? places[last + 1] : null };
  }

  // ------------------------------------------------------------------ explorer

  const SUPERSCRIPT = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷",
    8: "⁸", 9: "⁹" };
  const raised = (power) => [...String(power)].map((sign) => SUPERSCRIPT[sign]).join("");

  /** Three digits that count, with a power of ten where a number is small. */
  function small(value) {
    if (value === 0 || Math.abs(value) >= 0.001) return format(value);
    const [digits, power] = value.toExponential(1).split("e");
    return `${digits.replace("-", "−")} × 10${raised(Number(power))}`;
  }

  const AXIS_X = { low: -LIMIT, high: LIMIT, ticks: [-6, -4, -2, 0, 2, 4, 6], label: "x" };
  const KINDS = ["explorer-first", "explorer-second"];
  const DEEPEST = 20;
  const SMALLEST = -12;

  function activationsExplorer(host) {
    const names = Object.entries(FUNCTIONS).map(([name, { title }]) => [title, name]);
    const main = select("Function", names);
    const other = select("Compare with", [["nothing", ""], ...names]);
    const leak = number("Slope of leaky ReLU", 0.01, { min: 0, max: 0.5, step: 0.01,
      class: "explorer-short" });
    const x = slider("x", 1, { low: -LIMIT, high: LIMIT, step: STEP }, () => draw());
    const layers = slider("Layers", 10, { low: 1, high: DEEPEST, step: 1 }, () => draw());
    const toX = (value) => {
      x.to(Math.round(value / STEP) * STEP);
      x.bar.focus({ preventScroll: true });
    };
    const curve = chart("Function", "Curve of the function, with its tangent at x.", toX);
    const slopes = chart("Derivative", "Curve of the derivative, with a point at x.", toX);
    const depth = chart("Through the layers",
      "The size of the product of derivatives, for 1 to 20 layers, on a scale of powers of ten.",
      (value) => {
        layers.to(Math.round(value));
        layers.bar.focus({ preventScroll: true });
      });
    const result = spoken("activations");
    const body = element("tbody");
    const table = element("table", { class: "explorer-table" },
      element("caption", {}, "At this x"), body);

    const leakage = () => Math.min(Math.max(valueOf(leak.control, 0.01), 0), 0.5);

    function chosen() {
      const both = [main.control.value, other.control.value];
      return both.filter((name, index) => name && both.indexOf(name) === index).map((name) => {
        const at = derivative(name, x.value, leakage());
        const { low, high } = saturation(name, leakage());
        return { name, title: FUNCTIONS[name].title, low, high,
          value: activation(name, x.value, leakage()), slope: at,
          product: through(at, layers.value),
          saturated: (low !== null && x.value <= low) || (high !== null && x.value >= high) };
      });
    }

    function drawCurves(all) {
      const bounded = all.every(({ name }) => ["sigmoid", "tanh"].includes(name));
      const tall = bounded
        ? { low: -1.25, high: 1.25, ticks: [-1, -0.5, 0, 0.5, 1] }
        : { low: Math.min(-1.5, -6.5 * leakage()), high: 6.5, ticks: [-2, 0, 2, 4, 6] };
      const pens = [
        curve.frame(AXIS_X, { ...tall, label: "f(x)" }),
        slopes.frame(AXIS_X, { low: -0.75, high: 1.75, ticks: [-0.5, 0, 0.5, 1, 1.5],
          label: "f′(x)" })];
      const [{ name, low, high, value, slope }] = all;
      for (const pen of pens) {
        if (low !== null) pen.hatched(-LIMIT, low);
        if (high !== null) pen.hatched(high, LIMIT);
        pen.line([[x.value, -99], [x.value, 99]], "explorer-guide");
      }
      all.forEach((one, index) => {
        [activation, derivative].forEach((f, which) =>
          pens[which].line(places.map((at) => [at, f(one.name, at, leakage())]), KINDS[index]));
      });
      pens[0].line([-2, 2].map((step) => [x.value + step, value + step * slope]),
        "explorer-tangent");
      all.forEach((one, index) => {
        pens[0][index ? "square" : "dot"](x.value, one.value, `${KINDS[index]} explorer-mark`);
        pens[1][index ? "square" : "dot"](x.value, one.slope, `${KINDS[index]} explorer-mark`);
      });
      const legend = all.map(({ title }, index) => `${["solid", "dashed"][index]}: ${title}`);
      const hatched = low !== null || high !== null
        ? `; hatched: ${FUNCTIONS[name].title} saturated` : "";
      slopes.caption.textContent = legend.join(", ") + hatched;
      curve.caption.textContent = legend.join(", ") + "; thin: tangent";
    }

    function drawDepth(all) {
      const pen = depth.frame(
        { low: 0, high: DEEPEST + 1, ticks: [1, 5, 10, 15, 20], label: "layers" },
        { low: SMALLEST - 1, high: 1.5, label: "size of the product",
          ticks: [0, -3, -6, -9, -12].map((power) => [power, power ? `10${raised(power)}` : "1"]) });
      pen.line([[layers.value, -99], [layers.value, 99]], "explorer-guide");
      all.forEach(({ slope }, index) => {
        for (let count = 1; count <= DEEPEST; count += 1) {
          const power = Math.log10(Math.abs(through(slope, count)));
          const kind = `${KINDS[index]} explorer-mark`;
          const half = count === layers.value ? 6 : 3;
          if (power >= SMALLEST) pen[index ? "square" : "dot"](count, Math.min(power, 1.3), kind, half);
        }
      });
      const lost = all.filter(({ slope }) => Math.abs(through(slope, DEEPEST)) < 10 ** SMALLEST);
      depth.caption.textContent = [
        all.length > 1 ? "dots: the first, squares: the second" : "",
        lost.length ? "what is below 10⁻¹² is not drawn" : "",
      ].filter(Boolean).join("; ");
    }

    function draw() {
      const all = chosen();
      leak.node.hidden = !all.some(({ name }) => name === "leaky_relu");
      drawCurves(all);
      drawDepth(all);
      const deep = `through ${layers.value} layer${layers.value === 1 ? "" : "s"}`;
      const row = (heading, text) => element("tr", {},
        element("th", { scope: "row" }, heading),
        ...all.map((one) => element("td", {}, text(one))));
      body.replaceChildren(
        element("tr", {}, element("td", {}),
          ...all.map(({ title }) => element("th", { scope: "col" }, title))),
        row("value", ({ value }) => small(value)),
        row("derivative", ({ slope }) => small(slope)),
        row(deep, ({ product }) => small(product)),
        row("saturated", ({ saturated }) => (saturated ? "yes" : "no")));
      result.textContent = all.map(({ title, value, slope, product, saturated }) =>
        `${title} at x = ${format(x.value)}: value ${small(value)}, derivative ${small(slope)}` +
        `${saturated ? " (saturated)" : ""}, ${deep} ${small(product)}.`)
        .join(" ");
    }

    for (const { control } of [main, other]) control.addEventListener("change", draw);
    leak.control.addEventListener("input", draw);
    host.append(
      element("div", { class: "explorer-controls" }, main.node, other.node, leak.node),
      element("div", { class: "explorer-controls" }, x.node, layers.node),
      result,
      element("div", { class: "explorer-panels explorer-charts" }, curve.node, slopes.node,
        depth.node,
        element("div", {}, table,
          element("p", { class: "explorer-size" },
            `Saturated means: the derivative is smaller in size than ${FLAT}, here and further out.`),
          element("p", { class: "explorer-size" },
            "The product is what the activations of that many layers do to a gradient, if each of " +
            "them stands at this x; weights multiply it as well and are left out."))));
    draw();
  }

  Object.assign(compute, { activation, derivative, saturation, through });
  register("activations", "Activations explorer", activationsExplorer);
})();
