import { card, clock, connect, h, prose, sayProblem, SILENT } from "./base.js";

const TITLES = ["First token", "Second token"];
const OUTCOMES = { verified: ["verified", "good"], refused: ["not verified", "bad"], "can't tell": ["can't tell", "wait"] };
const KINDS = { "your key": "good", "another key": "bad", bearer: "wait", "no key": "", unclear: "bad" };
const MARKS = { same: "=", added: "+", removed: "−", changed: "≠" };

function render({ model, el }) {
  const view = card(el, "token", "Token explorer");
  const content = h("div", { class: "dk-content" });
  const again = h("button", { type: "button", class: "dk-button dk-quiet", onclick: () => kernel.send("verify") }, "Verify again");
  view.body.append(view.status, content, h("div", { class: "dk-row" }, again)); // the verdict comes first
  const open = new Map(); // which parts the reader opened or closed: kept when the view is redrawn
  let kernel = null, stop = () => {};
  const draw = (state) => {
    stop();
    const watchers = [];
    const pair = state.tokens.length > 1;
    view.root.classList.toggle("dk-two", pair);
    content.replaceChildren(
      h("div", { class: "dk-sides" }, ...state.tokens.map((token, n) => side(token, pair ? TITLES[n] : "", watchers))),
      ...(pair ? differences(state, open) : tables(state.tokens[0], watchers, open)));
    again.disabled = state.busy;
    content.hidden = again.parentElement.hidden = state.tokens.every((token) => token.problem);
    const problem = state.problem.text ? sayProblem(view, state.problem) : () => {};
    if (!state.problem.text) watchers.push(() => conclude(view, state));
    const ticking = every(watchers);
    stop = () => { problem(); ticking(); };
  };
  kernel = connect(model, draw, () => view.say("wait", SILENT));
  return () => { stop(); kernel.close(); };
}

// Calls each watcher now and every second with the seconds since the state arrived. The kernel's clock decides.
function every(watchers) {
  const start = performance.now();
  const tick = () => watchers.forEach((watch) => watch((performance.now() - start) / 1000));
  tick();
  const timer = setInterval(tick, 1000);
  return () => clearInterval(timer);
}

// Badge and status line. `say` writes only what is new, so an expiry is read out once.
function conclude(view, state) {
  const start = (state.drawn ??= performance.now());
  const lines = state.tokens.map((token) => {
    if (token.problem) return { word: "not a token", tone: "bad", text: token.problem };
    const late = token.expires !== null && token.expires <= token.now + (performance.now() - start) / 1000;
    const { outcome, rule, text } = token.verdict;
    const [word, tone] = OUTCOMES[outcome];
    if (late && outcome !== "refused") return { word: "expired", tone: "bad", text: "It has expired: every service refuses it. Get a new one." };
    const where = rule ? ` It fails the check \`${rule}\`.` : "";
    return { word, tone, text: `${word[0].toUpperCase()}${word.slice(1)}. ${text}${where}` };
  });
  const worst = ["bad", "wait", "good"].find((tone) => lines.some((line) => line.tone === tone));
  const words = lines.map((line) => line.word);
  const alike = words.every((word) => word === words[0]);
  view.badge(words.length === 1 ? words[0] : alike ? `both ${words[0]}` : `first ${words[0]}, second ${words[1]}`, worst);
  view.say(worst, ...lines.map((line, n) => h("div", {},
    lines.length > 1 ? h("strong", {}, `${TITLES[n]}: `) : null, ...prose(line.text))));
}

function side(token, title, watchers) {
  const heading = title ? h("div", { class: "dk-side-title" }, title) : null;
  if (token.problem) return title ? h("div", { class: "dk-side" }, heading, h("p", { class: "dk-note" }, "not a token")) : "";
  return h("div", title ? { class: "dk-side", role: "group", "aria-label": title } : { class: "dk-side" }, heading,
    h("div", { class: "dk-wire-row" }, wire(token.wire, title), ring(token, watchers)),
    legend(token.wire[2]), signer(token.verdict), thumbprints(token.binding), nameTags(token.tags));
}

function wire([header, payload, letters], title) {
  const dot = () => h("span", { class: "dk-dim" }, ".");
  const cover = letters ? "•".repeat(Math.min(letters, 400)) : "";
  return h("div", { class: "dk-wire", tabindex: 0, role: "group", "aria-label": `${title || "Token"} as sent, without its signature` },
    h("span", { class: "dk-jws-header" }, header), dot(), h("span", { class: "dk-jws-payload" }, payload), dot(),
    h("span", { class: "dk-jws-signature", "aria-hidden": "true" }, cover));
}

function legend(letters) {
  const part = (name, text) => h("li", { class: `dk-jws-${name}` }, h("strong", {}, name), h("span", { class: "dk-dim" }, ` ${text}`));
  return h("ul", { class: "dk-legend" }, part("header", "how it is signed"), part("payload", "what it says"),
    part("signature", letters ? `${letters} characters, kept in the kernel` : "none: it is not signed"));
}

// The time left as a ring that empties: its text is a timer, which is not read out every second.
function ring(token, watchers) {
  const time = h("strong", { class: "dk-timer", role: "timer", "aria-live": "off", "aria-label": "time left" });
  const word = h("span", { class: "dk-meta" });
  const node = h("div", { class: "dk-ring" }, h("div", { class: "dk-ring-inside" }, time, word));
  if (token.expires === null) {
    time.textContent = "–";
    word.textContent = "no expiry";
    return node;
  }
  watchers.push((passed) => {
    const left = token.expires - token.now - passed;
    time.textContent = left > 0 ? clock(left) : "0:00";
    word.textContent = left > 0 ? "left" : "expired";
    node.classList.toggle("dk-over", left <= 0);
    node.style.setProperty("--dk-left", Math.max(0, Math.min(1, left / (token.lifetime ?? left))));
  });
  return node;
}

function signer({ outcome, kid, keys_url }) {
  if (outcome !== "verified") return null;
  return h("dl", { class: "dk-pair" }, h("dt", {}, "signed by key"), h("dd", {}, kid), h("dt", {}, "in the key set"), h("dd", {}, keys_url));
}

// Both thumbprints, character under character. To a screen reader: both, and the sentence.
function thumbprints({ kind, bound, own, text }) {
  const tone = KINDS[kind];
  const say = h("p", { class: `dk-hint${tone === "good" ? " dk-ok" : tone === "bad" ? " dk-bad" : ""}` }, ...prose(text));
  if (!bound) return say;
  const cells = [...bound].map((character, n) => {
    const same = own[n] === character;
    const mark = own ? h("span", { class: "dk-equal" }, same ? "=" : "≠") : null;
    return h("span", { class: `dk-cell${own ? (same ? " dk-good" : " dk-bad") : ""}` },
      h("span", {}, character), mark, own ? h("span", {}, own[n] ?? "·") : null);
  });
  const spoken = own ? `cnf.jkt ${bound}; your key ${own}` : `cnf.jkt ${bound}`;
  return h("div", { class: "dk-prints" },
    h("div", { class: "dk-labels dk-meta", "aria-hidden": "true" }, h("span", {}, "cnf.jkt"),
      own ? h("span", {}, " ") : null, own ? h("span", {}, "your key") : null),
    h("div", { class: "dk-cells", role: "img", "aria-label": spoken }, ...cells), say);
}

function nameTags(tags) {
  if (!tags.length) return null;
  const rows = tags.map((tag, n) => h("li", { class: `dk-tag${n === tags.length - 1 ? " dk-subject-tag" : n ? " dk-before" : ""}` },
    h("span", { class: "dk-meta" }, tag.kind ? `${tag.role}, ${tag.kind}` : tag.role), h("span", { class: "dk-who" }, tag.who)));
  return h("div", {}, h("ol", { class: "dk-tags", "aria-label": "Who acts for whom, latest first" }, ...rows),
    h("p", { class: "dk-meta" }, ...prose("On top is the outermost `act`, at the bottom `sub` (RFC 8693 §4.1).")));
}

function part(title, columns, rows, open, first) {
  const head = h("thead", {}, h("tr", {}, ...columns.map((name) => h("th", { scope: "col" }, name))));
  const node = h("details", { class: "dk-part", open: open.get(title) ?? first },
    h("summary", {}, `${title} (${rows.length})`),
    h("table", { class: `dk-table dk-columns-${columns.length}`, "aria-label": title }, head, h("tbody", {}, ...rows)));
  node.addEventListener("toggle", () => open.set(title, node.open));
  return node;
}

function tables(token, watchers, open) {
  if (token.problem) return [];
  const lines = (rows) => rows.map((row) => h("tr", {},
    h("th", { scope: "row" }, h("code", {}, row.name)),
    h("td", {}, h("span", { class: "dk-value" }, row.value), ...moment(row, token.now, watchers), row.note ? h("div", { class: "dk-odd" }, `! ${row.note}`) : null),
    h("td", {}, ...prose(row.meaning))));
  const columns = ["member", "value", "meaning"];
  return [part("Header: how it is signed", columns, lines(token.header), open, true),
    part("Payload: what it says", columns, lines(token.claims), open, true)];
}

function moment(row, now, watchers) {
  if (row.moment === null) return [];
  const when = new Date(row.moment * 1000);
  if (Number.isNaN(when.getTime())) return [];
  const away = h("strong", {});
  watchers.push((passed) => { away.textContent = distance(row.moment - now - passed); });
  return [h("div", { class: "dk-meta" }, away),
    h("div", { class: "dk-meta" }, `${when.toLocaleString()} here`), h("div", { class: "dk-meta" }, row.utc)];
}

// "in 4 min 12 s", "2 h 3 min ago": two units, the smaller one left out when it is nothing.
function distance(seconds) {
  let rest = Math.abs(seconds < 0 ? Math.floor(-seconds) : Math.ceil(seconds));
  if (rest === 0) return "now";
  const parts = [];
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]]) {
    if (parts.length === 1 || rest >= size) parts.push([Math.floor(rest / size), unit]);
    rest %= size;
    if (parts.length === 2) break;
  }
  const text = parts.filter(([count]) => count).map(([count, unit]) => `${count} ${unit}`).join(" ");
  return seconds < 0 ? `${text} ago` : `in ${text}`;
}

function differences(state, open) {
  const rows = [...state.header, ...state.claims];
  if (!rows.length) return [];
  const line = (row) => h("tr", { class: `dk-${row.difference}` },
    h("th", { scope: "row" }, h("code", {}, row.name), h("div", { class: "dk-meta" }, ...prose(row.meaning))),
    h("td", { class: "dk-value" }, row.first || "–"), h("td", { class: "dk-value" }, row.second || "–"),
    h("td", {}, h("span", { class: "dk-difference" }, `${MARKS[row.difference]} ${row.difference}`), row.detail ? h("div", {}, row.detail) : null));
  const columns = ["member", "first token", "second token", "in the second"];
  const differ = rows.filter((row) => row.difference !== "same");
  const same = rows.filter((row) => row.difference === "same");
  return [part("What differs", columns, differ.map(line), open, true), part("What is the same", columns, same.map(line), open, false)];
}

export default { render };
