// The history of the customer whose change is shown, as a consumer keeps it.
import { make, say } from "./dom.js";
import { count, seconds } from "./format.js";
import { customer } from "./model.js";

export class History {
  constructor() {
    this.place = document.getElementById("story");
    this.title = document.getElementById("history-title");
    this.meta = document.getElementById("history-meta");
  }

  draw(model, card) {
    const id = card ? customer(card) : "";
    const rows = [...model.facts.values()].filter((f) => f.customer === id).sort((a, b) => b.id - a.id);
    const state = `${id} ${rows.length} ${rows[0]?.id}`;
    if (state === this.state) return;
    this.state = state;
    say(this.title, id === "" ? "History" : `History of customer ${id}`);
    say(this.meta, rows.length > 0 ? count(rows.length, "changed field") : "");
    this.place.replaceChildren(...(rows.length > 0 ? [table(rows)] : []));
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
    body.append(make("tr", "", at, make("td", "what", r.field), value(r.old), value(r.new), by));
  }
  return make("table", "", head, body);
}

function value(v) {
  const e = make("td", v === null ? "null" : "", v ?? "–");
  e.title = v ?? "";
  return e;
}
