import { expect } from "chai";
import { concat, dataLength, dataSlice, getBytes, hexlify, ZeroAddress, ZeroHash } from "ethers";
import { statementForm } from "../../../offchain-runner/src/zk/statement.ts";
import { HELD, knownKeyBlob, ORDER, PRIME } from "../../fixtures/zk/knownKey.ts";
import { pointOutsideTheGroup } from "../../fixtures/zk/outsidePoint.ts";
import {
  CEREMONY,
  patched,
  provedReleases,
  SINGLE,
  statementGraph,
  word,
} from "../../fixtures/zk/provedReleases.ts";

const [HEAD, ALPHA, BETA, GAMMA, DELTA, SIGNALS] = [96, 128, 192, 320, 448, 576];
const SIGNALS_OF_GRAPH = 2;
const PARTS = SIGNALS + 64 * (SIGNALS_OF_GRAPH + 1);
const GRAPH = statementGraph();

describe("Groth16Verifier", () => {
  let chain: Awaited<ReturnType<typeof provedReleases>>;
  let release: string;

  before(async () => {
    chain = await provedReleases();
    release = await chain.admitted();
  });

  const isProof = async (statement: ReturnType<typeof chain.statement>, proof: string) =>
    await chain.verifier.verify(statement, proof);

  describe("verify", () => {
    it("computes the signals that the prover's side computes, all below the order", async () => {
      const statement = chain.statement(release);
      const signals = await chain.verifier.signalsOf(statement);
      expect(signals).to.deep.equal(chain.signalsOf(statement));
      expect(signals.length).to.equal(SIGNALS_OF_GRAPH);
      for (const bytes of [1, 29, 30, 31, 58, 200]) {
        const graph = statementGraph(bytes);
        const other = await chain.admitted({ graph });
        const full = chain.statement(other, graph);
        full.operatorId = 2 ** 32 - 1;
        full.input = patched(full.input, statementForm(graph.root).input.parts[0]?.at ?? 0, "0xff");
        const all = await chain.verifier.signalsOf(full);
        expect(all).to.deep.equal(chain.signalsOf(full, graph));
        for (const signal of all) expect(signal < ORDER).to.equal(true);
        expect(await isProof(full, chain.proofOf(full, graph))).to.equal(true);
      }
    });

    it("accepts every proof of the statement, and none of another", async () => {
      for (let seed = 1; seed <= 8; seed++) {
        const statement = chain.statement(release, GRAPH, seed);
        expect(await isProof(statement, chain.proofOf(statement, GRAPH, BigInt(seed)))).to.equal(true);
        const next = chain.statement(release, GRAPH, seed + 1);
        expect(await isProof(statement, chain.proofOf(next))).to.equal(false);
      }
    });

    it("accepts signals of zero", async () => {
      const statement = chain.statement(release);
      for (const { at, bytes } of statementForm(GRAPH.root).input.parts)
        statement.input = patched(statement.input, at, `0x${"00".repeat(bytes)}`);
      expect((await chain.verifier.signalsOf(statement))[0]).to.equal(0n);
      expect(await isProof(statement, chain.proofOf(statement))).to.equal(true);
    });

    it("refuses a proof for another release with the same key, operator, input or output", async () => {
      const statement = chain.statement(release);
      const proof = chain.proofOf(statement);
      const twin = await chain.admitted();
      expect(await chain.verifier.keyOf(twin)).to.equal(await chain.verifier.keyOf(release));
      expect(await isProof({ ...statement, release: twin }, proof)).to.equal(false);
      expect(await isProof({ ...statement, operatorId: 8 }, proof)).to.equal(false);
      const input = patched(statement.input, dataLength(statement.input) - 32, "0x5a");
      expect(await isProof({ ...statement, input }, proof)).to.equal(false);
      const output = patched(statement.output, dataLength(statement.output) - 31, "0x5a");
      expect(await isProof({ ...statement, output }, proof)).to.equal(false);
      expect(await isProof(statement, proof)).to.equal(true);
    });

    it("refuses a proof made for another verifier", async () => {
      const other = await chain.ethers.deployContract("Groth16Verifier", [chain.hub, SINGLE, chain.plonk]);
      const statement = chain.statement(release);
      const foreign = { ...statement, release: await chain.publish({ verifier: await other.getAddress() }) };
      await other.admitKey(foreign.release);
      expect(await other.verify(foreign, chain.proofOf(foreign))).to.equal(false);
    });

    it("refuses encodings of another form, byte by byte", async () => {
      const statement = chain.statement(release);
      const proof = chain.proofOf(statement);
      const refused = async (change: Partial<typeof statement>) => {
        await expect(chain.verifier.verify({ ...statement, ...change }, proof))
          .to.be.revertedWithCustomError(chain.verifier, "StatementFormInvalid")
          .withArgs(release);
      };
      for (const field of ["input", "output"] as const) {
        const whole = statement[field];
        const length = dataLength(whole);
        await refused({ [field]: "0x" });
        await refused({ [field]: dataSlice(whole, 0, length - 1) });
        await refused({ [field]: concat([whole, "0x00"]) });
        for (const at of [31, 63, 95, 127, length - 1]) {
          const byte = getBytes(whole)[at] ?? 0;
          await refused({ [field]: patched(whole, at, hexlify(Uint8Array.of(byte ^ 1))) });
        }
      }
    });

    it("refuses malformed points, and costs no more than its bounds", async () => {
      const statement = chain.statement(release);
      const proof = chain.proofOf(statement);
      const at = (index: number) => BigInt(dataSlice(proof, index * 32, index * 32 + 32));
      const changed = (index: number, value: bigint) => patched(proof, index * 32, word(value));
      const broken = [
        `0x${"00".repeat(256)}`,
        `0x${"ff".repeat(256)}`,
        ...[0, 1, 2, 3, 4, 5, 6, 7].flatMap((index) => [
          changed(index, 0n),
          changed(index, PRIME),
          changed(index, at(index) + PRIME < 2n ** 256n ? at(index) + PRIME : 2n ** 256n - 1n),
          changed(index, (at(index) + 1n) % PRIME),
        ]),
        // Minus A and minus C are points, and no proof.
        changed(1, PRIME - at(1)),
        changed(7, PRIME - at(7)),
        patched(proof, 64, pointOutsideTheGroup()),
        patched(proof, 64, `0x${"00".repeat(128)}`),
      ];
      for (const proof of broken) {
        expect(await chain.verifier.verify(statement, proof, { gasLimit: 700_000 })).to.equal(false);
      }
    });

    it("refuses proofs of another length", async () => {
      const statement = chain.statement(release);
      const proof = chain.proofOf(statement);
      for (const wrong of ["0x", dataSlice(proof, 0, 255), concat([proof, "0x00"]), concat([proof, proof])]) {
        await expect(chain.verifier.verify(statement, wrong))
          .to.be.revertedWithCustomError(chain.verifier, "ProofLengthInvalid")
          .withArgs(dataLength(wrong), 256);
      }
    });

    it("refuses releases without an admitted key", async () => {
      for (const unknown of [await chain.publish(), ZeroHash]) {
        const statement = chain.statement(unknown);
        await expect(chain.verifier.verify(statement, chain.proofOf(statement)))
          .to.be.revertedWithCustomError(chain.verifier, "KeyNotAdmitted")
          .withArgs(unknown);
      }
    });

    it("says nothing when it runs out of gas", async () => {
      const statement = chain.statement(release);
      const proof = chain.proofOf(statement);
      const outcomes = new Set<string>();
      for (let gasLimit = 40_000; gasLimit <= 330_000; gasLimit += 14_500) {
        outcomes.add(
          await chain.verifier.verify(statement, proof, { gasLimit }).then(String, () => "reverted"),
        );
      }
      expect([...outcomes].sort()).to.deep.equal(["reverted", "true"]);
    });
  });

  describe("admitKey", () => {
    const key = knownKeyBlob(GRAPH);
    const refusal = async (given: Parameters<typeof chain.publish>[0], error: string, ...args: unknown[]) => {
      const published = await chain.publish(given);
      const sent = chain.verifier.admitKey(published);
      const values = args.map((value) => (value === "release" ? published : value));
      await expect(sent)
        .to.be.revertedWithCustomError(chain.verifier, error)
        .withArgs(...values);
      expect(await chain.verifier.keyOf(published)).to.equal(ZeroAddress);
    };
    const withHead = (at: number, patch: string) => getBytes(patched(key, HEAD + at, patch));

    it("takes a key once, from anyone", async () => {
      const [, stranger] = await chain.ethers.getSigners();
      const published = await chain.publish();
      const digest = await chain.store.digestOf(key);
      await expect(chain.verifier.connect(stranger).admitKey(published))
        .to.emit(chain.verifier, "KeyAdmitted")
        .withArgs(published, digest, SINGLE);
      expect(await chain.verifier.keyOf(published)).to.equal(await chain.store.addressOf(digest));
      await expect(chain.verifier.admitKey(published))
        .to.be.revertedWithCustomError(chain.verifier, "KeyAlreadyAdmitted")
        .withArgs(published);
    });

    it("refuses releases without a circuit for it", async () => {
      const stranger = `0x${"11".repeat(20)}`;
      await refusal({ verifier: stranger }, "KeyNotCommitted", "release", stranger);
      await expect(chain.verifier.admitKey(ZeroHash)).to.be.revertedWithCustomError(
        chain.hub,
        "ReleaseUnknown",
      );
    });

    it("refuses keys that came about too easily, or as no Groth16 key can", async () => {
      await refusal({ origin: 3 }, "KeyOriginRefused", "release", 3, SINGLE);
      const strict = await provedReleases(CEREMONY);
      const weak = await strict.publish({ origin: SINGLE });
      await expect(strict.verifier.admitKey(weak))
        .to.be.revertedWithCustomError(strict.verifier, "KeyOriginRefused")
        .withArgs(weak, SINGLE, CEREMONY);
      const strong = await strict.admitted({ origin: CEREMONY, key: knownKeyBlob(statementGraph(), HELD) });
      const statement = strict.statement(strong);
      expect(await strict.verifier.verify(statement, strict.proofOf(statement))).to.equal(true);
    });

    it("refuses a key that is not stored, and takes it once it is", async () => {
      const graph = statementGraph(77);
      const absent = knownKeyBlob(graph);
      const published = await chain.publish({ graph, isStored: false });
      await expect(chain.verifier.admitKey(published))
        .to.be.revertedWithCustomError(chain.verifier, "KeyNotStored")
        .withArgs(published, await chain.store.digestOf(absent));
      await (await chain.store.put(absent)).wait();
      await (await chain.verifier.admitKey(published)).wait();
    });

    it("refuses a key of another graph", async () => {
      const graphRoot = `0x${"22".repeat(32)}`;
      await refusal({ graphRoot }, "KeyGraphMismatch", GRAPH.graphRoot, graphRoot);
    });

    it("refuses truncated keys, and keys with more behind them", async () => {
      for (const length of [0, 1, 127, 575])
        await refusal({ key: key.slice(0, length) }, "KeyLengthInvalid", length, SIGNALS);
      for (const length of [576, PARTS, key.length - 8, key.length - 1])
        await refusal({ key: key.slice(0, length) }, "KeyLengthInvalid", length, key.length);
      await refusal({ key: getBytes(concat([key, "0x00"])) }, "KeyLengthInvalid", key.length + 1, key.length);
    });

    it("refuses heads of another format", async () => {
      await refusal({ key: withHead(16, "0x0002") }, "KeyFormatUnknown", 2);
      await refusal({ key: withHead(0, "0x01") }, "KeyTranscriptInvalid", `0x01${"00".repeat(15)}`, SINGLE);
    });

    it("refuses keys with too many or too few signals for the elements", async () => {
      const short = concat([dataSlice(key, 0, PARTS - 64), dataSlice(key, PARTS)]);
      await refusal({ key: getBytes(patched(short, HEAD + 18, "0x0001")) }, "KeySignalsInvalid", 1, 44);
      const long = concat([dataSlice(key, 0, PARTS), dataSlice(key, PARTS - 64)]);
      await refusal({ key: getBytes(patched(long, HEAD + 18, "0x0003")) }, "KeySignalsInvalid", 3, 44);
    });

    it("refuses keys without input or without output", async () => {
      await refusal({ key: withHead(28, "0x00000003") }, "KeyPartInvalid", 0);
      await refusal({ key: withHead(28, "0x00030000") }, "KeyPartInvalid", 2);
      const alone = concat([dataSlice(key, 0, PARTS), dataSlice(key, PARTS, PARTS + 8)]);
      const graph = patched(alone, PARTS + 4, "0x0000002c");
      await refusal({ key: getBytes(patched(graph, HEAD + 28, "0x00010000")) }, "KeySignalsInvalid", 2, 44);
    });

    it("refuses elements outside the encoding, on top of each other, or none", async () => {
      for (const [index, at] of [PARTS, PARTS + 8, PARTS + 16].entries()) {
        await refusal({ key: getBytes(patched(key, at, "0xffffffff")) }, "KeyPartInvalid", index);
        await refusal({ key: getBytes(patched(key, at + 4, "0xffffffff")) }, "KeyPartInvalid", index);
        await refusal({ key: getBytes(patched(key, at + 4, "0x00000000")) }, "KeyPartInvalid", index);
      }
      const first = dataSlice(key, PARTS, PARTS + 4);
      await refusal({ key: getBytes(patched(key, PARTS + 8, first)) }, "KeyPartInvalid", 1);
    });

    it("refuses points off the curve, beyond the field, or zero", async () => {
      for (const at of [ALPHA, SIGNALS, SIGNALS + 64, SIGNALS + 128]) {
        const x = BigInt(dataSlice(key, at, at + 32));
        const refused = async (patch: string) =>
          await refusal({ key: getBytes(patched(key, at, patch)) }, "KeyPointInvalid", at);
        await refused(word(x + 1n));
        await refused(word(x + PRIME));
        await refused(`0x${"00".repeat(64)}`);
      }
      for (const at of [BETA, GAMMA, DELTA]) {
        const x = BigInt(dataSlice(key, at, at + 32));
        const refused = async (patch: string) =>
          await refusal({ key: getBytes(patched(key, at, patch)) }, "KeyPairingInvalid");
        await refused(word((x + 1n) % PRIME));
        await refused(word(x + PRIME));
        await refusal({ key: getBytes(patched(key, at, `0x${"00".repeat(128)}`)) }, "KeyPointInvalid", at);
      }
    });

    it("refuses points of the twist outside the group", async () => {
      const outside = pointOutsideTheGroup();
      for (const at of [BETA, GAMMA, DELTA])
        await refusal({ key: getBytes(patched(key, at, outside)) }, "KeyPairingInvalid");
    });

    it("refuses keys that nobody contributed to: gamma is delta, or its opposite", async () => {
      const gamma = dataSlice(key, GAMMA, GAMMA + 128);
      await refusal({ key: getBytes(patched(key, DELTA, gamma)) }, "KeyForgeable");
      const opposite = [96, 64].reduce((point, at) => {
        const y = BigInt(dataSlice(gamma, at, at + 32));
        return patched(point, at, word(PRIME - y));
      }, gamma);
      await refusal({ key: getBytes(patched(key, DELTA, opposite)) }, "KeyForgeable");
    });
  });
});
