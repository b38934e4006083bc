/* What all explorers of Reading Faces share: plain JavaScript, no library, no network.
 *
 * A page holds <div class="explorer" data-explorer="kernel"> (or another name that a script of
 * this folder registers) with a paragraph that says what the explorer is for. That paragraph
 * stays and becomes its description.
 *
 * The arithmetic is separate from the drawing and public as readingFaces.explorers.compute;
 * tests hold it equal to fer_helpers and scikit-learn.
 */
(() => {
  "use strict";

  const root = (window.readingFaces = window.readingFaces || {});

  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

  // -------------------------------------------------------------- page elements

  let identifiers = 0;
  const identifier = (name) => `explorer-${name}-${(identifiers += 1)}`;

  function element(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  }

  const format = (value, decimals = 3) =>
    String(Math.round(value * 10 ** decimals) / 10 ** decimals).replace("-", "−");

  function select(label, options, initial = options[0][1]) {
    const id = identifier("select");
    const control = element("select", { id });
    for (const [text, value] of options) control.append(element("option", { value }, text));
    control.value = initial;
    return { control, node: element("div", { class: "explorer-field" },
      element("label", { for: id }, label), control) };
  }

  function number(label, initial, attributes) {
    const id = identifier("number");
    const control = element("input", { id, type: "number", value: initial, ...attributes });
    return { control, node: element("div", { class: "explorer-field" },
      element("label", { for: id }, label), control) };
  }

  function range(label, initial, low, high) {
    const id = identifier("range");
    const control = element("input", { id, type: "range", min: low, max: high, value: initial });
    const shown = element("output", { for: id }, String(initial));
    control.addEventListener("input", () => { shown.textContent = control.value; });
    return { control, node: element("div", { class: "explorer-field" },
      element("label", { for: id }, label), element("span", { class: "explorer-range" },
        control, shown)) };
  }

  /** A value of a number field, or the fallback (and a mark) where it holds none. */
  function valueOf(control, fallback) {
    const good = control.value.trim() !== "" && Number.isFinite(control.valueAsNumber);
    control.setAttribute("aria-invalid", String(!good));
    return good ? control.valueAsNumber : fallback;
  }

  /** A slider and a number field for one value; to() moves both, and changed() hears of it. */
  function slider(label, initial, { low, high, step, fine = step }, changed) {
    const id = identifier("slider");
    const limits = { min: low, max: high, value: initial };
    const bar = element("input", { id, type: "range", step, ...limits });
    const box = element("input", { type: "number", step: fine, ...limits,
      class: "explorer-short", "aria-label": `${label}, as a number` });
    const control = { bar, box, value: initial };
    control.to = (value, source) => {
      const places = Math.max(0, Math.ceil(-Math.log10(fine)));
      control.value = Number(clamp(value, low, high).toFixed(places));
      bar.value = control.value;
      bar.setAttribute("aria-valuetext", String(control.value));
      if (source !== box) {
        box.value = control.value;
        box.setAttribute("aria-invalid", "false");
      }
      changed(control.value);
    };
    bar.addEventListener("input", () => control.to(bar.valueAsNumber, bar));
    box.addEventListener("input", () => control.to(valueOf(box, control.value), box));
    box.addEventListener("change", () => control.to(control.value));
    control.node = element("div", { class: "explorer-field explorer-slider" },
      element("label", { for: id }, label),
      element("span", { class: "explorer-range" }, bar, box));
    return control;
  }

  const spoken = (name) =>
    element("p", { class: "explorer-result", "aria-live": "polite", "data-result": name });

  // -------------------------------------------------------------------- start-up

  const builders = {};

  function start() {
    for (const host of document.querySelectorAll("div.explorer[data-explorer]")) {
      const name = host.dataset.explorer;
      if (!(name in builders) || host.dataset.ready) continue;
      host.dataset.ready = "true";
      host.setAttribute("role", "group");
      host.setAttribute("aria-label", builders[name].title);
      const text = host.querySelector("p");
      if (text) {
        text.id = text.id || identifier("description");
        host.setAttribute("aria-describedby", text.id);
      }
      builders[name].build(host);
    }
  }

  function register(name, title, build) {
    builders[name] = { title, build };
    if (document.readyState === "complete") start();
  }

  // The other scripts and their data may be loaded after this one, so wait for the page.
  document.addEventListener("DOMContentLoaded", start);

  root.explorers = {
    compute: {},
    register,
    tools: { clamp, element, format, identifier, number, range, select, slider, spoken, valueOf },
  };
})();
