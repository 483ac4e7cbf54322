// Debian's Chromium, and what every journey asks of a page.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { sessions } from "./tenon.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

/** A page that fails the test when a script fails or the security policy refuses something. */
export async function open(browser, url, { session, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true, ...options });
  await signedIn(context, new URL(url).origin, session);
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (line) => line.type() === "error" && !/status of 4\d\d/.test(line.text()) && problems.push(line.text()));
  await page.goto(url);
  return { page, context, calm: () => assert.deepEqual(problems, [], "the page's console has errors") };
}

/** Signs a context in: with a session of its own, or that of the installation's owner; `null` for nobody. */
export async function signedIn(context, origin, session = sessions.get(origin)) {
  if (session) await context.addCookies([{ name: "tenon_session", value: session, url: origin }]);
}

/** Loads the page anew. What a click began may still be under way and take the page from under it: then it is let through first. */
export async function reloaded(page) {
  try {
    await page.reload();
  } catch (error) {
    if (!/Not attached to an active page|interrupted by another navigation|ERR_ABORTED/.test(String(error))) throw error;
    await page.waitForLoadState();
    await page.reload();
  }
}

/** No violation of WCAG 2.2 A and AA that axe-core can see. Evaluated from outside, past the content security policy. */
export async function accessible(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const result = await globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] });
    return result.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.target.join(" ") + " " + (n.any[0]?.message ?? "")).join("; ")}`);
  });
  assert.deepEqual(found, [], `${page.url()} is not accessible`);
}

/** The page itself never scrolls sideways. */
export async function fits(page) {
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  if (content <= window) return;
  const widest = await page.evaluate((edge) => {
    const out = [...document.querySelectorAll("body *")].filter((e) => {
      const { left, right } = e.getBoundingClientRect();
      return right > edge + 1 || (left + e.scrollWidth > edge + 1 && getComputedStyle(e).overflowX === "visible");
    });
    return out.slice(-3).map((e) => e.outerHTML.slice(0, 120));
  }, window);
  assert.fail(`${page.url()} is ${content} wide in a window of ${window}: ${widest.join(" | ")}`);
}

let pictures = 0;

/** Keeps a picture of the page where `SHOTS` names a folder, for whoever wants to look at them. */
async function picture(page, how) {
  if (!process.env.SHOTS) return;
  const name = new URL(page.url()).pathname.replaceAll(/[^a-z0-9]+/gi, "-").slice(0, 60);
  await page.screenshot({ path: `${process.env.SHOTS}/${String(pictures++).padStart(3, "0")}${name}-${how}.png`, fullPage: true });
}

/** Accessible dark, light and on a phone, where it fits. */
export async function looked(page) {
  for (const colorScheme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme });
    await accessible(page);
    await picture(page, colorScheme);
  }
  const size = page.viewportSize();
  await page.setViewportSize({ width: 390, height: 844 });
  await picture(page, "390");
  await fits(page);
  await accessible(page);
  await page.setViewportSize(size);
}
