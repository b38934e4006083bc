/* What scrolls sideways can be reached and scrolled by keyboard. */
"use strict";

function reachScrolling() {
  for (const box of document.querySelectorAll(".bd-article :is(pre, table, mjx-container[display])")) {
    if (box.scrollWidth > box.clientWidth) {
      box.tabIndex = 0;
    } else if (box.tabIndex === 0) {
      box.removeAttribute("tabindex");
    }
  }
}

addEventListener("load", () => {
  const typeset = window.MathJax?.startup?.promise ?? Promise.resolve();
  typeset.then(reachScrolling);
});
addEventListener("resize", reachScrolling);
addEventListener("toggle", reachScrolling, true);
