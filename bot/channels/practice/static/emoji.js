// Draws the few emoji that Watchline writes, on machines that have no font for them: a thumb that is an empty box
// tells nobody how to take a case. Where there is a font, nothing here does anything.

import { el, ICONS, svg } from "./dom.js";

const SKIN = "#f3b63a";
const DRAWN = {
  "👍": () => [path("M3.5 10.5h3.2v9.5H3.5z", "#3d6fd1"), path("M8.2 10.3 11 3.6a2 2 0 0 1 3.2 1.6V9h4.3a2 2 0 0 1 2 2.4l-1.3 7A2 2 0 0 1 17.2 20h-9z", SKIN)],
  "👎": () => [svg("g", { transform: "rotate(180 12 12)" }, ...DRAWN["👍"]())],
  "❤": () => [path("M12 20.5 4.2 12.6a5 5 0 0 1 7.1-7.1l.7.7.7-.7a5 5 0 0 1 7.1 7.1z", "#dc3545")],
  "🙏": () => [path("M11.5 3c-2 3-4.5 8-5.3 11L3.5 17l3.3 3.5 4.7-4z", SKIN), path("M12.5 3c2 3 4.5 8 5.3 11l2.7 3-3.3 3.5-4.7-4z", "#e5a52b")],
  "😢": () => [svg("circle", { cx: 12, cy: 12, r: 9, fill: SKIN }), path("M8.2 9.2h1.8v2.6H8.2zM14 9.2h1.8v2.6H14z", "#4a3512"), svg("path", { d: "M8.8 17a4 4 0 0 1 6.4 0", fill: "none", stroke: "#4a3512", "stroke-width": 1.5 }), path("M7.6 13c1.3 1.8 1.8 2.8 1.8 3.6a1.8 1.8 0 0 1-3.6 0c0-.8.5-1.8 1.8-3.6z", "#4b8de0")],
  "🆘": () => [svg("rect", { x: 2.5, y: 4.5, width: 19, height: 15, rx: 3.5, fill: "#d2372a" }), svg("text", { x: 12, y: 15.2, "text-anchor": "middle", "font-size": 8, "font-weight": 800, fill: "#fff" }, "SOS")],
  "📍": () => [path("M12 21.5s-6.2-6.3-6.2-11.3a6.2 6.2 0 0 1 12.4 0c0 5-6.2 11.3-6.2 11.3z", "#d2372a"), svg("circle", { cx: 12, cy: 10.2, r: 2.3, fill: "#fff" })],
  "🎤": () => [outline("voice")],
  "📷": () => [outline("photo")],
  "📎": () => [outline("clip")],
};
const KNOWN = /(👍|👎|❤\uFE0F?|🙏|😢|🆘|📍|🎤|📷|📎)/u;

function path(d, fill) { return svg("path", { d, fill }); }

function outline(name) {
  return svg("path", { d: ICONS[name], fill: "none", stroke: "currentcolor", "stroke-width": 1.8, "stroke-linejoin": "round" });
}

// Whether a font draws the thumb otherwise than a sign that no font has.
function hasFont() {
  const [thumb, nothing] = ["👍", "\u{10FFFE}"].map((sign) => {
    const paint = Object.assign(document.createElement("canvas"), { width: 24, height: 24 }).getContext("2d", { willReadFrequently: true });
    paint.font = "18px sans-serif";
    paint.fillText(sign, 0, 19);
    return paint.getImageData(0, 0, 24, 24).data.join();
  });
  return thumb !== nothing;
}

let asked;

// The text as nodes. What is drawn stays in it as text too, to be read aloud and copied.
export function signs(text) {
  asked ??= hasFont();
  if (asked) return [text];
  return text.split(KNOWN).filter(Boolean).map((part) => {
    const draw = DRAWN[part.replace("\uFE0F", "")];
    if (!draw) return part;
    return el("span", { class: "sign" }, el("span", {}, part), svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, ...draw()));
  });
}
