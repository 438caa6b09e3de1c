// What the theme leaves out for screen readers: names of its landmarks, and the level of its captions.
document.querySelector(".sidebar-drawer")?.setAttribute("aria-label", "All pages");
document.querySelector(".toc-drawer")?.setAttribute("aria-label", "On this page");
document.querySelectorAll(".caption[role=heading]").forEach((caption) => caption.setAttribute("aria-level", "2"));

// Code that is too wide for the page scrolls: the keyboard has to reach it.
function reachable() {
  for (const block of document.querySelectorAll("article pre")) {
    if (block.scrollWidth > block.clientWidth) block.tabIndex = 0;
    else if (block.closest(".highlight, .output")) block.removeAttribute("tabindex");
  }
}
addEventListener("resize", reachable);
document.addEventListener("toggle", reachable, true); // a fold that opens
reachable();
