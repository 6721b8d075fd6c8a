// A photo and a voice note of nobody, made here, so that one tap is enough to try them.

export function toBase64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

// A street at dusk.
export function samplePhoto() {
  const canvas = document.createElement("canvas");
  canvas.width = 640;
  canvas.height = 440;
  const paint = canvas.getContext("2d");
  const sky = paint.createLinearGradient(0, 0, 0, 440);
  sky.addColorStop(0, "#31456b");
  sky.addColorStop(0.55, "#c9836a");
  sky.addColorStop(1, "#f0b878");
  paint.fillStyle = sky;
  paint.fillRect(0, 0, 640, 440);
  const heights = [210, 150, 250, 190, 120, 230, 170];
  heights.forEach((height, i) => {
    paint.fillStyle = i % 2 ? "#20283a" : "#2a3348";
    paint.fillRect(i * 94, 440 - height, 90, height);
    for (let y = 440 - height + 18; y < 410; y += 34) {
      for (let x = 14; x < 80; x += 26) {
        paint.fillStyle = (x + y * 3 + i * 7) % 5 < 2 ? "#f6d28b" : "#39445c";
        paint.fillRect(i * 94 + x, y, 13, 18);
      }
    }
  });
  paint.fillStyle = "#161b27";
  paint.fillRect(0, 408, 640, 32);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
}

// Two seconds that rise and fall like speech heard through a wall.
export function sampleVoice() {
  const rate = 8000;
  const count = rate * 2;
  const view = new DataView(new ArrayBuffer(44 + count));
  const word = (at, text) => [...text].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  word(0, "RIFF");
  view.setUint32(4, 36 + count, true);
  word(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate, true);
  view.setUint16(32, 1, true);
  view.setUint16(34, 8, true);
  word(36, "data");
  view.setUint32(40, count, true);
  for (let i = 0; i < count; i += 1) {
    const seconds = i / rate;
    const loud = Math.max(0, Math.sin(seconds * 9)) * (0.6 + 0.4 * Math.sin(seconds * 2.3));
    const tone = Math.sin(seconds * 2 * Math.PI * (150 + 40 * Math.sin(seconds * 3)));
    view.setUint8(44 + i, 128 + Math.round(38 * loud * tone));
  }
  return new Blob([view], { type: "audio/wav" });
}
