/* What the theme leaves out for readers without a mouse or a screen. */
"use strict";

/* What scrolls sideways can be reached and scrolled by keyboard. */
function reachScrolling() {
  const boxes = ".bd-article :is(pre, table, mjx-container[display])";
  for (const box of document.querySelectorAll(boxes)) {
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
  /* Docutils still writes a role that has been withdrawn. */
  for (const entry of document.querySelectorAll("[role=doc-biblioentry]")) {
    entry.setAttribute("role", "listitem");
  }
  /* The theme puts the course's name outside of every landmark. */
  const name = document.querySelector(".sidebar-primary-item:has(.navbar-brand)");
  name?.setAttribute("role", "region");
  name?.setAttribute("aria-label", "Reading Faces");
});
addEventListener("resize", reachScrolling);
addEventListener("toggle", reachScrolling, true);
