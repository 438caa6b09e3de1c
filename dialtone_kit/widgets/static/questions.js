import { card, connect, entry, h, prose, SILENT, uid } from "./base.js";

function render({ model, el }) {
  const view = card(el, "questions", "", { goesOn: true });
  let kernel = null;
  let built = "";
  let sheet = null;

  const draw = (state) => {
    const quiz = state.form === "quiz";
    view.heading.textContent = quiz ? state.title : "What do you think?";
    const answered = state.items.some((item) => item.chosen !== null);
    const key = JSON.stringify([state.items.map((item) => item.id), answered]);
    if (key !== built) { // else what was ticked so far stays
      const focused = sheet?.sent() && answered; // the button pressed is gone: to the first answer
      built = key;
      sheet = build(view, state, answered, kernel);
      if (focused) sheet.focus();
    }
    sheet.busy(state.busy);
    if (state.problem.text) {
      view.badge("open", "wait");
      view.say("bad", state.problem.text);
    } else if (!answered) {
      view.badge(quiz ? state.items.length === 1 ? "1 question" : `${state.items.length} questions` : "predict");
      view.say("");
    } else drawOutcome(view, state, quiz);
  };
  kernel = connect(model, draw, () => view.say("wait", SILENT));
  return () => kernel.close();
}

function drawOutcome(view, state, quiz) {
  if (quiz && !state.tell) {
    view.badge("kept", "good");
    const kept = state.earlier
      ? "You answered these earlier, and your first answers count."
      : "Thank you. Your answers are recorded.";
    view.say("good", `${kept} ${state.then}`);
  } else if (quiz) {
    const all = state.right === state.items.length;
    view.badge(`${state.right} of ${state.items.length} right`, all ? "good" : "");
    view.say("", all ? "All correct." : "The reasons are under the answers.");
  } else {
    const [item] = state.items;
    const right = item.chosen === item.right;
    view.badge(right ? "✓ right" : "✗ not quite", right ? "good" : "bad");
    const earlier = state.earlier ? " You answered this earlier." : "";
    const sure = item.confidence === "sure" ? "sure" : "unsure";
    view.say("", `${right ? "Right, and" : "Not quite, and"} you were ${sure}.${right ? "" : " The reasons are above."}${earlier}`);
  }
}

// The sheet: a field set per question, then how sure the learner is, then the button. A prediction asks that
// with two buttons, a quiz at each question.
function build(view, state, answered, kernel) {
  const quiz = state.form === "quiz";
  const groups = state.items.map((item, n) => question(item, state.items.length > 1 ? n + 1 : 0, state.ask_sure));
  const sure = h("button", { type: "submit", class: "dk-button", value: "sure" }, "I am sure");
  const unsure = h("button", { type: "submit", class: "dk-button dk-quiet", value: "unsure" }, "I am not sure");
  const hand = h("button", { type: "submit", class: "dk-button" }, "Hand in");
  const again = h("button", { type: "button", class: "dk-link" }, "Answer again");
  const buttons = answered ? [again] : quiz ? [hand] : [sure, unsure];
  const form = h("form", { class: "dk-form", novalidate: true }, ...groups.map((group) => group.node),
    h("div", { class: "dk-row" }, ...buttons));
  let sent = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const open = groups.findIndex((group) => group.missing());
    if (open >= 0) {
      const what = groups[open].missing();
      view.say("bad", groups.length > 1 ? `Question ${open + 1}: ${what}.` : "Choose an answer first.");
      groups[open].remind(`${what[0].toUpperCase()}${what.slice(1)}.`);
      groups[open].focus();
      return;
    }
    sent = true;
    const choices = groups.map((group) => group.chosen());
    kernel.send("answer", quiz ? { choices, sure: groups.map((group) => group.sure()) }
      : { choices, confidence: event.submitter?.value });
  });
  form.addEventListener("keydown", (event) => { // or Enter on a choice would press the first button: sure
    if (quiz || event.target.type !== "radio" || event.key !== "Enter") return;
    event.preventDefault();
    sure.focus();
  });
  again.addEventListener("click", () => { sent = true; kernel.send("again"); });
  view.body.replaceChildren(form);
  return {
    busy: (yes) => buttons.forEach((button) => { button.disabled = yes; }),
    sent: () => sent,
    focus: () => groups[0].focus(),
  };
}

function question(item, number, askSure) {
  const name = uid("choice");
  const done = item.chosen !== null;
  const radios = item.choices.map((_, n) => h("input", {
    type: "radio", name, value: n, id: `${name}-${n}`, checked: item.chosen === n, disabled: done,
    "aria-describedby": shows(item, n) ? `${name}-why-${n}` : null,
  }));
  const rows = item.choices.flatMap((text, n) => [
    h("label", { class: `dk-choice${mark(item, n)}`, for: `${name}-${n}` },
      radios[n], h("span", {}, ...prose(text), ...verdict(item, n))),
    ...reason(item, n, `${name}-why-${n}`),
  ]);
  const sure = askSure ? howSure(item, radios) : null;
  const lacking = h("p", { class: "dk-lacking", hidden: true, "aria-hidden": "true" }); // the status line says it aloud
  const node = h(
    "fieldset", { class: "dk-question" },
    h("legend", { tabindex: -1 }, ...(number ? [`${number}. `] : []), ...prose(item.question)), ...rows,
    sure?.node, lacking,
  );
  node.addEventListener("change", () => { lacking.hidden = true; });
  const chosen = () => { const n = radios.findIndex((radio) => radio.checked); return n < 0 ? null : n; };
  const isSure = () => sure?.value() ?? null;
  return {
    node, chosen, sure: isSure,
    remind: (text) => { lacking.textContent = text; lacking.hidden = false; },
    missing: () => {
      if (chosen() === null) return "choose an answer";
      return sure && chosen() !== item.open && !isSure() ? "say whether you are sure" : "";
    },
    focus: () => (done ? node.querySelector("legend") : chosen() === null ? radios[0] : sure.first).focus(),
  };
}

// Sure or unsure, for one question. Not asked of someone who doesn't know yet.
function howSure(item, radios) {
  const name = uid("sure");
  const done = item.chosen !== null;
  const inputs = ["sure", "unsure"].map((value) => h("input", {
    type: "radio", name, value, checked: item.confidence === value, disabled: done,
  }));
  const node = h("div", { class: "dk-sure", role: "radiogroup", "aria-label": "How sure are you?" },
    h("span", { "aria-hidden": "true" }, "You are"),
    ...inputs.map((input) => h("label", {}, input, input.value)));
  const follow = () => { node.hidden = radios.some((radio, n) => radio.checked && n === item.open); };
  radios.forEach((radio) => radio.addEventListener("change", follow));
  follow();
  return { node, first: inputs[0], value: () => inputs.find((input) => input.checked)?.value ?? null };
}

const isMarked = (item) => item.right !== undefined;
const shows = (item, n) => isMarked(item) && item.whys[n] && (n === item.chosen || n === item.right);

function mark(item, n) {
  if (!isMarked(item)) return "";
  return n === item.right ? " dk-good" : n === item.chosen && n !== item.open ? " dk-bad" : "";
}

// In words and by a sign too: some readers can't go by colour alone.
function verdict(item, n) {
  if (!isMarked(item) || (n !== item.chosen && n !== item.right)) return [];
  const own = n === item.chosen;
  const words = n === item.right ? `✓ ${own ? "your answer, right" : "right"}`
    : n === item.open ? "your answer" : "✗ your answer, not quite";
  return [h("span", { class: "dk-verdict" }, words)];
}

// Each reason is under its choice: open for the picked and the right one, folded for the others.
function reason(item, n, id) {
  if (!isMarked(item) || !item.whys[n]) return [];
  const text = h("p", { id, class: `dk-why${mark(item, n)}` }, ...prose(item.whys[n]));
  const code = n === item.chosen && item.code ? [entry(item.code)] : [];
  if (shows(item, n)) return [text, ...code];
  return [h("details", { class: "dk-other" }, h("summary", {}, "Why not?"), text)];
}

export default { render };
