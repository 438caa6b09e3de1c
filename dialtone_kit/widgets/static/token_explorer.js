import { card, clock, connect, countdown, h, prose, SILENT, timer } from "./base.js";

function render({ model, el }) {
  const view = card(el, "token", "Token");
  let stop = () => {};
  const draw = (state) => {
    stop();
    view.body.replaceChildren(
      h("p", { class: "dk-note" }, `This token is ${state.binding}.`),
      part("Header: how it is signed", state.header, false),
      part("Payload: what it says", state.claims, true),
      h("p", { class: "dk-hint" }, "The third part, the signature, stays in the kernel: a copy of what you see here is of no use to a thief."),
    );
    stop = drawTime(view, state);
  };
  const kernel = connect(model, draw, () => view.say("wait", SILENT));
  return () => { stop(); kernel.close(); };
}

function drawTime(view, state) {
  if (state.seconds_left === null) {
    view.badge("no expiry", "bad");
    return () => {};
  }
  const bar = h("div", { class: "dk-bar-fill" });
  const left = timer();
  const lifetime = state.lifetime > 0 ? state.lifetime : state.seconds_left;
  view.say("", h("div", {}, "It can be used for another ", left, "."), h("div", { class: "dk-bar", "aria-hidden": "true" }, bar));
  view.badge("live", "good");
  return countdown(state.seconds_left, (seconds) => {
    left.textContent = clock(seconds);
    bar.style.width = `${Math.min(100, (100 * seconds) / lifetime)}%`;
  }, () => { view.badge("expired", "bad"); view.say("bad", "It has expired: ask for a new one."); });
}

function part(title, rows, open) {
  const lines = rows.map((row) => h(
    "tr", {},
    h("th", { scope: "row" }, h("code", {}, row.name)),
    h("td", { class: "dk-value" }, row.value, ...moment(row)),
    h("td", {}, ...prose(row.meaning)),
  ));
  const head = h("thead", {}, h("tr", {}, ...["member", "value", "meaning"].map((name) => h("th", { scope: "col" }, name))));
  return h("details", { class: "dk-part", open },
    h("summary", {}, `${title} (${rows.length})`),
    h("table", { class: "dk-table" }, head, h("tbody", {}, ...lines)));
}

function moment(row) {
  if (typeof row.moment !== "number") return [];
  const when = new Date(row.moment * 1000);
  return Number.isNaN(when.getTime()) ? [] : [h("div", { class: "dk-meta" }, when.toLocaleString())];
}

export default { render };
