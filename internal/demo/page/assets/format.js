// Numbers, times and values as people read them.

const number = new Intl.NumberFormat("en");
const time = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23",
});
const short = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

export const clock = (at) => time.format(new Date(at));
export const seconds = (at) => short.format(new Date(at));

export function count(n, one, many = `${one}s`) {
  return `${number.format(n)} ${n === 1 ? one : many}`;
}

// took tells a span of milliseconds in the unit that suits it.
export function took(ms) {
  if (ms === null || ms === undefined) return "";
  if (ms < 10) return `${Math.max(0, ms).toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

export const verbs = { c: "insert", u: "update", d: "delete", r: "snapshot", t: "truncate" };

// plain shows JSON text: strings without their quotes, a time on the commit's
// day as the time alone.
export function plain(text, committed) {
  if (text === null || text === undefined) return "–";
  if (!text.startsWith('"')) return text;
  let s;
  try { s = JSON.parse(text); } catch { return text; }
  const [, day, at, fraction = ""] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d{1,3})?\d*Z?$/.exec(s) ?? [];
  return day && committed && day === new Date(committed).toISOString().slice(0, 10) ? at + fraction : s;
}

// isTime tells what plain shows as a time alone.
export const isTime = (shown) => /^\d\d:\d\d:\d\d(\.\d+)?$/.test(shown);

// fields reads a JSON object as pairs of name and text.
export function fields(json) {
  try {
    return Object.entries(JSON.parse(json)).map(([k, v]) => [k, typeof v === "string" ? v : JSON.stringify(v)]);
  } catch {
    return null;
  }
}

// key shows {"id":1} as "id 1".
export function key(json) {
  return fields(json)?.map(([k, v]) => `${k} ${v}`).join(", ") ?? json;
}
