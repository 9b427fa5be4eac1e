// Elements. What they show comes from records and mails that anybody may have
// written, so it is only ever set as text.

export function make(tag, className, ...children) {
  const e = document.createElement(tag);
  if (className) e.className = className;
  e.append(...children.filter((c) => c !== null && c !== undefined));
  return e;
}

// icon draws one of the symbols of the page. The words beside it say the same.
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.classList.add("icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

// say sets an element's text where it differs: an unchanged text is not told
// again by a screen reader, and a selection in it stays.
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// words lets a long type's name wrap between its words only.
export function words(name) {
  return name.split(/(?=[A-Z])/).flatMap((word, i) => (i === 0 ? [word] : [document.createElement("wbr"), word]));
}
