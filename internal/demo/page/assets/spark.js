// A line of the last two minutes, as an SVG that scales with its place.

const width = 120;
const height = 28;
const space = "http://www.w3.org/2000/svg";

export class Spark {
  constructor() {
    this.element = document.createElementNS(space, "svg");
    this.element.classList.add("spark");
    this.element.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.element.setAttribute("preserveAspectRatio", "none");
    this.element.setAttribute("aria-hidden", "true");
    this.area = document.createElementNS(space, "path");
    this.area.classList.add("area");
    this.line = document.createElementNS(space, "path");
    this.line.classList.add("stroke");
    this.element.append(this.area, this.line);
  }

  // draw shows the values, newest last, one a unit of width. Small ones stay
  // small: the scale begins at ten.
  draw(values) {
    const top = Math.max(10, ...values);
    const y = (v) => (height - 1.5 - (v / top) * (height - 4)).toFixed(1);
    const begin = width - Math.max(0, values.length - 1);
    const points = values.map((v, i) => `${begin + i} ${y(v)}`);
    const flat = `M0 ${y(0)}L${points.length > 0 ? `${begin} ${y(0)}L` : `${width} ${y(0)}`}${points.join("L")}`;
    this.line.setAttribute("d", flat);
    this.area.setAttribute("d", `${flat}L${width} ${height}L0 ${height}Z`);
  }
}
