// A pretend map: streets that follow from the coordinates, so that the same place always looks the same.

import { svg } from "./dom.js";

const SPAN = 0.012; // degrees across the width of the map

function noise(a, b) {
  const value = Math.sin(a * 127.1 + b * 311.7) * 43758.5453;
  return value - Math.floor(value);
}

export function drawMap(latitude, longitude, width, height) {
  const left = longitude - SPAN / 2;
  const top = latitude + (SPAN * height) / width / 2;
  const scale = width / SPAN;
  const x = (degrees) => (degrees - left) * scale;
  const y = (degrees) => (top - degrees) * scale;
  const map = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "map", "aria-hidden": "true" });
  map.append(svg("rect", { class: "map-ground", width, height }));
  const step = 0.003;
  const rows = Math.ceil((SPAN * height) / width / step) + 2;
  for (let i = Math.floor(left / step) - 1; i < (left + SPAN) / step + 1; i += 1) {
    for (let j = Math.floor(top / step) - rows; j < top / step + 1; j += 1) {
      const chance = noise(i, j);
      if (chance > 0.72) {
        const kind = chance > 0.86 ? "map-park" : "map-house";
        const size = step * scale;
        map.append(svg("rect", {
          class: kind, x: x(i * step) + 3, y: y((j + 1) * step) + 3, width: size - 6, height: size - 6, rx: 4,
        }));
      }
    }
  }
  for (let i = Math.floor(left / step) - 1; i < (left + SPAN) / step + 1; i += 1) {
    const at = x((i + (noise(i, 3) - 0.5) * 0.5) * step);
    const lean = (noise(i, 9) - 0.5) * 26;
    const kind = noise(i, 5) > 0.75 ? "map-road wide" : "map-road";
    map.append(svg("path", { class: kind, d: `M${at - lean} -4L${at + lean} ${height + 4}` }));
  }
  for (let j = Math.floor(top / step) - rows; j < top / step + 1; j += 1) {
    const at = y((j + (noise(2, j) - 0.5) * 0.5) * step);
    const lean = (noise(8, j) - 0.5) * 26;
    const kind = noise(6, j) > 0.75 ? "map-road wide" : "map-road";
    map.append(svg("path", { class: kind, d: `M-4 ${at - lean}L${width + 4} ${at + lean}` }));
  }
  const cx = width / 2;
  const cy = height / 2;
  map.append(
    svg("circle", { class: "map-halo", cx, cy, r: 20 }),
    svg("path", {
      class: "map-pin",
      d: `M${cx} ${cy}c-7-9-11-13-11-19a11 11 0 0 1 22 0c0 6-4 10-11 19z`,
    }),
    svg("circle", { class: "map-pin-eye", cx, cy: cy - 19, r: 4 }),
  );
  return map;
}

export function degreesPerPixel(width) {
  return SPAN / width;
}
