// The list of the newest changes, one line each. What somebody points at or has
// scrolled to stays where it is while newer ones come in above.
import { icon, make, say, words } from "./dom.js";
import { count, plain, seconds, took, verbs } from "./format.js";
import { kept, total } from "./model.js";

export class Changes {
  constructor(choose) {
    this.choose = choose;
    this.list = document.getElementById("list");
    this.meta = document.getElementById("changes-meta");
    this.newer = document.getElementById("newer");
    this.lines = new Map(); // By the card's id.
    this.list.addEventListener("click", (e) => {
      const line = e.target.closest("[role=option]");
      if (line) choose(line.dataset.id);
    });
    this.list.addEventListener("keydown", (e) => this.move(e));
    this.list.addEventListener("scroll", () => this.tellNewer());
    this.newer.addEventListener("click", () => this.list.scrollTo({ top: 0 }));
  }

  draw(model, chosen, pinned) {
    if (model.fresh) {
      this.lines.clear();
      this.list.replaceChildren();
    }
    const held = this.list.scrollTop > 0 || this.list.matches(":hover") || (pinned && this.list.matches(":focus"));
    const known = this.list.firstElementChild;
    for (const id of model.changed) this.line(model.cards.get(id));
    this.order(model.newest);
    if (held && known?.isConnected) this.list.scrollTop += known.offsetTop - this.list.firstElementChild.offsetTop;
    this.mark(chosen);
    say(this.meta, summary(model.newest));
    this.tellNewer();
  }

  // line makes or redraws the line of a card that is still kept.
  line(card) {
    if (!card) return;
    let e = this.lines.get(card.id);
    if (!e) {
      e = make("li", "line");
      e.role = "option";
      e.id = `change-${card.order}`;
      e.dataset.id = card.id;
      this.lines.set(card.id, e);
      if (card.row && Date.now() - Date.parse(card.row.committed) < 3000) e.classList.add("new");
    }
    e.replaceChildren(...lineBody(card));
  }

  // order puts the lines where they belong, and drops those of forgotten cards.
  order(newest) {
    const wanted = new Set(newest.map((c) => c.id));
    for (const [id, e] of this.lines) {
      if (wanted.has(id)) continue;
      e.remove();
      this.lines.delete(id);
    }
    let next = this.list.firstElementChild;
    for (const card of newest) {
      const e = this.lines.get(card.id);
      if (e === next) next = next.nextElementSibling;
      else this.list.insertBefore(e, next);
    }
  }

  mark(chosen) {
    const e = this.lines.get(chosen);
    if (this.marked === e && e?.ariaSelected === "true") return;
    if (this.marked) this.marked.ariaSelected = "false";
    this.marked = e;
    if (e) e.ariaSelected = "true";
    if (e) this.list.setAttribute("aria-activedescendant", e.id);
    else this.list.removeAttribute("aria-activedescendant");
  }

  // move chooses with the arrow keys.
  move(e) {
    const steps = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" };
    const ends = { Home: "firstElementChild", End: "lastElementChild" };
    const to = steps[e.key] ? (this.marked?.[steps[e.key]] ?? this.marked ?? this.list.firstElementChild) : this.list[ends[e.key]];
    if (!to || e.ctrlKey || e.altKey || e.metaKey) return;
    e.preventDefault();
    this.choose(to.dataset.id);
    to.scrollIntoView({ block: "nearest" });
  }

  tellNewer() {
    const first = this.list.firstElementChild;
    const above = first ? Math.floor(this.list.scrollTop / first.offsetHeight) : 0;
    this.newer.hidden = above === 0;
    say(this.newer, `${count(above, "newer change")} above`);
  }
}

function lineBody(card) {
  const ms = total(card);
  const effects = make("span", "effects");
  for (const kind of ["mail", "history"]) {
    const n = card.effects.filter((f) => f.kind === kind).length;
    if (n > 0) effects.append(make("span", "", icon(kind), make("span", "", String(n)), make("span", "unseen", kind)));
  }
  return [
    make("time", "at", card.row ? seconds(card.row.committed) : ""),
    make("span", "what", card.row ? `${verbs[card.row.op] ?? card.row.op} ${card.row.table.replace(/^shop\./, "")}` : "row not seen"),
    make("span", "gist", ...gist(card)),
    make("span", "events", ...events(card)),
    effects,
    make("span", "ms", took(ms)),
  ];
}

function events(card) {
  if (card.events.length === 0) return [make("span", "none", card.no_event ? "no event" : "no event yet")];
  const first = make("span", "chip", ...words(card.events[0].title));
  return card.events.length === 1 ? [first] : [first, make("span", "more", `+${card.events.length - 1}`)];
}

// technical are columns that change with every save and tell a person nothing.
const technical = new Set(["updated_at", "version", "created_at"]);

// gist says in a few words what became different.
function gist(card) {
  const row = card.row;
  if (!row) return [];
  const id = row.columns.find((c) => c.name === "id");
  const key = plain(id?.after ?? id?.before ?? row.key);
  const changed = row.columns.filter((c) => c.changed);
  const telling = changed.filter((c) => !technical.has(c.name));
  const c = (telling.length > 0 ? telling : changed)[0];
  if (row.op === "u" && c) {
    return [`#${key} `, make("b", "", c.name), ` ${plain(c.before)} `, make("span", "to", "→"), ` ${plain(c.after)}`,
      telling.length > 1 ? ` and ${count(telling.length - 1, "more", "more")}` : ""];
  }
  const name = row.columns.find((x) => x.name === "name") ?? row.columns.find((x) => x.name === "address");
  const value = plain(name?.after ?? name?.before ?? null);
  return [`#${key}`, value === "–" ? "" : ` ${value}`];
}

function summary(newest) {
  if (newest.length === 0) return "";
  const all = newest[0].order;
  const times = newest.slice(0, 50).filter((c) => c.effects.length > 0).map(total).filter((ms) => ms !== null).sort((a, b) => a - b);
  const pace = times.length > 0 ? `median ${took(times[times.length >> 1])} from commit to effect` : "";
  return [all > kept ? `newest ${kept} of ${count(all, "change")}` : count(all, "change"), pace].filter(Boolean).join(" · ");
}
