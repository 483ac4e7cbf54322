// What owners see of what leaves and comes back: a mail whose outcome is not known, and a mailbox with its health.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { accessible, fits, launch, open } from "../lib/browser.js";
import { eventually, fixtures, freePort, tenon } from "../lib/tenon.js";

let house, browser, smtp, imap;
before(async () => {
  smtp = await mailServer();
  imap = await mailbox();
  const env = {
    TENON_SMTP: `smtp://127.0.0.1:${smtp.port}`,
    TENON_MAIL_FROM: "Tenon <tenon@halden.example>",
    TENON_MAIL_GROUP: "0",
    TENON_IMAP: `imap://reply:open-sesame@127.0.0.1:${imap.port}/INBOX`,
  };
  house = await tenon({ env });
  house.run("import", join(fixtures, "deals.xes"));
  house.run("people", "add", "maren@halden.example", "--name", "Maren Voss");
  house.run("people", "add", "olu@halden.example", "--name", "Olu Adeyemi");
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.stop();
  smtp?.close();
  imap?.close();
});

/** A mail server that keeps mails, and hangs up instead of answering while `isSilent`. */
async function mailServer() {
  const server = { got: [], isSilent: false };
  const listener = createServer((socket) => {
    let said = "", isContent = false;
    socket.on("error", () => {});
    socket.write("220 sink\r\n");
    socket.on("data", (more) => {
      said += more;
      for (;;) {
        const end = isContent ? "\r\n.\r\n" : "\r\n";
        const at = said.indexOf(end);
        if (at < 0) return;
        const part = said.slice(0, at);
        said = said.slice(at + end.length);
        if (isContent) {
          server.got.push(part);
          isContent = false;
          if (server.isSilent) return socket.destroy();
          socket.write("250 kept\r\n");
        } else if (part.startsWith("DATA")) {
          isContent = true;
          socket.write("354 go on\r\n");
        } else socket.write(part.startsWith("EHLO") ? "250-sink\r\n250 8BITMIME\r\n" : "250 ok\r\n");
      }
    });
  });
  server.port = await freePort();
  await new Promise((done) => listener.listen(server.port, "127.0.0.1", done));
  server.close = () => listener.close();
  return server;
}

/** A mailbox with one mail that is no answer to anything. */
async function mailbox() {
  const mail = "From: stranger@elsewhere.example\r\nTo: reply@halden.example\r\nMessage-ID: <1@elsewhere>\r\n\r\nBuy now\r\n";
  const listener = createServer((socket) => {
    socket.on("error", () => {});
    socket.write("* OK a stand-in\r\n");
    socket.on("data", (line) => {
      const [, tag, command] = /^(\S+) ([^]*)\r\n$/.exec(String(line));
      let said = "";
      if (command === "CAPABILITY") said = "* CAPABILITY IMAP4rev1\r\n";
      if (command.startsWith("SELECT")) said = "* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 1] ok\r\n";
      if (command.startsWith("UID SEARCH")) said = command.includes("UID 1:") ? "* SEARCH 1\r\n" : "* SEARCH\r\n";
      if (command.includes("SIZE")) said = `* 1 FETCH (UID 1 RFC822.SIZE ${mail.length})\r\n`;
      if (command.includes("BODY")) said = `* 1 FETCH (UID 1 BODY[] {${mail.length}}\r\n${mail})\r\n`;
      socket.write(`${said}${tag} OK done\r\n`);
    });
  });
  const port = await freePort();
  await new Promise((done) => listener.listen(port, "127.0.0.1", done));
  return { port, close: () => listener.close() };
}

const jobs = async () => (await (await house.ask("/api/v1/delivery/jobs")).json()).counts;

test("a mail whose outcome is not known is sent again by the owner only", async () => {
  smtp.isSilent = true;
  const say = (body) =>
    house.ask("/api/v1/processes/deals/cases/Deal%20001/messages", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ body }),
    });
  assert.equal((await say("@maren which form? <b>&amp;</b>")).status, 201);
  assert.equal((await say("@olu which form?")).status, 201);
  await eventually("two mails are set aside", async () => (await jobs()).unknown === 2);
  assert.equal(smtp.got.length, 2);
  const { page, calm } = await open(browser, house.url + "/delivery", { javaScriptEnabled: false });
  const rows = page.locator("section[aria-labelledby=q] tbody tr");
  assert.match(await rows.first().textContent(), /Mail to (Maren Voss|Olu Adeyemi).*Outcome not known.*did not say whether it took it/);
  assert.match(await page.textContent("section[aria-labelledby=q]"), /2 whose outcome is not known/);
  smtp.isSilent = false;
  await rows.first().getByRole("button", { name: "Send again" }).click();
  await eventually("it is sent again", async () => smtp.got.length === 3);
  const ids = smtp.got.map((mail) => /Message-ID: (\S+)/.exec(mail)[1]);
  assert.ok(ids.slice(0, 2).includes(ids[2]), "the same mail");
  await eventually("it is done", async () => (await jobs()).unknown === 1);
  await page.goto(house.url + "/delivery");
  await page.locator("section[aria-labelledby=q] tr:has-text('Outcome') >> text=Drop").click();
  assert.equal((await jobs()).unknown, 0);
  assert.equal(smtp.got.length, 3);
  calm();
});

test("a mailbox says how it does, what it refused and nothing of its password", async () => {
  await eventually("the mail is refused", async () => /stranger@elsewhere/.test(await (await house.ask("/delivery")).text()));
  for (const colorScheme of ["light", "dark"]) {
    const { page, calm } = await open(browser, house.url + "/delivery", { colorScheme });
    const box = page.locator("section[aria-labelledby=box]");
    assert.match(await box.textContent(), /reply@127\.0\.0\.1\/INBOX.*connected since/s);
    await box.locator("summary").click();
    assert.match(await box.locator("details").textContent(), /stranger@elsewhere\.example.*Nobody here has the address/s);
    assert.doesNotMatch(await page.content(), /open-sesame/);
    await accessible(page);
    await page.setViewportSize({ width: 390, height: 844 });
    await fits(page);
    await accessible(page);
    calm();
  }
  imap.close();
});
