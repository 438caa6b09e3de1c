import { card, connect, h, SILENT, uid } from "./base.js";

const when = (sent) => {
  const moment = new Date(sent);
  return Number.isNaN(moment.getTime()) ? String(sent) : moment.toLocaleTimeString();
};

// Copy the text of `node`; where the browser forbids it, select it for the person's own Ctrl+C.
async function copied(node) {
  try {
    await navigator.clipboard.writeText(node.textContent);
    return "Copied: paste it into the form.";
  } catch {
    getSelection().selectAllChildren(node);
    return document.execCommand("copy") ? "Copied: paste it into the form." : "Selected: press Ctrl+C, or Cmd+C on a Mac.";
  }
}

function render({ model, el }) {
  const view = card(el, "inbox", "Inbox of the local service");
  const refresh = h("button", { type: "button", class: "dk-button dk-quiet" }, "Refresh");
  const list = h("ul", { class: "dk-mails" });
  const empty = h("p", { class: "dk-note" });
  view.root.querySelector(".dk-head").append(refresh);
  view.body.append(empty, list);

  let polling = null;
  let shown = "";
  let asked = false;
  const draw = (state) => {
    refresh.disabled = state.busy;
    if (state.mails === null && !asked) { // the first look, as soon as a view is there
      asked = true;
      kernel.send("refresh");
      return;
    }
    if (state.problem.text) view.say("bad", state.problem.text);
    else view.say("");
    if (state.poll && polling === null) {
      polling = setInterval(() => { if (!document.hidden) kernel.send("refresh"); }, state.poll * 1000);
    }
    if (state.mails !== null) drawMails(state);
  };
  const drawMails = (state) => {
    empty.hidden = state.mails.length > 0;
    empty.textContent = state.email ? `No email for ${state.email} yet.` : "No email yet.";
    const key = JSON.stringify(state.mails);
    if (key === shown) return; // unchanged: what the reader opened or selected stays so
    shown = key;
    list.replaceChildren(...state.mails.map(row));
  };
  const row = (mail, n) => h(
    "li", {},
    h("details", { open: n === 0 },
      h("summary", {},
        h("span", { class: "dk-subject" }, mail.subject),
        h("span", { class: "dk-meta" }, `to ${mail.to}, ${when(mail.sent_at)}`)),
      ...body(mail)),
  );
  const body = (mail) => {
    const [before, ...after] = mail.code ? mail.text.split(mail.code) : [mail.text];
    const code = after.length ? h("strong", { class: "dk-mail-code", id: uid("code") }, mail.code) : null;
    const text = h("pre", { class: "dk-mail", tabindex: "0", role: "group", "aria-label": "Text of the email" }, before, code, after.join(mail.code ?? ""));
    if (!code) return [text];
    const copy = h("button", { type: "button", class: "dk-button dk-quiet", "aria-describedby": code.id }, "Copy the code");
    const done = h("span", { class: "dk-meta", role: "status", "aria-live": "polite" });
    copy.addEventListener("click", async () => { done.textContent = await copied(code); });
    return [h("div", { class: "dk-row dk-copy" }, copy, done), text];
  };

  const kernel = connect(model, draw, () => view.say("wait", SILENT));
  refresh.addEventListener("click", () => kernel.send("refresh"));
  return () => { clearInterval(polling); kernel.close(); };
}

export default { render };
