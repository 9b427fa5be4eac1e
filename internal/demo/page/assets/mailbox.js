// The mailbox: one line a mail, unfolded to its text.
import { make, say } from "./dom.js";
import { count, seconds } from "./format.js";
import { kept } from "./model.js";

export class Mailbox {
  constructor() {
    this.list = document.getElementById("mails");
    this.meta = document.getElementById("mail-meta");
    this.drawn = new Map();
  }

  draw(model, card) {
    if (model.fresh) {
      this.drawn.clear();
      this.list.replaceChildren();
    }
    const top = this.list.firstElementChild;
    const held = this.list.scrollTop > 0 || this.list.matches(":hover");
    for (const id of [...model.mails.keys()].sort((a, b) => a - b)) {
      if (this.drawn.has(id)) continue;
      const e = mail(model.mails.get(id));
      this.drawn.set(id, e);
      this.list.prepend(e);
    }
    for (const [id, e] of this.drawn) {
      if (model.mails.has(id)) continue;
      e.remove();
      this.drawn.delete(id);
    }
    if (held && top?.isConnected) this.list.scrollTop += top.offsetTop - this.list.firstElementChild.offsetTop;
    const events = new Set(card?.events.map((e) => e.id));
    for (const e of this.drawn.values()) e.classList.toggle("of", e.dataset.event !== "" && events.has(e.dataset.event));
    say(this.meta, model.mails.size === 0 ? "" : model.mails.size < kept ? count(model.mails.size, "mail") : `the newest ${count(kept, "mail")}`);
  }
}

function mail(data) {
  const head = make("summary", "",
    make("span", "subject", data.subject), make("time", "ms", seconds(data.at)),
    make("span", "sub", `to ${data.to.join(", ")}`));
  const e = make("details", "mail", head, make("p", "body", data.body.trim()));
  e.name = "mail"; // One is open at a time, so that the list keeps its length.
  e.dataset.event = data.event;
  e.title = data.message_id;
  return e;
}
