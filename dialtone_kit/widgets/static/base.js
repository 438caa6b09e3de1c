// What all views share: elements made of text, never of HTML; the conversation with the kernel, countdowns.

// An element. Text becomes text nodes, so nothing from an email, a claim or an error is markup.
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) {
      node.setAttribute(name, String(value));
    }
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// Prose with `code` between backticks and *emphasis* between asterisks, as nodes.
export function prose(text) {
  return String(text).split("`").flatMap((part, n) => (n % 2 ? h("code", {}, part) : stressed(part)));
}

function stressed(text) {
  return text.split(/\*([^\s*](?:[^*]*[^\s*])?)\*/).map((part, n) => (n % 2 ? h("em", {}, part) : part));
}

// Entries for misconception codes, as the kernel sends them along with a state that uses them.
const entries = new Map();

// A misconception's code, such as M05, that opens in place: what people think, what's true.
export function entry(code) {
  const known = entries.get(code);
  if (!known) return code ? h("div", {}, `[${code}]`) : null;
  return h("details", { class: "dk-entry" },
    h("summary", {}, h("strong", {}, code), " Misconception: ", ...prose(known.title)),
    h("p", {}, h("em", {}, "What people think: "), ...prose(known.think)),
    h("p", {}, h("em", {}, "What's true: "), ...prose(known.truth)));
}

// Prose that ends in a code: the text, then the entry to open.
export function explained(text) {
  const [, before, code] = /^(.*?)\s*(?:\[?\b(M\d\d)\]?)?$/s.exec(String(text));
  return code ? [h("div", {}, ...prose(before)), entry(code)] : prose(before);
}

// An id that no other view on this page has, for labels and descriptions.
export function uid(name) {
  uid.count = (uid.count ?? 0) + 1;
  return `dialtone-${name}-${Date.now().toString(36)}-${uid.count}`;
}

// Seconds as 59:07 or 1:02:03.
export function clock(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

// Where a countdown is shown. A screen reader must not read it out every second.
export function timer() {
  return h("strong", { class: "dk-timer", role: "timer", "aria-live": "off" });
}

// A countdown on the browser's own clock, so it doesn't matter if the kernel's clock disagrees.
export function countdown(seconds, onTick, onEnd = () => {}) {
  const end = performance.now() + seconds * 1000;
  let timer = null;
  const tick = () => {
    const left = Math.max(0, (end - performance.now()) / 1000);
    onTick(left);
    if (left > 0) return;
    clearInterval(timer);
    onEnd();
  };
  timer = setInterval(tick, 1000);
  tick();
  return () => clearInterval(timer);
}

// The frame of a view: a card with a title, a body, and a line that is read out when it changes.
// With `goesOn`, Shift+Enter outside its controls goes on to the next cell. Not for a form: running
// its cell again may ask again.
export function card(el, name, title, { goesOn = false } = {}) {
  const heading = h("div", { class: "dk-title", id: uid("title") }, title);
  const note = h("div", { class: "dk-badge", hidden: true });
  const body = h("div", { class: "dk-body" });
  const status = h("div", { class: "dk-status", id: uid("status"), role: "status", "aria-live": "polite", tabindex: "-1" });
  const root = h(
    "div", // a group and no landmark: a lesson has many, and some with the same title
    { class: `dialtone-kit dk-${name}`, role: "group", "aria-labelledby": heading.id },
    h("div", { class: "dk-head" }, heading, note), body, status,
  );
  root.addEventListener("keydown", (event) => { // keys here are not the notebook's commands
    if (!event.ctrlKey && !event.metaKey && !event.altKey && !(goesOn && isOnward(event))) event.stopPropagation();
  });
  el.append(root);
  return {
    root, heading, body, status,
    badge(text, tone = "") {
      note.hidden = !text;
      note.className = `dk-badge dk-${tone}`;
      note.textContent = text;
    },
    say(tone, ...content) { // an unchanged line is not written again, so it is not read out again
      const next = h("div", {}, ...content);
      status.className = `dk-status${tone && ` dk-${tone}`}`;
      if (status.textContent !== next.textContent) status.replaceChildren(...next.childNodes);
    },
    // Run All stopped at this card: scroll it into view and focus `input`.
    come(state, input) {
      if (!document.getElementById(state.id)) root.id = state.id; // what the stopped cell links to
      if (state.come && root.id === state.id) setTimeout(() => arrive(root, input), ARRIVAL);
    },
  };
}

function isOnward({ key, shiftKey, target }) {
  return key === "Enter" && shiftKey && !target.closest("a, button, input, select, summary, textarea");
}

// JupyterLab scrolls to the end of what ran; this waits until then.
const ARRIVAL = 400;

function arrive(root, input) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  root.scrollIntoView({ block: "center", behavior: still ? "auto" : "smooth" });
  if (input.checkVisibility?.() && !input.disabled) input.focus({ preventScroll: true });
}

// Moves the focus once the answer to something done in this view arrives. Another view of
// the form, or a redrawn one, leaves the focus alone.
export function follower(view) {
  let awaited = false;
  return {
    expect() { awaited = true; },
    arrived(busy, target = view.status) { // call it when the view has been drawn
      const inside = view.root.contains(document.activeElement) || document.activeElement === document.body;
      if (busy || !awaited) return;
      awaited = false;
      if (inside) target.focus();
    },
  };
}

// Enter in `input` submits its form. JupyterLab blocks the browser's default (Enter is a line break in a cell).
export function submitOnEnter(input) {
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    input.form.requestSubmit();
  });
}

// Talk to the kernel. `draw(state)` is called with each state it sends; `send(kind, data)` reports
// what the person did, along with the round seen, so that it happens once.
// Returns { send, close }. If no answer comes for a while, `lost()` is called.
export function connect(model, draw, lost = () => {}) {
  let round = null;
  let waiting = null;
  const expectAnswer = () => {
    clearTimeout(waiting);
    waiting = setTimeout(lost, 6000);
  };
  const onMessage = (state) => {
    clearTimeout(waiting);
    round = state.round;
    for (const [code, known] of Object.entries(state.entries ?? {})) entries.set(code, known);
    draw(state);
  };
  const post = (message) => {
    try {
      model.send(message);
    } catch { // the kernel was stopped or restarted: nobody will ever answer this view
      clearTimeout(waiting);
      lost();
    }
  };
  model.on("msg:custom", onMessage);
  expectAnswer();
  post({ kind: "ready" });
  return {
    look() { // quietly: a kernel busy with a cell may answer later
      post({ kind: "look" });
    },
    send(kind, data = {}) {
      expectAnswer();
      post({ kind, round, ...data });
    },
    close() {
      clearTimeout(waiting);
      model.off("msg:custom", onMessage);
    },
  };
}

export const SILENT =
  "No answer from the kernel yet. It may be busy with a cell; if it was stopped, run this cell again.";

// Show a problem in the card's status line. Returns a function that stops its countdown.
export function sayProblem(view, problem) {
  if (!problem.wait) {
    view.say("bad", ...explained(problem.text));
    return () => {};
  }
  const left = timer();
  const line = [h("div", {}, ...prose(problem.text)), h("div", {}, "You can try again in ", left, ".")];
  if (problem.clear_limits) {
    line.push(h("div", {}, "With the local service you don't have to wait: run ",
      h("code", {}, problem.clear_limits), " in a cell, then press the button again."));
  }
  view.say("wait", ...line);
  return countdown(problem.wait, (seconds) => { left.textContent = clock(seconds); },
    () => view.say("", "The wait is over: try again."));
}
