// Elements for what the feed says. Everything comes from records and mails that
// anybody may have written, so it is only ever set as text.

function make(tag, className, ...children) {
  const e = document.createElement(tag);
  if (className) e.className = className;
  e.append(...children);
  return e;
}

function took(ms) {
  if (ms === null) return make("span", "ms", "");
  const e = make("span", "ms", ms < 100 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`);
  e.title = "milliseconds since the transaction committed";
  return e;
}

const justNow = 2000; // How long a change is new, in milliseconds.

const verbs = { c: "insert", u: "update", d: "delete", r: "snapshot", t: "truncate" };

// value shows JSON text: strings without their quotes, an absent image as a dash.
function value(text, committed) {
  if (text === null) return "–";
  if (text === "null") return make("span", "null", text);
  if (!text.startsWith('"')) return text;
  try { return moment(JSON.parse(text), committed); } catch { return text; }
}

// moment shortens a time on the commit's day to milliseconds, without day and
// zone; the whole value stays as the title.
function moment(text, committed) {
  const [, day, seconds, fraction = ""] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d{1,3})?\d*Z?$/.exec(text) ?? [];
  if (!day || day !== new Date(committed).toISOString().slice(0, 10)) return text;
  const e = make("time", "", seconds, document.createElement("wbr"), fraction);
  e.dateTime = text;
  e.title = text;
  return e;
}

function table(columns, op, committed) {
  const both = op === "u";
  const head = both ? ["column", "before", "after"] : ["column", op === "d" ? "before" : "after"];
  const body = make("tbody");
  for (const c of columns) {
    const name = make("th", "", c.name);
    name.scope = "row";
    const row = make("tr", c.changed ? "changed" : "", name);
    if (both || op === "d") row.append(make("td", "", value(c.before, committed)));
    if (op !== "d") row.append(make("td", "", value(c.after, committed)));
    body.append(row);
  }
  return make("table", "", make("thead", "", make("tr", "", ...head.map((h) => make("th", "", h)))), body);
}

// key shows {"id":1} as id 1.
function key(text) {
  try {
    return Object.entries(JSON.parse(text)).map(([k, v]) => `${k} ${v}`).join(", ");
  } catch {
    return text;
  }
}

// words lets a long type's name wrap between its words only.
function words(name) {
  return name.split(/(?=[A-Z])/).flatMap((word, i) => (i === 0 ? [word] : [document.createElement("wbr"), word]));
}

function rowCell(row, open) {
  if (!row) return make("div", "cell", make("p", "meta", "row change not seen"));
  const cell = make("div", "cell",
    make("div", "head", make("strong", "", `${verbs[row.op] ?? row.op} ${row.table}`), took(row.ms)),
    make("p", "meta", [clock(row.committed), key(row.key), row.actor].filter(Boolean).join(" · ")));
  const shown = row.op === "u" ? row.columns.filter((c) => c.changed) : row.columns;
  const rest = row.op === "u" ? row.columns.filter((c) => !c.changed) : [];
  if (shown.length > 0) cell.append(table(shown, row.op, row.committed));
  if (rest.length > 0) {
    const more = make("details", "", make("summary", "", `${rest.length} unchanged`), table(rest, row.op, row.committed));
    more.open = open;
    cell.append(more);
  }
  return cell;
}

const time = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23",
});

function clock(at) {
  return time.format(new Date(at));
}

// pretty shows an event's data one field a line.
function pretty(data) {
  try {
    return Object.entries(JSON.parse(data))
      .map(([k, v]) => `${k}: ${typeof v === "string" ? v : JSON.stringify(v)}`).join("\n");
  } catch {
    return data;
  }
}

function eventsCell(events) {
  if (events.length === 0) return make("div", "cell none", make("p", "meta", "no event"));
  return make("div", "cell", ...events.map((e) =>
    make("div", "", make("div", "head", make("strong", "", ...words(e.title)), took(e.ms)), make("p", "data", pretty(e.detail)))));
}

function effectsCell(effects) {
  if (effects.length === 0) return make("div", "cell none", make("p", "meta", "no effect"));
  return make("div", "cell", ...effects.map((e) =>
    make("div", "", make("div", "head", make("strong", "", e.kind), took(e.ms)),
      make("p", "data", e.kind === "mail" ? `to: ${e.detail}` : e.detail), make("p", "meta", e.title))));
}

// card draws a row change with all that came of it. What was unfolded in the
// card that it replaces stays so.
export function card(data, known) {
  const open = known?.querySelector("details")?.open ?? false;
  const e = make("article", "card", rowCell(data.row, open), eventsCell(data.events), effectsCell(data.effects));
  e.title = data.id;
  if (data.row && Date.now() - Date.parse(data.row.committed) < justNow) e.classList.add("new");
  return e;
}

export function mail(data) {
  const e = make("article", "mail",
    make("div", "head", make("strong", "", data.subject), make("span", "ms", clock(data.at))),
    make("p", "meta", `to ${data.to.join(", ")}`),
    make("pre", "", data.body.trim()));
  e.title = data.message_id;
  return e;
}

export function parts(list) {
  return list.map((p) => {
    const e = make("li", "", p.reason ? `${p.name}: ${p.state}` : p.name);
    e.dataset.state = p.state;
    e.title = p.reason || p.state;
    return e;
  });
}

// pace sums up how long the newest cards took, by the median of each step.
export function pace(cards) {
  const newest = cards.filter((c) => c.row?.ms != null).sort((a, b) => b.order - a.order).slice(0, 20);
  const steps = [
    ["row", newest.map((c) => c.row.ms)],
    ["event", newest.flatMap((c) => c.events.map((e) => e.ms))],
    ["mail", newest.flatMap((c) => c.effects.filter((e) => e.kind === "mail").map((e) => e.ms))],
  ].map(([name, all]) => [name, all.filter((ms) => ms !== null).sort((a, b) => a - b)]).filter(([, all]) => all.length > 0);
  if (steps.length === 0) return "";
  return steps.map(([name, all]) => `${name} ${Math.round(all[all.length >> 1])} ms`).join(", ") + " (medians)";
}
