import { card, connect, countdown, follower, h, prose, sayProblem, SILENT, submitOnEnter, uid } from "./base.js";

// A hint while an address is typed; "" when there is none. Python has the rule and decides.
function wrongWith(address) {
  if (!address) return "";
  if (/[\s,;]/.test(address)) return "Type one address, without spaces or commas.";
  const [name, domain, ...more] = address.split("@");
  if (more.length) return "There is more than one @: an address has one.";
  if (domain === undefined) return "The @ is missing: write the address as you@example.com.";
  if (!name) return "The part before the @ is missing: whose mailbox is it?";
  if (/[^\x21-\x7e]/.test(name)) return "The part before the @ can only have ASCII characters.";
  if (!domain) return "The part after the @ is missing, such as example.com.";
  if (/[<>()"\\]/.test(address)) return "Type only the address, without brackets or quotes.";
  return address.length > 254 ? "An address has at most 254 characters." : "";
}

function render({ model, el }) {
  const view = card(el, "email", "The sponsor's email address");
  const hint = h("div", { class: "dk-hint", id: uid("hint"), "aria-live": "polite" });
  const input = h("input", {
    id: uid("email"), class: "dk-input", type: "email", name: "email", autocomplete: "email",
    spellcheck: "false", placeholder: "you@example.com", maxlength: "320",
    "aria-describedby": `${hint.id} ${view.status.id}`,
  });
  const send = h("button", { type: "submit", class: "dk-button" }, "Send me a code");
  const note = h("p", { class: "dk-note" });
  const form = h(
    "form", { novalidate: true, class: "dk-form" },
    h("label", { for: input.id, class: "dk-label" }, "Email address"),
    h("div", { class: "dk-row" }, input, send), hint,
  );
  const again = h("button", { type: "button", class: "dk-link" }, "Send a new code");
  const other = h("button", { type: "button", class: "dk-link" }, "Use another address");
  const after = h("div", { class: "dk-row dk-foot", hidden: true }, again, other);
  view.body.append(note, form);
  view.root.append(after);

  const focus = follower(view);
  let stop = () => {};
  let drawn = false;
  let asked = false; // Enter was pressed: what is wrong is now a mistake, not a half-typed address
  const check = () => {
    const address = input.value.trim();
    const wrong = wrongWith(address);
    const good = address !== "" && wrong === "";
    const text = wrong || (good ? "That looks like an address." : "A code will be sent to it. The address isn't saved in this notebook.");
    if (hint.textContent !== text) hint.textContent = text;
    hint.className = `dk-hint${good ? " dk-ok" : ""}${wrong && asked ? " dk-bad" : ""}`;
    input.setAttribute("aria-invalid", String(wrong !== ""));
    return good;
  };

  const draw = (state) => {
    stop();
    stop = () => {};
    const sent = state.phase === "sent";
    note.replaceChildren(...prose(state.note));
    note.hidden = !state.note || sent;
    form.hidden = sent;
    after.hidden = !sent;
    for (const control of [input, send, again, other]) control.disabled = state.busy;
    send.textContent = state.busy ? "Sending…" : "Send me a code";
    if (!drawn && !sent && !input.value) input.value = state.email;
    drawn = true;
    if (sent) input.value = "";
    if (state.busy) {
      view.badge("sending", "wait");
      view.say("", "Asking the service…");
    } else if (state.problem.text) {
      view.badge(state.problem.wait ? "wait" : "refused", state.problem.wait ? "wait" : "bad");
      stop = sayProblem(view, state.problem);
    } else if (sent) {
      stop = drawSent(state);
    } else {
      view.badge("asking");
      view.say("");
    }
    check();
    view.come(state, input);
    focus.arrived(state.busy, sent ? view.status : input);
  };

  // The code form shows how long the code is valid; this form only says when it has expired.
  const drawSent = (state) => {
    const where = h("strong", {}, state.email);
    view.badge("sent", "good");
    const lines = state.restored
      ? [h("div", {}, "An enrollment for ", where, " is still waiting for its code.")]
      : [h("div", {}, "A code is on its way to ", where, ".")];
    lines.push(h("div", {}, state.again
      ? "This is a new enrollment: the code form below belongs to the old one, so run its cell again."
      : "Continue with the next cell."));
    view.say("good", ...lines);
    return countdown(state.seconds_left, () => {}, () => {
      view.badge("expired", "bad");
      view.say("bad", "This code has expired. Send a new one.");
    });
  };

  const kernel = connect(model, draw, () => view.say("wait", SILENT));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (send.disabled) return;
    const address = input.value.trim();
    asked = true;
    if (!check()) {
      if (!address) hint.textContent = "Type an email address first.";
      input.focus();
      return;
    }
    send.disabled = true;
    focus.expect();
    kernel.send("submit", { value: address });
  });
  input.addEventListener("input", () => {
    if (view.status.classList.contains("dk-bad")) {
      view.badge("asking");
      view.say("");
    }
    check();
  });
  submitOnEnter(input);
  again.addEventListener("click", () => { again.disabled = true; focus.expect(); kernel.send("again"); });
  other.addEventListener("click", () => { other.disabled = true; input.value = ""; focus.expect(); kernel.send("other"); });
  check();
  return () => { stop(); kernel.close(); };
}

export default { render };
