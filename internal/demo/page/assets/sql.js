// The form that runs a statement by hand.

function make(tag, ...children) {
  const e = document.createElement(tag);
  e.append(...children);
  return e;
}

function rows(answer) {
  const head = make("thead", make("tr", ...answer.columns.map((c) => make("th", c))));
  const body = make("tbody", ...(answer.rows ?? []).map((r) => make("tr", ...r.map((v) => make("td", v ?? "NULL")))));
  return [make("table", head, body), answer.more ? "More rows are not shown." : ""];
}

export function wireSQL() {
  const form = document.getElementById("sql");
  const statement = document.getElementById("statement");
  const output = document.getElementById("answer");
  const button = form.querySelector("button");

  async function run() {
    button.disabled = true;
    let bad = true;
    try {
      const r = await fetch("/api/sql", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ statement: statement.value }),
      });
      const answer = await r.json();
      bad = !r.ok;
      if (!r.ok) output.replaceChildren(answer.error);
      else if (answer.columns) output.replaceChildren(...rows(answer));
      else output.replaceChildren(answer.affected === 1 ? "1 row changed." : `${answer.affected} rows changed.`);
    } catch (e) {
      output.replaceChildren(`The demo does not answer: ${e.message}`);
    }
    output.classList.toggle("bad", bad);
    button.disabled = false;
  }

  form.addEventListener("submit", (e) => { e.preventDefault(); run(); });
  statement.addEventListener("keydown", (e) => {
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) { e.preventDefault(); run(); }
  });
}
