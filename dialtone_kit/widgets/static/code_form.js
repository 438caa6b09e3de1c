import { card, clock, connect, countdown, follower, h, sayProblem, SILENT, submitOnEnter, timer, uid } from "./base.js";
import { codesIn } from "./typed_code.js";

const HINT = "Type the eight characters, such as ABCD-2345, or paste the line of the email that has them.";
const EVERY = 5000; // milliseconds between status checks; the service counts tries and time

// What the field holds, shown while the person types or pastes: what Enter would send.
function reading(text) {
  const codes = codesIn(text);
  if (codes.length === 1) return ["dk-ok", `Code found: ${codes[0]}`];
  if (codes.length) return ["dk-bad", "That's more than one code: leave only one."];
  return text.trim().length > 12 ? ["dk-bad", "No code found: a code has eight characters, none of them 0, O, 1 or I."] : ["", HINT];
}

function render({ model, el }) {
  const view = card(el, "code", "The code from the email");
  const hint = h("div", { class: "dk-hint", id: uid("hint"), "aria-live": "polite" }, HINT);
  const facts = h("div", { class: "dk-facts", id: uid("facts") });
  const input = h("input", {
    id: uid("code"), class: "dk-input dk-code-input", type: "text", autocomplete: "one-time-code",
    autocapitalize: "characters", spellcheck: "false", placeholder: "XXXX-XXXX", maxlength: "2000",
    "aria-describedby": `${hint.id} ${facts.id} ${view.status.id}`,
  });
  const send = h("button", { type: "submit", class: "dk-button" }, "Confirm");
  const dots = h("span", { class: "dk-dots", "aria-hidden": "true" });
  const tries = h("span", { "aria-live": "polite" });
  const left = timer();
  const count = h("span", {}, dots, tries);
  facts.append(count, h("span", {}, "valid for ", left));
  const where = h("p", { class: "dk-note" });
  const approved = h("button", { type: "button", class: "dk-link" });
  const page = h("a", { class: "dk-link", target: "_blank", rel: "noopener noreferrer" }, "Open the sponsor's page");
  const lead = h("span", {});
  const byPage = h("div", { class: "dk-row dk-after" }, lead, page, approved);
  const form = h(
    "form", { novalidate: true, class: "dk-form" },
    h("label", { for: input.id, class: "dk-label" }, "Verification code"),
    h("div", { class: "dk-row" }, input, send),
    hint,
  );
  view.body.append(where, form, facts, byPage);

  const focus = follower(view);
  let stop = () => {};
  let asking = false;
  let waiting = false; // for the answer to a status check
  let pending = false; // something was sent and has no answer yet
  let typing = false; // the last refusal has been read, and the next code is being typed
  let firstLook = true;

  const read = () => {
    const [tone, text] = reading(input.value);
    hint.className = `dk-hint ${tone}`;
    if (hint.textContent !== text) hint.textContent = text;
    input.setAttribute("aria-invalid", String(tone === "dk-bad" || view.status.classList.contains("dk-bad")));
    input.classList.toggle("dk-as-typed", input.value.trim().length > 12);
  };

  const drawFacts = (state) => {
    count.hidden = state.tries_left === null; // until the service says how many
    dots.textContent = "●".repeat(state.tries_left ?? 0) + "○".repeat(Math.max(0, state.tries - state.tries_left));
    const text = state.tries_left === 1 ? "1 try left" : `${state.tries_left} tries left`;
    if (tries.textContent !== text) tries.textContent = text;
    facts.classList.toggle("dk-few", state.tries_left === 1);
  };

  const drawWays = (state) => {
    where.replaceChildren(...whereToLook(state));
    where.hidden = state.approved || !where.childNodes.length;
    form.hidden = state.approved;
    count.hidden ||= state.approved;
    lead.textContent = state.approved ? "The sponsor approved on the page, so no code is needed." : "Or without typing:";
    approved.textContent = state.approved ? "Get the credentials" : "I approved it on the page";
    approved.className = state.approved ? "dk-button" : "dk-link";
    page.hidden = state.approved || !state.approval_url;
    if (/^(https?:\/\/|\/)/.test(state.approval_url)) page.href = state.approval_url;
    byPage.hidden = !state.can_approve;
  };

  const drawAsking = (state) => {
    drawFacts(state);
    drawWays(state);
    const stopClock = countdown(state.seconds_left, (seconds) => { left.textContent = clock(seconds); }, look);
    let stopWait = () => {};
    if (state.busy) {
      view.badge("checking", "wait");
      view.say("", "Asking the service…");
    } else if (state.problem.text && !typing) {
      view.badge("refused", "bad");
      stopWait = sayProblem(view, state.problem);
    } else {
      view.badge(state.approved ? "approved" : "asking", state.approved ? "good" : "");
      view.say("");
    }
    stop = () => { stopClock(); stopWait(); };
  };

  const draw = (state) => {
    waiting = false;
    if (state.looked && pending) return; // the answer to what was just sent is still to come
    const had = form.contains(document.activeElement) || byPage.contains(document.activeElement);
    stop();
    stop = () => {};
    asking = state.phase === "asking";
    for (const part of [form, facts, where, byPage]) part.hidden = !asking;
    for (const control of [input, send, approved]) control.disabled = state.busy;
    send.textContent = state.busy ? "Checking…" : "Confirm";
    if (asking) drawAsking(state);
    else if (state.phase === "confirmed") {
      view.badge("confirmed", "good");
      view.say("good", h("div", {}, "Registered as ", h("code", {}, state.client_id), "."),
        h("div", {}, "The secret is stored on disk, readable only by you, and isn't shown. Continue with the next cell."));
    } else {
      view.badge(state.phase, "bad");
      view.say("bad", state.end);
    }
    finish(state, had);
  };

  // Typed text is cleared once it has been judged; the focus moves to what there is to read or fix.
  const finish = (state, had) => {
    if (pending && !state.busy && !(asking && state.problem.keep)) input.value = "";
    pending &&= state.busy;
    read();
    view.come(state, input);
    if (had && !asking) focus.expect();
    focus.arrived(state.busy, asking ? (state.approved ? approved : input) : view.status);
    if (!asking || !firstLook) return;
    firstLook = false;
    look();
  };

  function look() {
    if (!asking || waiting || document.hidden) return;
    waiting = true;
    kernel.look();
  }

  const kernel = connect(model, draw, () => view.say("wait", SILENT));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (send.disabled) return;
    if (!input.value.trim()) {
      hint.textContent = "Type the code from the email first.";
      return void input.focus();
    }
    pending = send.disabled = true;
    typing = false;
    focus.expect();
    kernel.send("submit", { value: input.value }); // Python decides which part of it is the code
  });
  input.addEventListener("input", () => {
    if (!typing && view.status.classList.contains("dk-bad")) {
      view.badge("asking");
      view.say("");
    }
    typing = true;
    read();
  });
  submitOnEnter(input);
  approved.addEventListener("click", () => {
    pending = approved.disabled = true;
    focus.expect();
    kernel.send("approved");
  });
  const looking = setInterval(look, EVERY);
  const back = () => look(); // from the sponsor's page, perhaps
  window.addEventListener("focus", back);
  document.addEventListener("visibilitychange", back);
  return () => {
    stop();
    clearInterval(looking);
    window.removeEventListener("focus", back);
    document.removeEventListener("visibilitychange", back);
    kernel.close();
  };
}

function whereToLook(state) {
  const to = state.email ? ["The code went to ", h("strong", {}, state.email), ". "] : [];
  return state.inbox ? [...to, `Read it in ${state.inbox}.`] : to;
}

export default { render };
