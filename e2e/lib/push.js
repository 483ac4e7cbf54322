// A push service on a free port, in this process, and a browser's half of what it needs: keys, and opening what was sealed
// (RFC 8291). Chromium's own push service is outside, where tests do not go.
import { createDecipheriv, createECDH, createHmac, createPublicKey, randomBytes, verify } from "node:crypto";
import { createServer } from "node:http";

/** `address` for a subscription, `taken()` all that came and was not taken yet, `status` what is answered. */
export async function pushService() {
  const came = [];
  const service = { status: 201 };
  const server = createServer((request, answer) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      came.push({ headers: request.headers, body: Buffer.concat(parts) });
      answer.writeHead(service.status).end();
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return Object.assign(service, { origin, address: `${origin}/for/${randomBytes(8).toString("hex")}`, taken: () => came.splice(0), stop: () => new Promise((done) => server.close(done)) });
}

/** Keys of a browser that is switched on. */
export function browserKeys() {
  const pair = createECDH("prime256v1");
  pair.generateKeys();
  return { pair, public: pair.getPublicKey(), auth: randomBytes(16) };
}

const hmac = (key, ...parts) => createHmac("sha256", key).update(Buffer.concat(parts.map((p) => Buffer.from(p)))).digest();

/** What was sealed for these keys. */
export function opened(sealed, keys) {
  const [salt, size, length] = [sealed.subarray(0, 16), sealed.readUInt32BE(16), sealed[20]];
  const [theirs, text] = [sealed.subarray(21, 21 + length), sealed.subarray(21 + length)];
  if (text.length > size) throw new Error("more than one record");
  const shared = keys.pair.computeSecret(theirs);
  const both = hmac(hmac(keys.auth, shared), "WebPush: info\0", keys.public, theirs, [1]);
  const from = hmac(salt, both);
  const key = hmac(from, "Content-Encoding: aes128gcm\0", [1]).subarray(0, 16);
  const nonce = hmac(from, "Content-Encoding: nonce\0", [1]).subarray(0, 12);
  const cipher = createDecipheriv("aes-128-gcm", key, nonce);
  cipher.setAuthTag(text.subarray(-16));
  const filled = Buffer.concat([cipher.update(text.subarray(0, -16)), cipher.final()]);
  const end = filled.findLastIndex((byte) => byte !== 0);
  if (filled[end] !== 2) throw new Error("it is not the last record");
  return filled.subarray(0, end).toString();
}

/** What the sender says of itself, if the key that it names signed it (RFC 8292). */
export function signer(authorization) {
  const [, token, key] = /^vapid t=([^,]+), k=(.+)$/.exec(authorization);
  const [head, body, sign] = token.split(".");
  const point = Buffer.from(key, "base64url");
  const part = (from, to) => point.subarray(from, to).toString("base64url");
  const jwk = { kty: "EC", crv: "P-256", x: part(1, 33), y: part(33, 65) };
  const by = { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" };
  if (!verify("sha256", Buffer.from(`${head}.${body}`), by, Buffer.from(sign, "base64url"))) throw new Error("not signed by it");
  return { key, ...JSON.parse(Buffer.from(body, "base64url")) };
}
