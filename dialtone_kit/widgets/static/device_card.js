import { card, clock, connect, countdown, explained, follower, h, sayProblem, SILENT, timer } from "./base.js";

// What each answer to a poll looks like: a sign, so that nothing depends on colour, and its words.
const SAID = {
  authorization_pending: ["○", "not yet"],
  slow_down: ["◐", "slow down"],
  approved: ["✓", "a token"],
  access_denied: ["✗", "no"],
  expired_token: ["✗", "too late"],
  "no response": ["?", "no response"],
};

function dot([after, said, interval]) {
  const [sign, words] = SAID[said] ?? ["·", said];
  const over = ["approved", "access_denied", "expired_token"].includes(said);
  const tone = said === "approved" ? "good" : said === "authorization_pending" ? "" : "bad";
  return h("li", { class: `dk-poll dk-${tone}`, title: said },
    h("span", { class: "dk-poll-sign", "aria-hidden": "true" }, sign),
    h("span", { class: "dk-poll-words" }, words),
    h("span", { class: "dk-poll-time" }, `${Math.round(after)} s`),
    over ? null : h("span", { class: "dk-poll-pace" }, `then wait ${interval} s`));
}

function render({ model, el }) {
  const view = card(el, "device", "A device without a browser");
  const code = h("strong", { class: "dk-usercode" });
  const page = h("a", { class: "dk-button", target: "_blank", rel: "noopener noreferrer" }, "Open the page");
  const left = timer();
  const next = timer();
  const screen = h("div", { class: "dk-screen" },
    h("div", {}, "To connect this agent, open the page and enter"), code,
    h("div", { class: "dk-note" }, "good for ", left));
  const asking = h("p", { class: "dk-note" }, "The agent asks the service again in ", next, ".");
  const impatient = h("button", { type: "button", class: "dk-link" }, "Ask now, without waiting");
  const polls = h("ol", { class: "dk-polls", "aria-label": "What the agent asked, and the answers" });
  const row = h("div", { class: "dk-row" }, page, impatient);
  view.body.append(screen, row, asking, polls);

  const focus = follower(view);
  let stop = () => {};
  let waiting = false;

  const draw = (state) => {
    const open = state.phase === "waiting";
    waiting = false;
    stop();
    code.textContent = state.user_code;
    for (const part of [screen, row, asking]) part.hidden = !open;
    impatient.disabled = state.busy;
    page.hidden = !/^(https?:\/\/|\/)/.test(state.page);
    if (!page.hidden) page.href = state.page;
    polls.replaceChildren(...state.polls.map(dot));
    polls.hidden = !state.polls.length;
    stop = open ? ticking(state) : () => {};
    speak(state, open);
    view.come(state, page);
    focus.arrived(state.busy, open ? impatient : view.status);
  };

  const ticking = (state) => {
    const stopLeft = countdown(state.seconds_left, (seconds) => { left.textContent = clock(seconds); }, ask);
    const stopNext = countdown(state.next_in, (seconds) => { next.textContent = clock(seconds); }, ask);
    return () => { stopLeft(); stopNext(); };
  };

  const speak = (state, open) => {
    if (state.phase === "approved") {
      view.badge("approved", "good");
      view.say("good", h("div", {}, "The agent has its token. Its subject is ", h("code", {}, state.subject), "."));
    } else if (!open) {
      view.badge(state.phase, "bad");
      view.say("bad", ...explained(state.end));
    } else if (state.problem.text) {
      view.badge("waiting", "wait");
      sayProblem(view, state.problem);
    } else {
      view.badge("waiting", "");
      const last = state.polls.at(-1)?.[1];
      view.say("", last === "slow_down" ? `slow_down: from now on the agent waits ${state.interval} s.` : "");
    }
  };

  function ask() { // even if nobody sees the card: an agent polls in the background
    if (waiting) return;
    waiting = true;
    kernel.look();
  }

  const kernel = connect(model, draw, () => view.say("wait", SILENT));
  impatient.addEventListener("click", () => {
    focus.expect();
    kernel.send("ask");
  });
  return () => {
    stop();
    kernel.close();
  };
}

export default { render };
