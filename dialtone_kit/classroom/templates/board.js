// Asks for the parts of the board every two seconds, and replaces those that changed.
"use strict";

const OFTEN = 2000; // milliseconds
const KEY = "dialtone-board";
const shown = new Map();
const token = take();
let version = "";
let paused = false;

// The token comes in the link, behind the #, which is never sent. It leaves the address bar at
// once: a projector shows that. A reload finds it in this tab's own storage.
function take() {
  const given = location.hash.slice(1);
  if (given) {
    history.replaceState(null, "", location.pathname);
    sessionStorage.setItem(KEY, given);
  }
  return given || sessionStorage.getItem(KEY) || "";
}

function say(line) {
  const place = document.getElementById("trouble");
  if (place.textContent !== line) place.textContent = line;
}

function show(board) {
  for (const [name, html] of Object.entries(board.parts)) {
    if (shown.get(name) !== html) document.getElementById(name).innerHTML = html;
    shown.set(name, html);
  }
  version = board.version;
}

async function look() {
  const headers = { "Board-Token": token };
  const signal = AbortSignal.timeout(10000);
  const answer = await fetch(`parts?seen=${version}`, { headers, signal, cache: "no-store" });
  if (!answer.ok) {
    say((await answer.text()).slice(0, 400));
    return;
  }
  if (answer.status === 200) show(await answer.json());
  document.getElementById("updated").textContent = new Date().toTimeString().slice(0, 8);
  say("");
}

async function keepLooking() {
  if (!paused) {
    try {
      await look();
    } catch {
      say("The board's program has ended. Start dialtone class board again, and open its new link.");
    }
  }
  setTimeout(keepLooking, OFTEN);
}

document.getElementById("pause").addEventListener("click", (event) => {
  paused = !paused;
  event.target.textContent = paused ? "Go on" : "Pause";
});

keepLooking();
