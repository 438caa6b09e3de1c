import { card, connect, entry, explained, h, prose, sayProblem, SILENT, uid } from "./base.js";

const MEANINGS = {
  typ: "kind of JWT", alg: "how it is signed", htm: "method", htu: "URL, no query",
  jti: "fresh each time", ath: "hash of the token", nonce: "from DPoP-Nonce",
};
const MARKS = { passed: "✓", "nothing to check": "–", refused: "✕", "not reached": "" };
const SIGNERS = [
  ["key", "by my key"], ["another key", "by another key"], ["tampered", "by my key, then changed"],
];

function render({ model, el }) {
  const view = card(el, "checker", "Proof checker");
  let desk = null, kernel = null, stop = () => {}, shown = "";
  const draw = (state) => {
    stop();
    if (desk === null) { desk = build(view, state, () => kernel); view.body.replaceChildren(...desk.nodes); }
    desk.update(state);
    const wall = JSON.stringify(state.tiles);
    if (wall !== shown) desk.light(state.tiles);
    shown = wall;
    stop = state.problem.text ? sayProblem(view, state.problem) : verdict(view, state);
    desk.arrived(state.busy);
  };
  kernel = connect(model, draw, () => view.say("wait", SILENT));
  return () => { stop(); kernel.close(); };
}

function verdict(view, { tiles, status, service }) {
  const stopped = tiles.find((tile) => tile.outcome === "refused");
  if (!stopped) {
    view.badge("all rules pass", "good");
    view.say("good", passing(service ? service.status : status));
    return () => {};
  }
  view.badge(`stopped by rule ${tiles.indexOf(stopped) + 1}`, "bad");
  view.say("bad",
    h("div", {}, h("strong", {}, `${stopped.title}: no.`), " ", h("code", {}, stopped.rule)),
    h("dl", { class: "dk-pair" },
      h("dt", {}, "expected"), h("dd", {}, stopped.expected), h("dt", {}, "got"), h("dd", {}, stopped.got)),
    stopped.hint ? h("div", {}, ...prose(stopped.hint)) : null, entry(stopped.code));
  return () => {};
}

function passing(status) {
  if (status === null) return "Every rule passes: the service would accept this proof.";
  if (status < 300) return "Every rule passes: the service accepted this proof.";
  return "Every rule that can be checked here passes.";
}

function build(view, first, kernel) {
  const tiles = first.tiles.map((tile, n) => {
    const mark = h("span", { class: "dk-mark", "aria-hidden": "true" });
    const word = h("span", { class: "dk-unseen" });
    const node = h("li", { class: "dk-tile", title: tile.rule },
      h("span", { class: "dk-number" }, String(n + 1)), h("span", {}, tile.title), word, mark);
    return { node, mark, word };
  });
  const wall = h("ol", { class: "dk-wall", "aria-label": "The thirteen rules" }, ...tiles.map((tile) => tile.node));
  const fields = {};
  const send = (kind, more = {}) => kernel().send(kind, { ...read(), ...more });
  const change = () => send("edit");
  const field = (name, note, more = {}) => {
    const input = h("input", { class: "dk-input dk-mono", id: uid(name), type: "text", spellcheck: "false",
      autocomplete: "off", onchange: change, ...more });
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing) { event.preventDefault(); input.blur(); input.focus(); }
    });
    fields[name] = input;
    return h("div", { class: "dk-field" },
      h("label", { for: input.id }, h("code", {}, name), note ? h("span", { class: "dk-meta" }, note) : null), input);
  };
  const tick = (name, text) => {
    fields[name] = h("input", { type: "checkbox", id: uid(name), onchange: change });
    return h("label", { class: "dk-tick", for: fields[name].id }, fields[name], text);
  };
  fields.signer = h("select", { class: "dk-input", id: uid("signer"), onchange: change },
    ...SIGNERS.map(([value, text]) => h("option", { value }, text)));
  const proof = h("fieldset", { class: "dk-side" }, h("legend", {}, "The proof says"),
    ...["typ", "alg", "htm", "htu", "jti", "ath", "nonce"].map((name) => field(name, MEANINGS[name])),
    field("iat", "seconds ago"),
    h("div", { class: "dk-field" }, h("label", { for: fields.signer.id }, "signed"), fields.signer),
    tick("leaked", "with a private member in its jwk"), tick("twice", "sent in two DPoP headers"));
  const token = h("p", { class: "dk-meta" });
  const request = h("fieldset", { class: "dk-side" }, h("legend", {}, "The request is"),
    field("method", ""), field("url", ""), tick("replayed", "this proof was used before"), token);
  const restore = h("button", { type: "button", class: "dk-button dk-quiet", onclick: () => kernel().send("restore") }, "Restore");
  let asked = false;
  const ask = h("button", { type: "button", class: "dk-button",
    onclick: () => { asked = true; kernel().send("ask"); } }, "Send it to the service");
  const service = h("div", { class: "dk-service", role: "status" });
  const verdicts = h("div", { class: "dk-verdicts" }, view.status, service);
  const chosen = h("select", { class: "dk-input", "aria-label": "Which request to look at",
    onchange: () => kernel().send("open", { case: Number(chosen.value) }) });
  const picker = h("div", { class: "dk-row" }, h("span", {}, "Look at"), chosen);
  const edit = h("details", { class: "dk-part" }, h("summary", {}, "Change something and see which rule stops it"),
    h("div", { class: "dk-sides" }, proof, request));
  const read = () => ({
    fields: Object.fromEntries(Object.keys(MEANINGS).map((name) => [name, fields[name].value])),
    age: fields.iat.value, signer: fields.signer.value, method: fields.method.value, url: fields.url.value,
    leaked: fields.leaked.checked, twice: fields.twice.checked, replayed: fields.replayed.checked,
  });
  return {
    nodes: [picker, wall, verdicts, edit, h("div", { class: "dk-row" }, ask, restore)],
    arrived(busy) { // the form is so long that the verdict may be out of sight
      if (asked && !busy) wall.scrollIntoView({ block: "nearest" });
      asked &&= busy;
    },
    light(next) { tiles.forEach((tile, n) => lightUp(tile, next[n], n)); },
    update(state) {
      for (const name of Object.keys(MEANINGS)) fill(fields[name], state.draft.fields[name]);
      fill(fields.iat, state.draft.age);
      fill(fields.method, state.method);
      fill(fields.url, state.url);
      fields.signer.value = state.draft.signer;
      fields.leaked.checked = state.draft.leaked;
      fields.twice.checked = state.draft.twice;
      fields.replayed.checked = state.replayed;
      token.textContent = state.with_token ? "An access token is sent with it; it stays in the kernel." : "No access token is sent with it.";
      picker.hidden = state.cases.length < 2;
      chosen.replaceChildren(...state.cases.map((label, n) => h("option", { value: n, selected: n === state.case }, label)));
      restore.disabled = state.busy || !state.edited;
      ask.hidden = !state.can_ask;
      ask.disabled = state.busy;
      told(service, state);
    },
  };
}

function fill(input, text) {
  if (document.activeElement !== input || input.value !== text) input.value = text;
}

// One after another, unless the reader's system asks for less motion (see the style sheet).
function lightUp({ node, mark, word }, tile, n) {
  node.className = "dk-tile";
  void node.offsetWidth; // restarts the animation
  node.style.setProperty("--dk-delay", `${n * 90}ms`);
  const name = { passed: "good", "nothing to check": "idle", refused: "bad", "not reached": "off" }[tile.outcome];
  node.classList.add(`dk-${name}`, "dk-lit");
  mark.textContent = MARKS[tile.outcome];
  word.textContent = `: ${tile.outcome}`;
}

function told(node, state) {
  if (state.service) {
    const { status, text } = state.service;
    node.replaceChildren(h("strong", {}, status === null ? "Not sent. " : `The service says ${status}. `), ...explained(text));
  } else if (state.status !== null) {
    node.replaceChildren(h("strong", {}, `The service said ${state.status} when this was sent.`));
  } else node.replaceChildren();
  node.hidden = !node.childNodes.length;
}

export default { render };
