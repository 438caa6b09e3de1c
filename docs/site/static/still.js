// Draws the kit's own widgets on a page without a kernel. Each gets the state that it had when the lesson was
// run for this page. Questions can be answered here: their key came along, and nothing is recorded.

const RECORDING = "This page is a recording: there is no kernel. Open the lesson to use this.";

// The state after the answer in `message`, as Prediction and Quiz in widgets/questions.py would send it.
function marked(state, key, { choices, confidence = null, sure = [] }) {
  const items = state.items.map((item, n) => ({
    ...item,
    chosen: choices[n],
    confidence: confidence ?? sure[n] ?? null,
    right: key[n].right,
    whys: key[n].whys,
    code: key[n].codes[choices[n]],
  }));
  return { ...state, items, confidence, right: items.filter((item) => item.chosen === item.right).length };
}

// What stands in for anywidget's model.
class Still {
  constructor({ state, key }, moved) {
    Object.assign(this, { first: state, state, key, moved });
  }

  on(_, listener) { this.listener = listener; }

  off() { this.listener = () => {}; }

  send(message) {
    if (message.kind === "look") return;
    this.state = this.after(message);
    queueMicrotask(() => this.listener({ ...this.state }));
    if (this.key.length) this.moved(this.state);
  }

  after(message) {
    if (message.kind === "ready") return this.state;
    if (message.kind === "again" && this.key.length) return this.first;
    if (message.kind === "answer" && this.key.length) return marked(this.first, this.key, message);
    return { ...this.state, problem: { text: RECORDING } };
  }
}

// An answered prediction opens what is folded below it.
function unfold({ items }) {
  for (const { id, chosen } of items) {
    const fold = document.querySelector(`details[data-for="${id}"]`);
    if (fold) fold.open = chosen !== null;
  }
}

async function draw(place) {
  const still = JSON.parse(place.querySelector("script").textContent);
  const { default: widget } = await import(`./kit/${still.script}`);
  place.replaceChildren();
  widget.render({ model: new Still(still, unfold), el: place });
}

document.querySelectorAll(".still").forEach(draw);
