// What journeys at the desk share: a company with deals, two who answer its customers, and the way a channel is connected.
import { join } from "node:path";
import { launch, open } from "./browser.js";
import { fixtures, tenon } from "./tenon.js";

/** `house`, its `browser`, the sessions `maren` and `kofi`, `queue(view)`, and `stop()`; `ports` of this machine may be spoken to. */
export async function company(...ports) {
  const house = await tenon({ env: { TENON_ALLOW_HOSTS: ports.map((port) => `127.0.0.1:${port}`).join(", ") } });
  house.run("import", join(fixtures, "deals.xes"));
  house.run("people", "add", "maren@halden.example", "--name", "Maren Voss");
  house.run("people", "add", "kofi@halden.example", "--name", "Kofi Mensah");
  const [maren, kofi] = [await house.signIn("maren@halden.example"), await house.signIn("kofi@halden.example")];
  const browser = await launch();
  return {
    house,
    browser,
    maren,
    kofi,
    queue: async (view = "open") => (await house.ask(`/api/v1/desk?view=${view}`)).json(),
    stop: async () => {
      await browser.close();
      await house.stop();
    },
  };
}

/** Connects a channel as its owner does. */
export async function connect({ house, browser }, kind, fields) {
  const { page, context } = await open(browser, `${house.url}/connections/new?kind=${kind}`);
  for (const [name, value] of Object.entries(fields)) await page.fill(`[name=${name}]`, value);
  await page.click("text=Sign in and look");
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await page.waitForSelector("text=is connected");
  await context.close();
}
