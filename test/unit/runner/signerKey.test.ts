import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { encryptKeystoreJson, id, recoverAddress, Wallet } from "ethers";
import { loadSignerKey } from "../../../offchain-runner/src/chain/signerKey.ts";
import { NodeError } from "../../../offchain-runner/src/nodeError.ts";

const RIGHT = "this-is-the-one";

describe("loadSignerKey", () => {
  let folder: string;
  let file: string;
  const wallet = Wallet.createRandom();
  const digest = id("digest");

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "opg-key-"));
    file = join(folder, "signer.json");
    writeFileSync(
      file,
      await encryptKeystoreJson({ address: wallet.address, privateKey: wallet.privateKey }, RIGHT, {
        scrypt: { N: 2, r: 1, p: 1 },
      }),
    );
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it("opens a keystore and signs digests with it", async () => {
    const key = await loadSignerKey({ kind: "keystore", file, password: RIGHT });
    expect(key.address).to.equal(wallet.address);
    expect(recoverAddress(digest, key.signDigest(digest))).to.equal(wallet.address);
  });

  it("takes the local chain's raw key", async () => {
    const key = await loadSignerKey({ kind: "raw-key", privateKey: wallet.privateKey });
    expect(key.address).to.equal(wallet.address);
  });

  for (const [what, path, password] of [
    ["a wrong password", "signer.json", "not-this-one"],
    ["a missing file", "none.json", RIGHT],
  ] as const) {
    it(`refuses ${what} without a word of the password`, async () => {
      const failure = await loadSignerKey({ kind: "keystore", file: join(folder, path), password }).then(
        () => expect.fail("opened"),
        (error: unknown) => error as NodeError,
      );
      expect(failure).to.be.instanceOf(NodeError).with.property("code", "keystore-unreadable");
      expect(JSON.stringify(failure.data) + failure.message).to.not.include(password);
    });
  }
});
