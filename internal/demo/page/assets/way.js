// The way of one change: row change, rule, event, effects, each drawn when it
// happens, in the place that was kept for it.
import { icon, make, say, words } from "./dom.js";
import { clock, count, fields, isTime, key, plain, took, verbs } from "./format.js";
import { total } from "./model.js";

const justNow = 3000; // How long a change counts as happening now, in milliseconds.

export class Way {
  constructor() {
    this.path = document.getElementById("path");
    this.welcome = document.getElementById("welcome");
    this.meta = document.getElementById("way-meta");
    this.hovers = matchMedia("(hover: hover)");
    this.id = null;
  }

  // reading tells whether somebody is in the middle of it. Where nothing can be
  // pointed at without a tap, the last place of a tap says nothing.
  reading() {
    return (this.hovers.matches && this.path.matches(":hover")) || this.path.contains(document.activeElement);
  }

  // show draws a card, or brings up to date what is drawn of it already.
  show(card, model) {
    this.welcome.hidden = card !== undefined;
    this.path.hidden = card === undefined;
    if (!card) {
      this.id = null;
      say(this.meta, "");
      return;
    }
    if (card.id !== this.id) this.begin(card);
    this.facts(card);
    this.drawRow(card.row);
    this.drawLanes(card, model);
  }

  begin(card) {
    this.id = card.id;
    this.drawn = { row: "", lanes: new Map() };
    const live = !card.row || Date.now() - Date.parse(card.row.committed) < justNow;
    this.path.classList.toggle("live", live);
    this.lanes = make("ol", "lanes");
    this.row = step("row", "Row change");
    this.path.replaceChildren(this.row, this.lanes);
    this.path.scrollTop = 0;
  }

  facts(card) {
    const ms = total(card);
    const facts = [
      ms !== null && card.effects.length > 0 && `${took(ms)} in all`,
      card.row && `committed ${clock(card.row.committed)}`,
      card.row?.actor && `by ${card.row.actor}`,
      card.row?.request && `request ${card.row.request.slice(0, 8)}`,
    ];
    say(this.meta, facts.filter(Boolean).join(" · "));
    this.meta.title = [card.row?.gtid && `GTID ${card.row.gtid}`, card.row?.request && `request ${card.row.request}`].filter(Boolean).join(", ");
  }

  drawRow(row) {
    const drawn = JSON.stringify(row);
    if (drawn === this.drawn.row) return;
    this.drawn.row = drawn;
    const body = row ? rowBody(row) : [make("p", "hint", "Its row change is older than what this page has seen.")];
    this.row.replaceChildren(this.row.firstElementChild, ...body);
    this.row.classList.add("there");
  }

  drawLanes(card, model) {
    const lanes = card.events.length > 0 ? card.events : [null];
    const drawn = this.drawn.lanes;
    for (const [id, lane] of drawn) {
      if (!lanes.some((e) => (e?.id ?? "") === id)) {
        lane.element.remove();
        drawn.delete(id);
      }
    }
    for (const e of lanes) {
      const id = e?.id ?? "";
      if (!drawn.has(id)) {
        drawn.set(id, new Lane());
        this.lanes.append(drawn.get(id).element);
      }
      drawn.get(id).draw(card, e, model);
    }
  }
}

// Lane is what one event's way looks like, from its rule to its effects.
class Lane {
  constructor() {
    this.toRule = arrow();
    this.rule = step("rule", "Rule");
    this.toEvent = arrow();
    this.event = step("event", "Event");
    this.toEffects = arrow();
    this.effects = step("effect", "Effects");
    this.element = make("li", "lane", this.toRule, this.rule, this.toEvent, this.event, this.toEffects, this.effects);
    this.drawn = new Map();
  }

  draw(card, event, model) {
    if (card.no_event) return this.drawNone();
    const rowMS = card.row?.ms ?? null;
    time(this.toRule, rowMS, "from the commit to the row change on its topic");
    if (!event) {
      const why = model.reason((p) => p.name === "translator");
      this.put(this.rule, "wait", [make("p", "hint", why || "Looking for rules that match")]);
      this.put(this.event, "", []);
      this.put(this.effects, "", []);
      return;
    }
    if (this.put(this.rule, "rule", ruleBody(event))) this.rule.classList.add("there");
    if (this.put(this.event, event.id, eventBody(event))) this.event.classList.add("there");
    time(this.toEvent, since(event.ms, rowMS), "from there to the event on its topic");
    this.drawEffects(card.effects.filter((f) => f.id === event.id), event, model);
  }

  drawEffects(effects, event, model) {
    const last = Math.max(...effects.map((f) => f.ms ?? -1));
    time(this.toEffects, effects.length > 0 && last >= 0 ? since(last, event.ms) : null, "from there to the last effect");
    if (effects.length === 0) {
      const why = model.reason(reacts);
      this.put(this.effects, "none" + why, [make("p", "hint", why || "None so far")]);
      return;
    }
    if (this.put(this.effects, JSON.stringify(effects), effects.map(effectBody))) this.effects.classList.add("there");
  }

  drawNone() {
    this.put(this.rule, "none", [make("p", "hint", "No rule matched: for the business nothing happened.")]);
    this.put(this.event, "none", [make("p", "hint", "None")]);
    this.put(this.effects, "none", [make("p", "hint", "None")]);
  }

  // put fills a step where its content differs from what is drawn.
  put(e, state, children) {
    if (this.drawn.get(e) === state) return false;
    this.drawn.set(e, state);
    e.replaceChildren(e.firstElementChild, ...children);
    return true;
  }
}

// reacts tells whether a part has to do with effects: a consumer, or the server
// that takes its mails.
function reacts(part) {
  return part.kind === "stage" ? !["binlog", "translator"].includes(part.name) : part.name === "mail server";
}

function step(kind, title) {
  const e = make("div", "step", make("h3", "", title));
  e.dataset.step = kind;
  return e;
}

function arrow() {
  return make("div", "arrow", make("span", "ms"));
}

function time(e, ms, title) {
  say(e.firstElementChild, ms === null ? "" : took(ms));
  e.title = ms === null ? "" : `${took(ms)} ${title}`;
  e.classList.toggle("there", ms !== null);
}

function since(ms, before) {
  return ms === null || before === null ? null : Math.max(0, ms - before);
}

function rowBody(row) {
  const shown = row.op === "u" ? row.columns.filter((c) => c.changed) : row.columns;
  const rest = row.op === "u" ? row.columns.filter((c) => !c.changed) : [];
  const body = [
    make("p", "name", `${verbs[row.op] ?? row.op} ${row.table}`),
    make("p", "sub", `key ${key(row.key)}`),
  ];
  if (shown.length > 0) body.push(columns(shown, row));
  if (rest.length > 0) body.push(make("details", "", make("summary", "", count(rest.length, "unchanged column")), columns(rest, row)));
  return body;
}

function columns(list, row) {
  const both = row.op === "u";
  const head = make("tr", "", make("th", "", "column"));
  if (both || row.op === "d") head.append(make("th", "", "before"));
  if (row.op !== "d") head.append(make("th", "", "after"));
  const body = make("tbody");
  for (const c of list) {
    const name = make("th", "", c.name);
    name.scope = "row";
    const tr = make("tr", c.changed ? "changed" : "", name);
    if (both || row.op === "d") tr.append(cell("before", c.before, row));
    if (row.op !== "d") tr.append(cell("after", c.after, row));
    body.append(tr);
  }
  return make("table", "columns", make("thead", "", head), body);
}

function cell(kind, text, row) {
  const shown = plain(text, row.committed);
  const none = text === "null" || text === null;
  const e = make("td", kind, isTime(shown) ? make("span", "", ...moment(shown)) : make("span", none ? "null" : "clamp", shown));
  e.title = text ?? "";
  return e;
}

// moment lets a time wrap before its fraction only.
function moment(text) {
  const [whole, fraction] = text.split(/(?=\.)/);
  return fraction ? [whole, document.createElement("wbr"), fraction] : [whole];
}

function ruleBody(event) {
  const rule = event.rule;
  if (!rule) return [make("p", "hint", "A rule that is in the files no longer.")];
  const body = [make("p", "name", `${rule.file}:${rule.line}`)];
  body.push(make("p", "code", make("b", "", "on"), ` ${rule.op} ${rule.table}`));
  if (rule.when) body.push(make("p", "code", make("b", "", "when"), ` ${rule.when}`));
  return body;
}

function eventBody(event) {
  const data = fields(event.detail);
  const body = make("dl", "data");
  for (const [k, v] of data ?? []) {
    const value = make("dd", "", make("span", "clamp", v));
    value.title = v;
    body.append(make("dt", "", k), value);
  }
  return [make("p", "name", ...words(event.title)), data ? body : make("p", "code", event.detail)];
}

function effectBody(f) {
  const mail = f.kind === "mail";
  const sub = make("p", "sub", mail ? `to ${f.detail}` : `${f.title}, in the history`);
  sub.title = f.detail;
  return make("div", "did", icon(f.kind), make("p", "name", mail ? f.title : f.detail), make("span", "ms", took(f.ms)), sub);
}
