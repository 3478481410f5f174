/**
 * What a reload asks and keeps, in a real browser: `node dev/leaving.mjs` prints it as JSON.
 *
 * A form is filled in and the page reloaded: with storage, with a secret, and with a full storage.
 */

import { pose, withCamera } from "./camera.mjs";
import { STATES } from "./states.mjs";

const VIEW = { theme: "light", width: 1000 };

function fillStorage() {
  for (let size = 1 << 22; size >= 1; size >>= 1) {
    for (let fits = true, n = 0; fits; n += 1) {
      try {
        sessionStorage.setItem(`${size} ${n}`, "x".repeat(size));
      } catch {
        fits = false;
      }
    }
  }
}

async function leave(fresh, base, { full, labels }) {
  const context = await fresh();
  const page = await pose(context, base, STATES.formats, VIEW);
  const box = (name) =>
    name === "PIN" ? page.getByLabel(name).last() : page.getByRole("textbox", { name });
  const asked = [];
  page.on("dialog", (dialog) => {
    asked.push(dialog.type());
    dialog.accept();
  });
  if (full) await page.evaluate(fillStorage);
  for (const [name, text] of Object.entries(labels)) await box(name).fill(text);
  const said = await page.locator(".nbf-draft").textContent();
  await page.reload();
  await page.locator(".nbf-card").waitFor();
  await page.clock.runFor(300);
  const kept = {};
  for (const name of Object.keys(labels)) kept[name] = await box(name).inputValue();
  await context.close();
  return { said, asked, kept };
}

await withCamera(async (fresh, base) => {
  const serial = { "Serial number": "QX-0001" };
  const found = {
    kept: await leave(fresh, base, { full: false, labels: serial }),
    secret: await leave(fresh, base, { full: false, labels: { PIN: "1234" } }),
    full: await leave(fresh, base, { full: true, labels: serial }),
  };
  console.log(JSON.stringify(found));
});
