/** What axe does not measure: the lines of controls, and where the focus is. */

/** Controls whose border does not stand out from what is around them, three to one (WCAG 1.4.11). */
export function faintLines() {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const pixel = (colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
    }
    return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, other) => {
    const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  };
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      layers.unshift(getComputedStyle(at).backgroundColor);
    }
    return ["white", ...layers];
  };
  const found = [];
  const controls = document.querySelectorAll(
    ".nbflow :is(.nbf-input:not([type=file]), .nbf-decision, .nbf-check input, .nbf-kind input, .nbf-inbox-tick)",
  );
  for (const control of controls) {
    const style = getComputedStyle(control);
    if (control.matches(":disabled") || control.closest(":disabled, [aria-disabled=true]"))
      continue;
    if (style.appearance === "auto" || control.getClientRects().length === 0) continue;
    const around = behind(control.parentElement);
    const line = pixel([...around, style.borderTopColor]);
    const measured = ratio(line, pixel(around));
    if (measured < 3 || style.borderTopStyle === "none") {
      found.push(`faint line (${measured.toFixed(2)}): ${control.outerHTML.slice(0, 100)}`);
    }
  }
  return found;
}

/** What is placed freely, and has left the element that it belongs to: it lies over something else. */
export function strayed() {
  const found = [];
  for (const element of document.querySelectorAll(".nbflow *")) {
    if (getComputedStyle(element).position !== "absolute") continue;
    const { left, top, width, height } = element.getBoundingClientRect();
    if (width * height < 4) continue;
    const around = element.parentElement.getBoundingClientRect();
    const [x, y] = [left + width / 2, top + height / 2];
    if (x < around.left || x > around.right || y < around.top || y > around.bottom) {
      found.push(`lies elsewhere: ${element.outerHTML.slice(0, 100)}`);
    }
  }
  return found;
}

/** Bars that do not lie under the ruler of their waterfall: they are read at the wrong time. */
export function askew() {
  const [ruler, ...bars] = [...document.querySelectorAll(".nbflow .nbf-track")].map((track) =>
    track.getBoundingClientRect(),
  );
  return bars
    .filter(({ left, right }) => Math.abs(left - ruler.left) + Math.abs(right - ruler.right) > 1)
    .map(({ left, right }) => `bars at ${left} to ${right}, ruler ${ruler.left} to ${ruler.right}`);
}

const STOPS = 40;

/** Goes through the page with Tab and names each stop that shows no ring. */
export async function lostFocus(page) {
  const found = new Set();
  await page.evaluate(() => {
    document.activeElement?.blur();
    window.getSelection()?.removeAllRanges();
  });
  for (let stop = 0; stop < STOPS; stop += 1) {
    await page.keyboard.press("Tab");
    const seen = await page.evaluate(() => {
      const active = document.activeElement;
      if (!active || active === document.body) return null;
      const rings = [active, active.closest("label"), active.querySelector(".nbf-at")];
      const ringed = rings.some((element) => {
        if (!element) return false;
        const { outlineStyle, outlineWidth } = getComputedStyle(element);
        return outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2;
      });
      return ringed ? "" : active.outerHTML.slice(0, 120);
    });
    if (seen === null) break;
    if (seen !== "") found.add(`no focus ring: ${seen}`);
  }
  return [...found];
}
