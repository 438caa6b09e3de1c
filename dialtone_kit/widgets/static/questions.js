import { card, connect, entry, h, prose, SILENT, uid } from "./base.js";

function render({ model, el }) {
  const view = card(el, "questions", "");
  let kernel = null;
  let built = "";
  let sheet = null;

  const draw = (state) => {
    const quiz = state.form === "quiz";
    view.heading.textContent = quiz ? state.title : "What do you think?";
    const answered = state.items.some((item) => item.chosen !== null);
    const key = JSON.stringify([state.items.map((item) => item.id), answered]);
    if (key !== built) { // else what was ticked so far stays
      built = key;
      sheet = build(view, state, answered, kernel);
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
    view.say("good", "Thank you. Your answers are recorded; the lessons give the right ones.");
  } else if (quiz) {
    const all = state.right === state.items.length;
    view.badge(`${state.right} of ${state.items.length} right`, all ? "good" : "");
    view.say("", all ? "All right." : "The reasons are at each question.");
  } else {
    const [item] = state.items;
    const right = item.chosen === item.right;
    view.badge(right ? "right" : "not so", right ? "good" : "bad");
    const earlier = state.earlier ? " You answered this earlier." : "";
    view.say("", `You were ${state.confidence === "sure" ? "sure" : "unsure"}.${earlier}`);
  }
}

// The sheet: a field set per question, then how sure one is (a prediction only), then the button.
function build(view, state, answered, kernel) {
  const quiz = state.form === "quiz";
  const groups = state.items.map((item, n) => question(item, quiz ? n + 1 : 0));
  const sure = h("button", { type: "submit", class: "dk-button", value: "sure" }, "I am sure");
  const unsure = h("button", { type: "submit", class: "dk-button dk-quiet", value: "unsure" }, "I am not sure");
  const hand = h("button", { type: "submit", class: "dk-button" }, "Hand in");
  const again = h("button", { type: "button", class: "dk-link" }, "Answer again");
  const buttons = answered ? [again] : quiz ? [hand] : [sure, unsure];
  const form = h("form", { class: "dk-form", novalidate: true }, ...groups.map((group) => group.node),
    h("div", { class: "dk-row" }, ...buttons));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const choices = groups.map((group) => group.chosen());
    const open = choices.indexOf(null);
    if (open >= 0) {
      view.say("bad", quiz ? `Question ${open + 1} is still open.` : "Choose an answer first.");
      groups[open].focus();
      return;
    }
    kernel.send("answer", { choices, confidence: event.submitter?.value });
  });
  again.addEventListener("click", () => kernel.send("again"));
  view.body.replaceChildren(form);
  return { busy: (yes) => buttons.forEach((button) => { button.disabled = yes; }) };
}

function question(item, number) {
  const name = uid("choice");
  const marked = item.right !== undefined;
  const radios = item.choices.map((_, n) => h("input", {
    type: "radio", name, value: n, id: `${name}-${n}`,
    checked: item.chosen === n, disabled: item.chosen !== null,
  }));
  const rows = item.choices.map((text, n) => h(
    "label", { class: `dk-choice${marked ? mark(item, n) : ""}`, for: `${name}-${n}` },
    radios[n], h("span", {}, ...prose(text), ...(marked ? verdict(item, n) : [])),
  ));
  const node = h(
    "fieldset", { class: "dk-question" },
    h("legend", {}, ...(number ? [`${number}. `] : []), ...prose(item.question)), ...rows,
  );
  if (marked) node.append(h("div", { class: "dk-why" }, ...reasons(item)));
  return {
    node,
    chosen: () => { const n = radios.findIndex((radio) => radio.checked); return n < 0 ? null : n; },
    focus: () => radios[0].focus(),
  };
}

const mark = (item, n) => (n === item.right ? " dk-good" : n === item.chosen ? " dk-bad" : "");

// In words, too: colour alone means nothing to some readers.
function verdict(item, n) {
  const words = [n === item.chosen ? "your answer" : "", n === item.right ? "right" : ""].filter(Boolean);
  return words.length ? [h("span", { class: "dk-verdict" }, words.join(", "))] : [];
}

function reasons(item) {
  const nodes = [h("p", {}, ...prose(item.why))];
  if (item.right_why) nodes.push(h("p", {}, ...prose(item.right_why)));
  if (item.code) nodes.push(entry(item.code));
  return nodes;
}

export default { render };
