/* A small chart in SVG, redrawn as a whole whenever something changes.
 *
 * Its colours come from explorers.css, so that light and dark follow the page; every line and bar
 * differs from the others in its pattern as well as in its colour.
 */
(() => {
  "use strict";

  const { clamp, element, identifier } = window.readingFaces.explorers.tools;

  const WIDTH = 360;
  const HEIGHT = 270;
  const SPACE = "http://www.w3.org/2000/svg";

  function shape(tag, attributes = {}, ...children) {
    const node = document.createElementNS(SPACE, tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  }

  /** A chart with a heading and a caption; onDrag hears where along x it is pressed or dragged. */
  function chart(title, label, onDrag) {
    const svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img",
      "aria-label": label });
    const caption = element("span", { class: "explorer-caption" });
    const view = { svg, caption, node: element("figure", { class: "explorer-panel" },
      element("figcaption", {}, element("strong", {}, title), caption), svg) };
    const drag = (event) => {
      const box = svg.getBoundingClientRect();
      onDrag(view.pen.xAt(((event.clientX - box.left) / box.width) * WIDTH));
    };
    if (onDrag) {
      svg.classList.add("explorer-drag");
      svg.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        svg.setPointerCapture(event.pointerId);
        drag(event);
      });
      svg.addEventListener("pointermove", (event) => {
        if (svg.hasPointerCapture(event.pointerId)) drag(event);
      });
    }
    /** Empty the chart, draw its axes, and keep the pen for what follows. */
    view.frame = (x, y, margins) => {
      svg.replaceChildren();
      view.pen = pen(svg, x, y, { top: 12, right: 14, bottom: 46, left: 60, ...margins });
      return view.pen;
    };
    return view;
  }

  /** Axes x and y are { low, high, ticks, label }; a tick is a number or a pair [number, text]. */
  function pen(svg, x, y, { top, right, bottom, left }) {
    const px = (value) =>
      left + ((value - x.low) / (x.high - x.low)) * (WIDTH - left - right);
    const py = (value) =>
      HEIGHT - bottom - ((value - y.low) / (y.high - y.low)) * (HEIGHT - top - bottom);
    const area = { x: left, y: top, width: WIDTH - left - right, height: HEIGHT - top - bottom };
    const clip = identifier("clip");
    const hatch = identifier("hatch");
    const inside = shape("g", { "clip-path": `url(#${clip})` });
    const add = (tag, attributes) => inside.appendChild(shape(tag, attributes));
    const note = (atX, atY, text, anchor = "start", extra = {}) =>
      svg.appendChild(shape("text", { x: atX, y: atY, "text-anchor": anchor, ...extra }, text));

    svg.append(
      shape("clipPath", { id: clip }, shape("rect", area)),
      shape("pattern", { id: hatch, width: 7, height: 7, patternUnits: "userSpaceOnUse",
        patternTransform: "rotate(45)" },
      shape("line", { class: "explorer-hatch", x1: 0, y1: 0, x2: 0, y2: 7 })));
    const named = ({ low, high, ticks }) => ticks
      .map((tick) => (Array.isArray(tick) ? tick : [tick, String(tick).replace("-", "−")]))
      .filter(([value]) => value >= low && value <= high);
    for (const [value, text] of named(x)) {
      add("line", { class: "explorer-grid", x1: px(value), x2: px(value), y1: 0, y2: HEIGHT });
      note(px(value), HEIGHT - bottom + 17, text, "middle");
    }
    for (const [value, text] of named(y)) {
      add("line", { class: "explorer-grid", x1: 0, x2: WIDTH, y1: py(value), y2: py(value) });
      note(left - 6, py(value) + 4.5, text, "end");
    }
    note(left + area.width / 2, HEIGHT - 8, x.label, "middle");
    const middle = top + area.height / 2;
    note(14, middle, y.label ?? "", "middle", { transform: `rotate(-90 14 ${middle})` });
    svg.append(inside, shape("rect", { class: "explorer-frame", ...area }));

    return {
      area, px, py, note,
      xAt: (pixel) =>
        clamp(x.low + ((pixel - left) / area.width) * (x.high - x.low), x.low, x.high),
      line: (points, kind) => add("path", { class: kind,
        d: points.map(([u, v], index) => `${index ? "L" : "M"}${px(u).toFixed(1)} ${py(v).toFixed(1)}`).join("") }),
      bar: (x0, x1, y0, y1, kind) => add("rect", { class: kind, x: px(x0), y: py(Math.max(y0, y1)),
        width: px(x1) - px(x0), height: Math.abs(py(y0) - py(y1)) }),
      hatched: (x0, x1) => add("rect", { fill: `url(#${hatch})`, x: px(x0), y: top,
        width: px(x1) - px(x0), height: area.height }),
      hatchedBar: (x0, x1, y0, y1, kind) => add("rect", { class: kind, fill: `url(#${hatch})`,
        x: px(x0), y: py(Math.max(y0, y1)), width: px(x1) - px(x0),
        height: Math.abs(py(y0) - py(y1)) }),
      dot: (u, v, kind, radius = 6) =>
        add("circle", { class: kind, cx: px(u), cy: py(v), r: radius }),
      square: (u, v, kind, half = 5) => add("rect", { class: kind, x: px(u) - half,
        y: py(v) - half, width: 2 * half, height: 2 * half }),
    };
  }

  Object.assign(window.readingFaces.explorers.tools, { chart });
})();
