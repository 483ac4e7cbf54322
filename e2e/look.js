// Takes pictures of every page for a person to look at: node look.js [out-folder]
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { launch, signedIn } from "./lib/browser.js";
import { fixtures, shared, tenon } from "./lib/tenon.js";

const out = process.argv[2] ?? join(import.meta.dirname, "shots");
mkdirSync(out, { recursive: true });
const house = await tenon();
const browser = await launch();
const logs = shared
  ? ["logs/receipt.xes.gz", "logs/helpdesk.xes.gz", "logs/bpic2012.xes.gz", "logs/a32f0n00.xes.gz"].map((p) => join(shared, "data", p))
  : [join(fixtures, "deals.xes")];
try {
  for (const log of logs) house.run("import", log);
  house.run("sample", "--import");
  if (shared) for (const f of ["ocel/recruiting-red.jsonocel", "models/receipt.bpmn", "models/miwg-C.1.0.bpmn"]) house.run("import", join(shared, "data", f));
  const pages = [["home", "/"], ["import", "/import"], ["missing", "/p/nothing"]];
  const looker = await browser.newContext();
  await signedIn(looker, house.url);
  const page = await looker.newPage();
  await page.goto(house.url + "/processes");
  const slugs = await page.$$eval("main .cards a", (links) => links.map((a) => new URL(a.href).pathname));
  for (const [i, slug] of slugs.entries()) {
    const tabs = i === 0 ? ["map", "steps", "variants", "cases", "fit"] : ["map"];
    for (const tab of tabs) pages.push([slug.slice(3) + "-" + tab, `${slug}/${tab}`]);
  }
  await page.goto(house.url + slugs[0] + "/cases");
  pages.push(["case", await page.$eval("tbody th a", (a) => new URL(a.href).pathname)]);
  await page.goto(house.url + "/p/new-business/map?panel=Negotiate");
  if (await page.locator(".panel").count()) pages.push(["sample-panel", "/p/new-business/map?panel=Negotiate"]);
  const asked = [["confirm-columns", join(fixtures, "deals.csv")]];
  if (shared) asked.push(["confirm-objects", join(shared, "data/ocel/recruiting-red.jsonocel")]);
  for (const [name, path] of asked) {
    await page.goto(house.url + "/import");
    await page.setInputFiles("input[type=file]", path);
    await page.waitForURL(/import\/[0-9a-f]{32}/);
    pages.push([name, new URL(page.url()).pathname]);
  }
  const only = process.argv[3];
  for (const [width, scheme] of [[1440, "light"], [1440, "dark"], [390, "light"], [1100, "light"]]) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme });
    await signedIn(context, house.url);
    const tab = await context.newPage();
    for (const [name, path] of pages) {
      if (only && !only.split(",").some((o) => name.includes(o))) continue;
      await tab.goto(house.url + path);
      await tab.screenshot({ path: join(out, `${name}-${width}-${scheme}.png`), fullPage: true });
    }
    await context.close();
  }
} finally {
  await browser.close();
  await house.stop();
}
