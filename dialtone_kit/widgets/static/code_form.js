import { card, clock, connect, countdown, h, sayProblem, SILENT, submitOnEnter, timer, uid } from "./base.js";

const HINT = "Eight characters, such as ABCD-2345. Case, spaces and dashes don't matter, nor words around it.";

const ENDS = {
  locked: ["locked", "Five wrong codes locked this enrollment. Send a new code with the e-mail form."],
  expired: ["expired", "The hour for this code is over. Send a new code with the e-mail form."],
  "confirmed before": ["confirmed before",
    "This enrollment was already confirmed, and its secret is shown only once. Use the stored credentials."],
};

function render({ model, el }) {
  const view = card(el, "code", "The code from the mail");
  const hint = h("div", { class: "dk-hint", id: uid("hint") }, HINT);
  const input = h("input", {
    id: uid("code"), class: "dk-input dk-code-input", type: "text", autocomplete: "one-time-code",
    autocapitalize: "characters", spellcheck: "false", placeholder: "XXXX-XXXX", maxlength: "2000",
    "aria-describedby": hint.id,
  });
  const send = h("button", { type: "submit", class: "dk-button" }, "Confirm");
  const dots = h("span", { class: "dk-dots", "aria-hidden": "true" });
  const tries = h("span", {});
  const left = timer();
  const facts = h(
    "div", { class: "dk-facts" },
    h("span", {}, dots, tries), h("span", {}, "valid for ", left),
  );
  const where = h("p", { class: "dk-note" });
  const approved = h("button", { type: "button", class: "dk-link" }, "I approved it on the page");
  const page = h("a", { class: "dk-link", target: "_blank", rel: "noopener noreferrer" }, "Open the approve page");
  const byPage = h("div", { class: "dk-row dk-after" }, h("span", {}, "Or without typing:"), page, approved);
  const form = h(
    "form", { novalidate: true, class: "dk-form" },
    h("label", { for: input.id, class: "dk-label" }, "Verification code"),
    h("div", { class: "dk-row" }, input, send),
    hint, facts,
  );
  view.body.append(where, form, byPage);

  let stop = () => {};
  const drawFacts = (state) => {
    dots.textContent = "●".repeat(state.tries_left) + "○".repeat(Math.max(0, state.tries - state.tries_left));
    tries.textContent = state.tries_left === 1 ? "1 try left" : `${state.tries_left} tries left`;
    facts.classList.toggle("dk-few", state.tries_left <= 1);
    where.replaceChildren(...whereToLook(state));
    where.hidden = !where.childNodes.length;
    page.hidden = !state.approval_url;
    if (/^(https?:\/\/|\/)/.test(state.approval_url)) page.href = state.approval_url;
    byPage.hidden = !state.can_approve;
  };

  const draw = (state) => {
    stop();
    stop = () => {};
    const asking = state.phase === "asking";
    for (const part of [form, where, byPage]) part.hidden = !asking;
    for (const control of [input, send, approved]) control.disabled = state.busy;
    send.textContent = state.busy ? "Checking…" : "Confirm";
    if (asking) {
      drawFacts(state);
      const stopClock = countdown(state.seconds_left, (seconds) => { left.textContent = clock(seconds); },
        () => drawEnd("expired"));
      const stopWait = drawAsking(state);
      stop = () => { stopClock(); stopWait(); };
    } else if (state.phase === "confirmed") {
      view.badge("confirmed", "good");
      view.say("good", h("div", {}, "Registered as ", h("code", {}, state.client_id), "."),
        h("div", {}, "The secret is stored on disk for you alone and is not shown. Go on with the next cell."));
    } else drawEnd(state.phase);
  };

  const drawAsking = (state) => {
    if (state.busy) {
      view.badge("checking", "wait");
      view.say("", "Asking the service…");
    } else if (state.problem.text) {
      view.badge("refused", "bad");
      input.focus();
      return sayProblem(view, state.problem);
    } else {
      view.badge("asking");
      view.say("");
    }
    return () => {};
  };

  const drawEnd = (phase) => {
    const [name, text] = ENDS[phase] ?? [phase, ""];
    for (const part of [form, where, byPage]) part.hidden = true;
    view.badge(name, "bad");
    view.say("bad", text);
  };

  const kernel = connect(model, draw, () => view.say("wait", SILENT));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (send.disabled) return;
    const value = input.value;
    hint.textContent = value.trim() ? HINT : "Type the code from the mail first.";
    if (!value.trim()) return void input.focus();
    input.value = ""; // it goes to the kernel as a message and is kept nowhere
    send.disabled = true;
    kernel.send("submit", { value }); // which part of it is the code, Python decides
  });
  submitOnEnter(input);
  approved.addEventListener("click", () => { approved.disabled = true; kernel.send("approved"); });
  return () => { stop(); kernel.close(); };
}

function whereToLook(state) {
  const to = state.email ? ["The code went to ", h("strong", {}, state.email), ". "] : [];
  return state.inbox ? [...to, `Read it in ${state.inbox}.`] : to;
}

export default { render };
