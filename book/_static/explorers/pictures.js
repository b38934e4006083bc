/* Explorers of pictures, on a canvas: kernel, sobel and pooling.
 *
 * The faces come from explorer-faces.js, a script rather than JSON so that file:// works too.
 */
(() => {
  "use strict";

  const root = window.readingFaces;
  const { compute, register, tools } = root.explorers;
  const { clamp, element, format, number, range, select, spoken, valueOf } = tools;

  // ---------------------------------------------------------------- arithmetic

  const grid = (height, width, value) =>
    Array.from({ length: height }, (_, row) =>
      Array.from({ length: width }, (_, column) => value(row, column)));

  const turned = (kernel) => kernel.map((row) => [...row].reverse()).reverse();

  /** Where the windows of one axis lie: how many there are and how many zeros precede them. */
  function layout(size, kernel, { stride = 1, padding = "valid", dilation = 1 } = {}) {
    const reach = (kernel - 1) * dilation + 1;
    if (padding === "valid") {
      return { count: Math.max(0, Math.floor((size - reach) / stride) + 1), before: 0, after: 0 };
    }
    const count = Math.ceil(size / stride);
    const zeros = Math.max((count - 1) * stride + reach - size, 0);
    const before = Math.floor(zeros / 2);
    return { count, before, after: zeros - before };
  }

  /** The pixels and weights that meet in one window, row by row. */
  function meeting(image, kernel, row, column, options = {}) {
    const { flip = false, stride = 1, dilation = 1 } = options;
    const weights = flip ? turned(kernel) : kernel;
    const top = row * stride - layout(image.length, kernel.length, options).before;
    const left = column * stride - layout(image[0].length, kernel[0].length, options).before;
    const cells = grid(weights.length, weights[0].length, (m, n) => {
      const y = top + m * dilation;
      const x = left + n * dilation;
      const pixel = image[y]?.[x];
      return { y, x, padded: pixel === undefined, pixel: pixel ?? 0, weight: weights[m][n] };
    });
    const sum = cells.flat().reduce((total, { pixel, weight }) => total + pixel * weight, 0);
    return { cells, sum };
  }

  /** Cross-correlation, or convolution where flip is true. */
  function filter(image, kernel, options = {}) {
    const height = layout(image.length, kernel.length, options).count;
    const width = layout(image[0].length, kernel[0].length, options).count;
    return grid(height, width, (row, column) => meeting(image, kernel, row, column, options).sum);
  }

  const SOBEL_X = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]];
  const SOBEL_Y = [[-1, -2, -1], [0, 0, 0], [1, 2, 1]];

  /** Sobel gradients with the border pixels repeated outwards; the angle is in degrees. */
  function sobel(image) {
    const height = image.length;
    const width = image[0].length;
    const framed = grid(height + 2, width + 2, (row, column) =>
      image[clamp(row - 1, 0, height - 1)][clamp(column - 1, 0, width - 1)]);
    const gx = filter(framed, SOBEL_X);
    const gy = filter(framed, SOBEL_Y);
    return {
      gx,
      gy,
      magnitude: grid(height, width, (r, c) => Math.hypot(gx[r][c], gy[r][c])),
      angle: grid(height, width, (r, c) => (Math.atan2(gy[r][c], gx[r][c]) * 180) / Math.PI),
    };
  }

  /** Pooling without padding: windows that do not fit are left out. */
  function pool(image, { size = 2, stride = size, mode = "max" } = {}) {
    const height = layout(image.length, size, { stride }).count;
    const width = layout(image[0].length, size, { stride }).count;
    return grid(height, width, (row, column) => {
      const values = image
        .slice(row * stride, row * stride + size)
        .flatMap((line) => line.slice(column * stride, column * stride + size));
      return mode === "max"
        ? Math.max(...values)
        : values.reduce((total, value) => total + value, 0) / values.length;
    });
  }

  /** Move the picture right and down; what leaves on one side enters on the other. */
  function shift(image, right, down) {
    const height = image.length;
    const width = image[0].length;
    return grid(height, width, (row, column) =>
      image[(row - down + height) % height][(column - right + width) % width]);
  }

  // ------------------------------------------------------------------ pictures

  const SIDE = 48;

  function decode(text) {
    const bytes = atob(text);
    return grid(SIDE, SIDE, (row, column) => bytes.charCodeAt(row * SIDE + column));
  }

  function pictures() {
    const faces = (root.faces || []).map(({ name, pixels }) => ({ name, rows: decode(pixels) }));
    return [
      ...faces,
      { name: "a step edge", rows: grid(SIDE, SIDE, (_, column) => (column < 24 ? 60 : 190)) },
      {
        name: "one bright pixel",
        rows: grid(SIDE, SIDE, (row, column) => (row === 24 && column === 24 ? 255 : 0)),
        spot: 24,
      },
    ];
  }

  const PRESETS = {
    identity: [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    blur: [[0.0625, 0.125, 0.0625], [0.125, 0.25, 0.125], [0.0625, 0.125, 0.0625]],
    sharpen: [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "Sobel x": SOBEL_X,
    "Sobel y": SOBEL_Y,
    emboss: [[-0.5, -0.5, 0], [-0.5, 1, 0.5], [0, 0.5, 0.5]],
    Laplacian: [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
  };

  // ------------------------------------------------------------------- canvases

  const pictureSelect = (all) =>
    select("Picture", all.map(({ name }, index) => [name, String(index)]));

  const PIXELS = 416;
  const MARGIN = 2;

  /** A canvas with a heading and a caption; reports moves of its cursor to onMove. */
  function panel(title, label, onMove, onPick) {
    const canvas = element("canvas", { width: PIXELS, height: PIXELS });
    const caption = element("span", { class: "explorer-caption" });
    const node = element("figure", { class: "explorer-panel" },
      element("figcaption", {}, element("strong", {}, title), caption), canvas);
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    if (onMove) {
      canvas.tabIndex = 0;
      canvas.setAttribute("role", "application");
      canvas.setAttribute("aria-roledescription", "picture with a cursor");
      canvas.addEventListener("keydown", (event) => {
        if (!(event.key in steps) || event.ctrlKey || event.altKey || event.metaKey) return;
        event.preventDefault();
        const far = event.shiftKey ? 5 : 1;
        onMove(...steps[event.key].map((step) => step * far));
      });
    } else {
      canvas.setAttribute("role", "img");
    }
    canvas.setAttribute("aria-label", label);
    const pick = (event) => {
      const box = canvas.getBoundingClientRect();
      onPick(((event.clientY - box.top) / box.height) * PIXELS,
        ((event.clientX - box.left) / box.width) * PIXELS);
    };
    // A touch may be the start of a scroll, so only a mouse or a pen drags the cursor.
    canvas.addEventListener("click", pick);
    canvas.addEventListener("pointermove", (event) => {
      if (event.buttons === 1 && event.pointerType !== "touch") pick(event);
    });
    return { node, canvas, caption, context: canvas.getContext("2d") };
  }

  /** Draw numbers as greys between low and high; margin leaves room (in cells) around them. */
  function paint({ context }, rows, { low, high, margin = 0 }) {
    const height = rows.length;
    const width = rows[0].length;
    const image = new ImageData(width, height);
    rows.flat().forEach((value, index) => {
      const grey = high === low ? 128 : clamp(((value - low) / (high - low)) * 255, 0, 255);
      image.data.set([grey, grey, grey, 255], index * 4);
    });
    const small = element("canvas", { width, height });
    small.getContext("2d").putImageData(image, 0, 0);
    const cell = PIXELS / (Math.max(width, height) + 2 * margin);
    context.clearRect(0, 0, PIXELS, PIXELS);
    context.imageSmoothingEnabled = false;
    context.drawImage(small, margin * cell, margin * cell, width * cell, height * cell);
    return cell;
  }

  // White inside black stands out from every grey.
  function outline(context, x, y, width, height) {
    const gap = 2;
    for (const [colour, line] of [["#000", 7], ["#fff", 3]]) {
      context.strokeStyle = colour;
      context.lineWidth = line;
      context.strokeRect(x - gap, y - gap, width + 2 * gap, height + 2 * gap);
    }
  }

  function scaleOf(rows) {
    const values = rows.flat();
    const low = values.reduce((a, b) => Math.min(a, b), Infinity);
    const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
    const most = Math.max(-low, high, 1);
    const white = format(most, 0);
    return low < 0
      ? { low: -most, high: most, text: `black −${white}, grey 0, white ${white}` }
      : { low: 0, high: most, text: `black 0, white ${white}` };
  }

  function productTable(title) {
    const body = element("tbody");
    const table = element("table", { class: "explorer-products" },
      element("caption", {}, title), body);
    return { table, body };
  }

  /** A table of pixel × weight = product, and a class for the sign beside the printed sign. */
  function fillProducts(body, cells) {
    body.replaceChildren(...cells.map((row) => element("tr", {}, ...row.map((cell) => {
      const product = cell.pixel * cell.weight;
      const sign = product > 0 ? "plus" : product < 0 ? "minus" : "zero";
      return element("td", { class: `explorer-${sign}` },
        element("span", {}, `${cell.padded ? "padding 0" : format(cell.pixel)} × ${format(cell.weight)}`),
        element("strong", {}, `= ${format(product)}`));
    }))));
  }

  /** Two number fields that hold the cursor, for those who neither point nor use arrow keys. */
  function cursorFields(place, changed) {
    const attributes = { min: 0, step: 1, class: "explorer-short" };
    const row = number(`${place} row`, 0, attributes);
    const column = number(`${place} column`, 0, attributes);
    const cursor = { row: 0, column: 0, nodes: [row.node, column.node] };
    cursor.moveTo = (toRow, toColumn, height, width) => {
      cursor.row = clamp(Math.round(toRow), 0, height - 1);
      cursor.column = clamp(Math.round(toColumn), 0, width - 1);
      row.control.max = height - 1;
      column.control.max = width - 1;
      row.control.value = cursor.row;
      column.control.value = cursor.column;
    };
    for (const { control } of [row, column]) {
      control.addEventListener("change", () => changed(
        valueOf(row.control, cursor.row), valueOf(column.control, cursor.column)));
    }
    return cursor;
  }

  const KEYS = "Arrow keys move the cursor, with Shift by five.";

  // ------------------------------------------------------------ kernel explorer

  function kernelExplorer(host) {
    const all = pictures();
    const picture = pictureSelect(all);
    const preset = select("Preset", [...Object.keys(PRESETS), "your own"].map((x) => [x, x]),
      "Sobel x");
    const operation = select("Operation", [
      ["cross-correlation", "cross-correlation"], ["convolution", "convolution"]]);
    const stride = select("Stride", ["1", "2", "3"].map((x) => [x, x]));
    const padding = select("Padding", [["valid", "valid"], ["same", "same"]]);
    const dilation = select("Dilation", ["1", "2"].map((x) => [x, x]));
    const weights = grid(3, 3, (row, column) => element("input", {
      type: "number", step: "any", value: PRESETS["Sobel x"][row][column],
      "aria-label": `weight in row ${row + 1}, column ${column + 1}`,
    }));
    const products = productTable("Pixel × weight = product");
    const result = spoken("kernel");
    const size = element("p", { class: "explorer-size" });

    const options = () => ({
      flip: operation.control.value === "convolution",
      stride: Number(stride.control.value),
      padding: padding.control.value,
      dilation: Number(dilation.control.value),
    });
    let image, kernel, output, cell, outputCell;
    const cursor = cursorFields("Output", (row, column) => look(row, column));
    const input = panel("Input", `Input picture. ${KEYS}`, move, (y, x) => {
      const { stride: step, dilation: gap } = options();
      const { before } = layout(SIDE, 3, options());
      // The window whose middle is nearest to the pixel pointed at.
      look((y / cell - MARGIN - 0.5 + before - gap) / step,
        (x / cell - MARGIN - 0.5 + before - gap) / step);
    });
    const map = panel("Output", `Output map. ${KEYS}`, move, (y, x) =>
      look(y / outputCell - 0.5, x / outputCell - 0.5));

    function move(down, right) { look(cursor.row + down, cursor.column + right); }

    function recompute() {
      image = all[Number(picture.control.value)].rows;
      kernel = weights.map((row) => row.map((control) => valueOf(control, 0)));
      output = filter(image, kernel, options());
      look(cursor.row, cursor.column);
    }

    function look(row, column) {
      cursor.moveTo(row, column, output.length, output[0].length);
      const { stride: step, padding: mode, dilation: gap } = options();
      const { before, after } = layout(SIDE, 3, options());
      const { cells, sum } = meeting(image, kernel, cursor.row, cursor.column, options());

      cell = paint(input, image, { low: 0, high: 255, margin: MARGIN });
      drawZeros(input.context, cell, before, after);
      for (const { y, x } of cells.flat()) {
        if (gap > 1) outline(input.context, (x + MARGIN) * cell, (y + MARGIN) * cell, cell, cell);
      }
      if (gap === 1) {
        const { y, x } = cells[0][0];
        outline(input.context, (x + MARGIN) * cell, (y + MARGIN) * cell, 3 * cell, 3 * cell);
      }
      input.caption.textContent = "48 × 48, black 0, white 255";

      const scale = scaleOf(output);
      outputCell = paint(map, output, scale);
      outline(map.context, cursor.column * outputCell, cursor.row * outputCell,
        outputCell, outputCell);
      map.caption.textContent = `${output.length} × ${output[0].length}, ${scale.text}`;

      fillProducts(products.body, cells);
      result.textContent =
        `Output row ${cursor.row}, column ${cursor.column}: the nine products add up to ${format(sum)}.`;
      const reach = 2 * gap + 1;
      size.textContent = mode === "valid"
        ? `Output side: ⌊(48 − ${reach}) / ${step}⌋ + 1 = ${output.length}.`
        : `Output side: ⌈48 / ${step}⌉ = ${output.length}, with ${before} zeros before and ${after} after the 48 pixels.`;
    }

    preset.control.addEventListener("change", () => {
      PRESETS[preset.control.value]?.forEach((row, m) => row.forEach((value, n) => {
        weights[m][n].value = value;
      }));
      recompute();
    });
    for (const control of weights.flat()) {
      control.addEventListener("input", () => {
        preset.control.value = "your own";
        recompute();
      });
    }
    for (const { control } of [picture, operation, stride, padding, dilation]) {
      control.addEventListener("change", recompute);
    }
    picture.control.addEventListener("change", () => {
      const { spot } = all[Number(picture.control.value)];
      if (spot === undefined) return;
      // A window that holds no bright pixel has nothing to show.
      const { stride: step, dilation: gap } = options();
      const middle = (spot + layout(SIDE, 3, options()).before - gap) / step;
      look(middle, middle);
    });
    const kernelBox = element("fieldset", { class: "explorer-kernel" },
      element("legend", {}, "Kernel"),
      element("div", { class: "explorer-weights" }, ...weights.flat()));
    host.append(
      element("div", { class: "explorer-controls" },
        picture.node, preset.node, operation.node, stride.node, padding.node, dilation.node),
      element("div", { class: "explorer-panels" }, input.node, map.node),
      result,
      element("div", { class: "explorer-below" },
        element("div", {}, kernelBox,
          element("div", { class: "explorer-controls" }, ...cursor.nodes)),
        products.table),
      size);
    cursor.row = 20;
    cursor.column = 4;
    recompute();
  }

  /** The zeros that "same" adds, hatched so that they do not look like dark pixels. */
  function drawZeros(context, cell, before, after) {
    if (before + after === 0) return;
    const first = (MARGIN - before) * cell;
    const side = (SIDE + before + after) * cell;
    context.save();
    context.beginPath();
    context.rect(first, first, side, side);
    context.rect(MARGIN * cell, MARGIN * cell, SIDE * cell, SIDE * cell);
    context.clip("evenodd");
    context.fillStyle = "#000";
    context.fillRect(first, first, side, side);
    context.strokeStyle = "#fff";
    context.lineWidth = 1;
    context.beginPath();
    for (let start = -PIXELS; start < PIXELS; start += 8) {
      context.moveTo(start, 0);
      context.lineTo(start + PIXELS, PIXELS);
    }
    context.stroke();
    context.restore();
  }

  // ------------------------------------------------------------- Sobel explorer

  function sobelExplorer(host) {
    const all = pictures();
    const picture = pictureSelect(all);
    const threshold = range("Threshold on the magnitude", 0, 0, 800);
    threshold.control.step = 10;
    const result = spoken("sobel");
    const share = element("p", { class: "explorer-size", "aria-live": "polite" });
    const products = productTable("The pixels under both kernels");
    let image, edges, cell;
    const cursor = cursorFields("Pixel", (row, column) => look(row, column));
    const pick = (y, x) => look(y / cell - 0.5, x / cell - 0.5);
    const move = (down, right) => look(cursor.row + down, cursor.column + right);
    const input = panel("Input", `Input picture. ${KEYS}`, move, pick);
    const panels = {
      gx: panel("gx", "Map of gx, the change from left to right.", null, pick),
      gy: panel("gy", "Map of gy, the change from top to bottom.", null, pick),
      magnitude: panel("Magnitude", "Map of the gradient's magnitude above the threshold.",
        null, pick),
    };

    function recompute() {
      image = all[Number(picture.control.value)].rows;
      edges = sobel(image);
      look(cursor.row, cursor.column);
    }

    function look(row, column) {
      cursor.moveTo(row, column, SIDE, SIDE);
      const limit = Number(threshold.control.value);
      const shown = { ...edges,
        magnitude: edges.magnitude.map((line) => line.map((v) => (v >= limit ? v : 0))) };
      cell = paint(input, image, { low: 0, high: 255 });
      input.caption.textContent = "black 0, white 255";
      for (const [name, view] of Object.entries(panels)) {
        const scale = scaleOf(edges[name]);
        paint(view, shown[name], scale);
        view.caption.textContent = scale.text;
        outline(view.context, cursor.column * cell, cursor.row * cell, cell, cell);
      }
      const at = (name) => edges[name][cursor.row][cursor.column];
      outline(input.context, (cursor.column - 1) * cell, (cursor.row - 1) * cell,
        3 * cell, 3 * cell);
      if (at("magnitude") > 0) arrow(input.context, cursor, cell, at("gx"), at("gy"));

      products.body.replaceChildren(...[-1, 0, 1].map((m) => element("tr", {},
        ...[-1, 0, 1].map((n) => {
          const y = clamp(cursor.row + m, 0, SIDE - 1);
          const x = clamp(cursor.column + n, 0, SIDE - 1);
          return element("td", {}, element("strong", {}, format(image[y][x])),
            element("span", {}, `gx ${format(SOBEL_X[m + 1][n + 1])}`),
            element("span", {}, `gy ${format(SOBEL_Y[m + 1][n + 1])}`));
        }))));
      const direction = at("magnitude") > 0
        ? `${format(at("angle"), 0)}°` : "not defined";
      result.textContent = `Row ${cursor.row}, column ${cursor.column}: gx ${format(at("gx"))}, ` +
        `gy ${format(at("gy"))}, magnitude ${format(at("magnitude"))}, angle ${direction}.`;
      const kept = edges.magnitude.flat().filter((value) => value >= limit).length;
      share.textContent = `At or above the threshold: ${kept} of ${SIDE * SIDE} pixels ` +
        `(${format((100 * kept) / (SIDE * SIDE), 1)} %).`;
    }

    threshold.control.addEventListener("input", () => look(cursor.row, cursor.column));
    picture.control.addEventListener("change", recompute);
    host.append(
      element("div", { class: "explorer-controls" }, picture.node, threshold.node),
      element("div", { class: "explorer-panels explorer-four" }, input.node,
        ...Object.values(panels).map(({ node }) => node)),
      result,
      element("div", { class: "explorer-below" }, products.table,
        element("div", { class: "explorer-side" },
          element("div", { class: "explorer-controls" }, ...cursor.nodes), share,
          element("p", { class: "explorer-size" },
            "The arrow points to where the picture gets brighter: 0° is right, 90° is down."))));
    cursor.row = 20;
    cursor.column = 16;
    recompute();
  }

  function arrow(context, { row, column }, cell, gx, gy) {
    const angle = Math.atan2(gy, gx);
    const length = 60;
    context.save();
    context.translate((column + 0.5) * cell, (row + 0.5) * cell);
    context.rotate(angle);
    for (const [colour, line] of [["#000", 9], ["#fff", 4]]) {
      context.strokeStyle = colour;
      context.lineWidth = line;
      context.lineCap = "round";
      context.beginPath();
      context.moveTo(0, 0);
      context.lineTo(length, 0);
      context.moveTo(length - 14, -12);
      context.lineTo(length, 0);
      context.lineTo(length - 14, 12);
      context.stroke();
    }
    context.restore();
  }

  // ----------------------------------------------------------- pooling explorer

  function poolingExplorer(host) {
    const all = pictures();
    const picture = pictureSelect(all);
    const mode = select("Pooling", [["maximum", "max"], ["average", "average"]]);
    const size = select("Window", ["2", "3", "4"].map((x) => [`${x} × ${x}`, x]));
    const stride = select("Stride", ["1", "2", "3", "4"].map((x) => [x, x]), "2");
    const right = range("Shift right", 1, 0, 4);
    const down = range("Shift down", 0, 0, 4);
    const result = spoken("pooling");
    const value = element("p", { class: "explorer-size", "aria-live": "polite" });
    let image, before, after, cell, pooledCell;
    const cursor = cursorFields("Pooled", (row, column) => look(row, column));
    const step = () => Number(stride.control.value);
    const move = (y, x) => look(cursor.row + y, cursor.column + x);
    const pickPooled = (y, x) => look(y / pooledCell - 0.5, x / pooledCell - 0.5);
    const input = panel("Shifted input", `Shifted input picture. ${KEYS}`, move, (y, x) =>
      look((y / cell - Number(size.control.value) / 2) / step(),
        (x / cell - Number(size.control.value) / 2) / step()));
    const views = {
      before: panel("Pooled, before", "Pooled map before the shift.", null, pickPooled),
      after: panel("Pooled, after", "Pooled map after the shift.", null, pickPooled),
      changed: panel("Changed", "Map of the pooled values that changed.", null, pickPooled),
    };

    function recompute() {
      const options = { size: Number(size.control.value), stride: step(), mode: mode.control.value };
      const original = all[Number(picture.control.value)].rows;
      image = shift(original, Number(right.control.value), Number(down.control.value));
      before = pool(original, options);
      after = pool(image, options);
      look(cursor.row, cursor.column);
    }

    function look(row, column) {
      const side = after.length;
      const window_ = Number(size.control.value);
      cursor.moveTo(row, column, side, side);
      cell = paint(input, image, { low: 0, high: 255 });
      outline(input.context, cursor.column * step() * cell, cursor.row * step() * cell,
        window_ * cell, window_ * cell);
      input.caption.textContent = "48 × 48";
      const changed = grid(side, side, (r, c) => (before[r][c] === after[r][c] ? 0 : 1));
      for (const [name, rows] of Object.entries({ before, after, changed })) {
        pooledCell = paint(views[name], rows, { low: 0, high: name === "changed" ? 1 : 255 });
        outline(views[name].context, cursor.column * pooledCell, cursor.row * pooledCell,
          pooledCell, pooledCell);
        views[name].caption.textContent =
          name === "changed" ? "white: changed" : `${side} × ${side}`;
      }
      const count = changed.flat().reduce((a, b) => a + b, 0);
      const total = side * side;
      result.textContent = `${count} of ${total} pooled values change ` +
        `(${format((100 * count) / total, 1)} %).`;
      const was = before[cursor.row][cursor.column];
      const is = after[cursor.row][cursor.column];
      value.textContent = `Pooled row ${cursor.row}, column ${cursor.column}: ${format(was)} before, ` +
        `${format(is)} after${was === is ? ", unchanged" : ""}.`;
    }

    size.control.addEventListener("change", () => {
      stride.control.value = size.control.value;
      recompute();
    });
    for (const { control } of [picture, mode, stride]) {
      control.addEventListener("change", recompute);
    }
    for (const { control } of [right, down]) control.addEventListener("input", recompute);
    host.append(
      element("div", { class: "explorer-controls" },
        picture.node, mode.node, size.node, stride.node, right.node, down.node),
      element("div", { class: "explorer-panels explorer-four" }, input.node,
        ...Object.values(views).map(({ node }) => node)),
      result,
      element("div", { class: "explorer-controls" }, ...cursor.nodes),
      value);
    cursor.row = 10;
    cursor.column = 8;
    recompute();
  }

  // -------------------------------------------------------------------- start-up

  Object.assign(compute, { layout, filter, sobel, pool, shift });
  Object.assign(root.explorers, { presets: PRESETS, pictures });
  register("kernel", "Kernel explorer", kernelExplorer);
  register("sobel", "Sobel explorer", sobelExplorer);
  register("pooling", "Pooling explorer", poolingExplorer);
})();
