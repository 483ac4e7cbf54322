// The AppView of Bluesky: it reads what a PDS keeps, and notifies.
import * as bsky from "@atproto/bsky";
import { Secp256k1Keypair } from "@atproto/crypto";
import { Client, createOp } from "@did-plc/lib";

/** A key of no use anywhere else. The identity follows from it: the same in each directory. */
const KEY = "3f916c70dc69e4c5e83877f013325b11ecac31742e6a42f5c4fb240d0703d9d5";

/** Its identity in the directory. */
export async function identity(plc, port) {
  const key = await Secp256k1Keypair.import(KEY);
  const url = `http://localhost:${port}`;
  const client = new Client(plc);
  const { op, did } = await createOp({ signingKey: key.did(), rotationKeys: [key.did()], handle: "appview.test", pds: url, signer: key });
  const known = await client.getDocumentData(did).catch(() => undefined);
  if (!known) await client.sendOperation(did, op);
  if (!known?.services.bsky_appview) {
    await client.updateData(did, key, (data) => ({ ...data, services: { ...data.services, bsky_appview: { type: "BskyAppView", endpoint: url } } }));
  }
  return { key, did };
}

/** Serves at the port, and takes two more above it. Handles are asked for at the PDS, not of the public directory of names. */
export async function appview({ key, did }, { postgres, plc, pds, port }) {
  const stored = { url: postgres, schema: "appview" };
  const first = new bsky.Database(stored);
  await first.migrateToLatestOrThrow();
  await first.close();
  const db = new bsky.Database({ ...stored, poolSize: 10 });
  const dataplane = await bsky.DataPlaneServer.create(db, port + 1, plc);
  await bsky.MockBsync.create(db, port + 2);
  const config = new bsky.ServerConfig({
    version: "test",
    port,
    didPlcUrl: plc,
    publicUrl: `http://localhost:${port}`,
    serverDid: did,
    alternateAudienceDids: [],
    dataplaneUrls: [`http://localhost:${port + 1}`],
    dataplaneHttpVersion: "1.1",
    bsyncUrl: `http://localhost:${port + 2}`,
    bsyncHttpVersion: "1.1",
    modServiceDid: "did:example:none",
    labelsFromIssuerDids: [],
    bigThreadUris: new Set(),
    maxThreadParents: 50,
    disableSsrfProtection: true,
    searchTagsHide: new Set(),
    threadTagsBumpDown: new Set(),
    threadTagsHide: new Set(),
    visibilityTagHide: "",
    visibilityTagRankPrefix: "",
    debugFieldAllowedDids: new Set(),
    draftsLimit: 500,
    adminPasswords: ["none"],
    etcdHosts: [],
  });
  const server = bsky.BskyAppView.create({ config, signingKey: key });
  for (const { handle } of [server.ctx.idResolver, dataplane.idResolver]) {
    handle.resolve = async (name) => {
      const url = `${pds}/xrpc/com.atproto.identity.resolveHandle?handle=${name}`;
      return (await (await fetch(url)).json()).did;
    };
  }
  await server.start();
  new bsky.RepoSubscription({ service: pds.replace("http", "ws"), db, idResolver: dataplane.idResolver }).start();
}
