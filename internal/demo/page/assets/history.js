// The history of the customer whose change is shown, as a consumer keeps it: what
// the feed tells, and what is older than the feed.
import { make, say } from "./dom.js";
import { count, seconds } from "./format.js";
import { customer } from "./model.js";

const shown = 100; // Rows at most.

export class History {
  constructor() {
    this.place = document.getElementById("story");
    this.title = document.getElementById("history-title");
    this.meta = document.getElementById("history-meta");
    this.id = "";
    this.older = [];
  }

  draw(model, card) {
    this.facts = model.facts;
    const id = card ? customer(card) : "";
    if (id !== this.id) {
      this.id = id;
      this.older = [];
      say(this.title, id === "" ? "History" : `History of customer ${id}`);
      if (id !== "") this.ask(id);
    }
    this.show();
  }

  // ask gets all of a customer's rows. What it gets when another customer is shown
  // already is dropped.
  async ask(id) {
    const r = await fetch(`/api/history?customer=${encodeURIComponent(id)}`).catch(() => null);
    const answer = r?.ok ? await r.json().catch(() => null) : null;
    if (!answer || id !== this.id) return;
    this.older = answer.history;
    this.show();
  }

  show() {
    const mine = [...this.older, ...[...this.facts.values()].filter((f) => f.customer === this.id)];
    const rows = [...new Map(mine.map((f) => [f.id, f])).values()].sort((a, b) => b.number - a.number);
    const state = `${this.id} ${rows.length} ${rows[0]?.id}`;
    if (state === this.state) return;
    this.state = state;
    say(this.meta, rows.length === 0 ? "" : rows.length > shown ? `newest ${shown} of ${count(rows.length, "line")}` : count(rows.length, "line"));
    this.place.replaceChildren(...(rows.length > 0 ? [table(rows.slice(0, shown))] : []));
  }
}

function table(rows) {
  const head = make("thead", "", make("tr", "", ...["when", "what", "from", "to", "by"].map((h) => make("th", "", h))));
  const body = make("tbody");
  for (const r of rows) {
    const at = make("td", "at", seconds(r.at));
    at.title = r.at;
    const by = make("td", "by", r.actor || "not said");
    by.title = r.request ? `request ${r.request}` : "";
    body.append(make("tr", "", at, make("td", "what", r.field.replaceAll("_", " ")), value(r.old), value(r.new), by));
  }
  return make("table", "", head, body);
}

function value(v) {
  const e = make("td", v === null ? "null" : "", v ?? "–");
  e.title = v ?? "";
  return e;
}
