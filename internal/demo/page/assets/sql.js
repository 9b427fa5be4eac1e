// The form that runs statements by hand, with some to click.
import { make } from "./dom.js";
import { count } from "./format.js";

const presets = [
  { name: "Rename", note: "A row changed past the application counts too.",
    text: "UPDATE customers\nSET name = IF(name = 'Alice', 'Carol', 'Alice')\nORDER BY id DESC LIMIT 1" },
  { name: "Roll back", note: "Nothing may come of it: it was never committed.",
    text: "START TRANSACTION;\nUPDATE customers SET name = 'Nobody';\nROLLBACK" },
  { name: "Add 1,000", note: "A thousand registrations, so that there is something to rename.",
    text: "INSERT INTO customers (email, name, password_hash, created_at)\nWITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 1000)\nSELECT CONCAT('guest-', UUID_SHORT(), '@example.com'), CONCAT('Guest ', i), '-', NOW(6) FROM n" },
  { name: "Rename 1,000", note: "One statement, one event for each row.",
    text: "UPDATE customers\nSET name = IF(name LIKE 'Dr %', SUBSTRING(name, 4), CONCAT('Dr ', name))\nORDER BY id DESC LIMIT 1000" },
];

export function wireSQL() {
  const form = document.getElementById("sql");
  const statement = document.getElementById("statement");
  const output = document.getElementById("answer");
  const button = form.querySelector("button.main");

  function answer(kind, ...children) {
    output.className = `answer ${kind}`;
    output.replaceChildren(...children);
  }

  async function run() {
    button.disabled = true;
    try {
      const r = await fetch("/api/sql", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ statement: statement.value }),
      });
      const a = await r.json();
      if (!r.ok) answer("bad", a.error);
      else if (a.columns) answer("", table(a), a.more ? "More rows are not shown." : "");
      else answer("", affected(a.affected));
    } catch (e) {
      answer("bad", `The demo does not answer: ${e.message}`);
    }
    button.disabled = false;
  }

  function fill(preset) {
    statement.value = preset.text;
    answer("hint", preset.note);
    press(preset.name);
  }

  function press(name) {
    for (const b of document.querySelectorAll("#presets button")) b.ariaPressed = String(b.textContent === name);
  }

  document.getElementById("presets").append(...presets.map((p) => {
    const b = make("button", "small", p.name);
    b.type = "button";
    b.title = p.note;
    b.addEventListener("click", () => fill(p));
    return b;
  }));
  fill(presets[0]);
  statement.addEventListener("input", () => press(""));
  form.addEventListener("submit", (e) => { e.preventDefault(); run(); });
  statement.addEventListener("keydown", (e) => {
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) { e.preventDefault(); run(); }
  });
}

function affected(each) {
  if (each.length === 1) return `${count(each[0], "row")} changed.`;
  return `${count(each.length, "statement")} ran; they changed ${each.join(", ")} rows.`;
}

function table(a) {
  const head = make("thead", "", make("tr", "", ...a.columns.map((c) => make("th", "", c))));
  const body = make("tbody", "", ...(a.rows ?? []).map((r) => make("tr", "", ...r.map((v) => make("td", v === null ? "null" : "", v ?? "NULL")))));
  return make("table", "", head, body);
}
