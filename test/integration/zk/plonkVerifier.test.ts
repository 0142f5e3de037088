import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { concat, dataLength, dataSlice, getBytes, hexlify, keccak256, toBeHex, ZeroAddress } from "ethers";
import { readProtocolParameters, requirePublicPowers } from "../../../deploy/protocolParameters.ts";
import { answerGas, calldataGas } from "../../../offchain-runner/src/chain/gasModel.ts";
import { evmProof } from "../../../offchain-runner/src/zk/evmPoints.ts";
import { keyBlob } from "../../../offchain-runner/src/zk/keyBlob.ts";
import { LOCAL_POWERS_ID } from "../../../offchain-runner/src/zk/localPowers.ts";
import { setUpUniversal } from "../../../offchain-runner/src/zk/plonk.ts";
import { gatesOf, powerOfGates } from "../../../offchain-runner/src/zk/plonkGates.ts";
import { localPowerFor, localPowers } from "../../../offchain-runner/src/zk/powersOfTau.ts";
import { prove } from "../../../offchain-runner/src/zk/proofSystem.ts";
import { bindingOf, publicSignals, statementForm } from "../../../offchain-runner/src/zk/statement.ts";
import { encodeTensors } from "../../../sdk/src/tensorCodec.ts";
import { CircuitBench, graphOfSteps } from "../../fixtures/zk/circuits.ts";
import { ORDER, PRIME, proofBytes } from "../../fixtures/zk/knownKey.ts";
import { knownPlonkBlob, knownPowers, plonkProvedAnyhow, ROOT } from "../../fixtures/zk/knownPlonkKey.ts";
import { pointOutsideTheGroup } from "../../fixtures/zk/outsidePoint.ts";
import {
  CEREMONY,
  type PublishedKey,
  patched,
  provedReleases,
  SINGLE,
  type Statement,
  statementGraph,
  UNIVERSAL,
  word,
} from "../../fixtures/zk/provedReleases.ts";

const POWERS = fileURLToPath(new URL("../../../cache/zk", import.meta.url));
const [HEAD, COMMITMENTS, PERMUTATIONS, SECRET, ROOT_AT, PARTS] = [96, 128, 448, 640, 768, 800];
/** Of the perpetual powers of tau, as Hermez prepared them and many verifiers have it; imaginary parts first. */
const PUBLIC_SECRET = [
  17231025384763736816414546592865244497437017442647097510447326538965263639101n,
  21831381940315734285607113342023901060522397560371972897001948545212302161822n,
  11507326595632554467052522095592665270651932854513688777769618397986436103170n,
  2388026358213174446665280700919698872609886601280537296205114254867301080648n,
];
const PAIRING = toBeHex(8, 20);
const TRANSACTION_GAS = 21_000n;
const POINTS = 9;
const VALUES = 6;
const GRAPH = statementGraph();

describe("PlonkVerifier", () => {
  let chain: Awaited<ReturnType<typeof provedReleases>>;
  let verifier: (typeof chain)["plonk"];
  let address: string;
  let release: string;

  before(async () => {
    chain = await provedReleases();
    verifier = chain.plonk;
    address = await verifier.getAddress();
    release = await admitted();
  });

  const publish = (given: PublishedKey = {}) =>
    chain.publish({
      key: knownPlonkBlob(given.graph ?? GRAPH),
      verifier: address,
      origin: UNIVERSAL,
      ...given,
    });
  const admitted = async (given: PublishedKey = {}): Promise<string> => {
    const published = await publish(given);
    await (await verifier.admitKey(published)).wait();
    return published;
  };
  const signalsOf = (statement: Statement, { root } = GRAPH) => {
    const { operatorId, release } = statement;
    const binding = bindingOf({ operatorId, chainId: chain.chainId, verifier: address, release });
    return publicSignals(root, getBytes(statement.input), getBytes(statement.output), binding);
  };
  const proofOf = (statement: Statement, graph = GRAPH, seed?: bigint) =>
    plonkProvedAnyhow(signalsOf(statement, graph), seed);

  describe("verify", () => {
    it("computes the signals that the prover's side computes", async () => {
      for (const bytes of [1, 12, 13, 30, 200]) {
        const graph = statementGraph(bytes);
        const other = await admitted({ graph });
        const statement = chain.statement(other, graph);
        expect(await verifier.signalsOf(statement)).to.deep.equal(signalsOf(statement, graph));
        expect(await verifier.verify(statement, proofOf(statement, graph))).to.equal(true);
      }
    });

    it("accepts proofs of the statement, and none of another", async () => {
      for (let seed = 1; seed <= 4; seed++) {
        const statement = chain.statement(release, GRAPH, seed);
        expect(await verifier.verify(statement, proofOf(statement, GRAPH, BigInt(seed)))).to.equal(true);
        const next = chain.statement(release, GRAPH, seed + 1);
        expect(await verifier.verify(statement, proofOf(next))).to.equal(false);
      }
    });

    it("is what the verifier of the mode hands proofs of this length to", async () => {
      const statement = chain.statement(release);
      const proof = proofOf(statement);
      expect(await chain.verifier.PLONK()).to.equal(address);
      expect(await chain.verifier.verify(statement, proof)).to.equal(true);
      expect(await chain.verifier.verify({ ...statement, operatorId: 8 }, proof)).to.equal(false);
      const input = concat([statement.input, "0x00"]);
      await expect(chain.verifier.verify({ ...statement, input }, proof))
        .to.be.revertedWithCustomError(verifier, "StatementFormInvalid")
        .withArgs(release);
      // Each release is of one of them.
      const other = await chain.admitted();
      await expect(chain.verifier.verify(chain.statement(other), proof))
        .to.be.revertedWithCustomError(verifier, "KeyNotAdmitted")
        .withArgs(other);
      await expect(chain.verifier.verify(statement, dataSlice(proof, 0, 256)))
        .to.be.revertedWithCustomError(chain.verifier, "KeyNotAdmitted")
        .withArgs(release);
    });

    it("takes proofs of a real circuit without constants, whose commitment to them is zero", async function () {
      this.timeout(120_000);
      const bench = new CircuitBench();
      try {
        const place = { dtype: "uint8" as const, shape: [1] };
        const ends = { inputs: [{ ...place, offset: 0 }], outputs: [{ ...place, offset: 0 }] };
        const { circuit, graph, r1cs } = await bench.build(
          graphOfSteps({ steps: [], arenaWords: 1, ...ends }),
        );
        const powers = await localPowers(localPowerFor(powerOfGates(gatesOf(r1cs))), POWERS, bench.prover);
        const keys = await setUpUniversal(circuit, powers, join(bench.folder, "key.zkey"), bench.prover);
        const key = keyBlob(graph, keys.verifyingKey);
        expect(dataSlice(key, PERMUTATIONS - 64, PERMUTATIONS)).to.equal(`0x${"00".repeat(64)}`);
        const copied = await admitted({ graph, key });
        const { operatorId, signer } = chain.statement(release);
        const bytes = encodeTensors([{ ...place, data: Uint8Array.of(211) }]);
        const statement = {
          release: copied,
          operatorId,
          signer,
          input: hexlify(bytes),
          output: hexlify(bytes),
        };
        const binding = bindingOf({ operatorId, chainId: chain.chainId, verifier: address, release: copied });
        const work = { circuit, keys, root: graph.root };
        const { proof } = await prove(work, { input: bytes, binding }, bench.prover);
        const sent = proofBytes(evmProof(proof));
        expect(await verifier.verify(statement, sent)).to.equal(true);
        expect(await verifier.verify({ ...statement, operatorId: operatorId + 1 }, sent)).to.equal(false);
      } finally {
        await bench.stop();
      }
    });

    it("refuses a proof for another release with the same key, operator, input or output", async () => {
      const statement = chain.statement(release);
      const proof = proofOf(statement);
      const twin = await admitted();
      expect(await verifier.keyOf(twin)).to.equal(await verifier.keyOf(release));
      expect(await verifier.verify({ ...statement, release: twin }, proof)).to.equal(false);
      expect(await verifier.verify({ ...statement, operatorId: 8 }, proof)).to.equal(false);
      const input = patched(statement.input, dataLength(statement.input) - 32, "0x5a");
      expect(await verifier.verify({ ...statement, input }, proof)).to.equal(false);
      const output = patched(statement.output, dataLength(statement.output) - 31, "0x5a");
      expect(await verifier.verify({ ...statement, output }, proof)).to.equal(false);
      expect(await verifier.verify(statement, proof)).to.equal(true);
    });

    it("refuses a proof made for another verifier or another chain", async () => {
      const statement = chain.statement(release);
      const { operatorId } = statement;
      const bound = { operatorId, chainId: chain.chainId, verifier: address, release };
      for (const change of [{ chainId: 1n }, { verifier: await chain.verifier.getAddress() }]) {
        const binding = bindingOf({ ...bound, ...change });
        const { input, output } = statement;
        const signals = publicSignals(GRAPH.root, getBytes(input), getBytes(output), binding);
        expect(await verifier.verify(statement, plonkProvedAnyhow(signals))).to.equal(false);
      }
    });

    it("refuses a proof of which any part is changed", async () => {
      const statement = chain.statement(release);
      const proof = proofOf(statement);
      const other = proofOf(statement, GRAPH, 23n);
      for (let i = 0; i < POINTS; i++) {
        const at = i * 64;
        const y = BigInt(dataSlice(proof, at + 32, at + 64));
        const zero = `0x${"00".repeat(64)}`;
        // Of another proof; minus the point; zero, which is a point; its neighbour.
        const changes = [
          dataSlice(other, at, at + 64),
          zero,
          dataSlice(proof, (at + 64) % 576, ((at + 64) % 576) + 64),
        ];
        for (const change of changes)
          expect(await verifier.verify(statement, patched(proof, at, change))).to.equal(false);
        expect(await verifier.verify(statement, patched(proof, at + 32, word(PRIME - y)))).to.equal(false);
      }
      for (let i = 0; i < VALUES; i++) {
        const at = POINTS * 64 + i * 32;
        const value = BigInt(dataSlice(proof, at, at + 32));
        for (const change of [(value + 1n) % ORDER, ORDER - value, 0n])
          expect(await verifier.verify(statement, patched(proof, at, word(change)))).to.equal(false);
      }
    });

    it("refuses a proof of which a bit is changed", async () => {
      const statement = chain.statement(release);
      const proof = getBytes(proofOf(statement));
      for (let at = 0; at < proof.length; at += 5) {
        const changed = proof.with(at, (proof[at] ?? 0) ^ (1 << (at % 8)));
        expect(await verifier.verify(statement, changed), `byte ${at}`).to.equal(false);
      }
    });

    it("refuses points off the curve and numbers beyond their field, and costs no more than its bounds", async () => {
      const statement = chain.statement(release);
      const proof = proofOf(statement);
      const changed = (at: number, value: bigint) => patched(proof, at, word(value));
      const broken = [`0x${"00".repeat(768)}`, `0x${"ff".repeat(768)}`];
      for (let at = 0; at < POINTS * 64; at += 32) {
        const value = BigInt(dataSlice(proof, at, at + 32));
        broken.push(
          changed(at, (value + 1n) % PRIME),
          changed(at, PRIME),
          changed(at, 0n),
          changed(at, value + PRIME),
        );
      }
      for (let at = POINTS * 64; at < 768; at += 32) {
        const value = BigInt(dataSlice(proof, at, at + 32));
        // The same number, written otherwise.
        broken.push(changed(at, value + ORDER), changed(at, 2n ** 256n - 1n));
      }
      for (const proof of broken)
        expect(await verifier.verify(statement, proof, { gasLimit: 1_000_000 })).to.equal(false);
    });

    it("refuses proofs whose polynomials are zero, with any values", async () => {
      const statement = chain.statement(release);
      for (const value of [0n, 1n, ORDER - 1n]) {
        const values = concat(Array.from({ length: VALUES }, () => word(value)));
        const points = `0x${"00".repeat(POINTS * 64)}`;
        expect(await verifier.verify(statement, concat([points, values]))).to.equal(false);
        const generators = concat(Array.from({ length: POINTS }, () => concat([word(1n), word(2n)])));
        expect(await verifier.verify(statement, concat([generators, values]))).to.equal(false);
      }
    });

    it("refuses openings that make up for each other, which a batch that binds them alone would take", async () => {
      const statement = chain.statement(release);
      const proof = proofOf(statement);
      // Both openings negated, swapped, or the same.
      const [first, second] = [dataSlice(proof, 448, 512), dataSlice(proof, 512, 576)];
      for (const [one, two] of [
        [second, first],
        [first, first],
        [second, second],
      ] as const)
        expect(await verifier.verify(statement, patched(proof, 448, concat([one, two])))).to.equal(false);
    });

    it("refuses proofs of another length", async () => {
      const statement = chain.statement(release);
      const proof = proofOf(statement);
      for (const wrong of ["0x", dataSlice(proof, 0, 767), concat([proof, "0x00"])]) {
        await expect(verifier.verify(statement, wrong))
          .to.be.revertedWithCustomError(verifier, "ProofLengthInvalid")
          .withArgs(dataLength(wrong), 768);
      }
      await expect(verifier.verify(chain.statement(await publish()), proof)).to.be.revertedWithCustomError(
        verifier,
        "KeyNotAdmitted",
      );
    });

    it("takes the gas that a node reckons with, and not much less", async () => {
      for (const bytes of [1, 256, 2_000]) {
        const graph = statementGraph(bytes);
        const other = await admitted({ graph });
        const statement = chain.statement(other, graph);
        const proof = proofOf(statement, graph);
        const { data } = await verifier.verify.populateTransaction(statement, proof);
        const whole = await chain.ethers.provider.estimateGas({ to: address, data });
        const used = Number(whole - TRANSACTION_GAS - calldataGas(data).standard);
        const answer = { callbackGas: 0, outputBytes: dataLength(statement.output) };
        const signals = signalsOf(statement, graph).length;
        const check = { system: "plonk" as const, signals, inputBytes: dataLength(statement.input) };
        const reckoned = Number(answerGas({ ...answer, proof: check }) - answerGas(answer));
        expect(reckoned, `${bytes} bytes: ${used}`).to.be.within(used, 1.3 * used);
      }
    });

    it("calls no proof wrong for want of gas", async () => {
      const statement = chain.statement(release);
      const proof = proofOf(statement);
      const outcomes = new Set<string>();
      for (let gasLimit = 60_000; gasLimit <= 360_000; gasLimit += 7_000)
        outcomes.add(await verifier.verify(statement, proof, { gasLimit }).then(String, () => "reverted"));
      // Never "false": that a proof was not looked at says nothing about it.
      expect([...outcomes]).to.have.members(["true", "reverted"]);
    });
  });

  describe("admitKey", () => {
    const key = knownPlonkBlob(GRAPH);
    const refusal = async (given: PublishedKey, error: string, ...args: unknown[]) => {
      const published = await publish(given);
      const values = args.map((value) => (value === "release" ? published : value));
      await expect(verifier.admitKey(published))
        .to.be.revertedWithCustomError(verifier, error)
        .withArgs(...values);
      expect(await verifier.keyOf(published)).to.equal(ZeroAddress);
    };
    const withKey = (at: number, patch: string) => ({ key: getBytes(patched(key, at, patch)) });

    it("takes a key once, from anyone", async () => {
      const [, stranger] = await chain.ethers.getSigners();
      const published = await publish();
      const digest = await chain.store.digestOf(key);
      await expect(verifier.connect(stranger).admitKey(published))
        .to.emit(verifier, "KeyAdmitted")
        .withArgs(published, digest, UNIVERSAL);
      await expect(verifier.admitKey(published))
        .to.be.revertedWithCustomError(verifier, "KeyAlreadyAdmitted")
        .withArgs(published);
    });

    it("refuses keys on powers of tau that it was not deployed with, however sound", async () => {
      const TIMES_7_AT = { powers: [`0x${"11".repeat(32)}`], none: [] };
      for (const powers of Object.values(TIMES_7_AT)) {
        const other = await chain.ethers.deployContract("PlonkVerifier", [chain.hub, powers]);
        const published = await publish({ verifier: await other.getAddress() });
        expect(await other.isAccepted(knownPowers())).to.equal(false);
        await expect(other.admitKey(published))
          .to.be.revertedWithCustomError(other, "PowersNotAccepted")
          .withArgs(published, knownPowers());
      }
      expect(await verifier.isAccepted(knownPowers())).to.equal(true);
    });

    it("refuses releases that commit to another verifier, another origin, or another graph", async () => {
      const groth16 = await chain.verifier.getAddress();
      await refusal({ verifier: groth16 }, "KeyNotCommitted", "release", groth16);
      for (const origin of [SINGLE, CEREMONY] as const)
        await refusal({ origin }, "KeyOriginRefused", "release", origin, UNIVERSAL);
      const graphRoot = `0x${"22".repeat(32)}`;
      await refusal({ graphRoot }, "KeyGraphMismatch", GRAPH.graphRoot, graphRoot);
      const graph = statementGraph(78);
      const absent = await publish({ graph, isStored: false });
      await expect(verifier.admitKey(absent))
        .to.be.revertedWithCustomError(verifier, "KeyNotStored")
        .withArgs(absent, await chain.store.digestOf(knownPlonkBlob(graph)));
    });

    it("refuses truncated keys, longer ones, and those of Groth16", async () => {
      for (const length of [0, 127, PARTS - 1])
        await refusal({ key: key.slice(0, length) }, "KeyLengthInvalid", length, PARTS);
      await refusal({ key: key.slice(0, -8) }, "KeyLengthInvalid", key.length - 8, key.length);
      await refusal({ key: getBytes(concat([key, "0x00"])) }, "KeyLengthInvalid", key.length + 1, key.length);
      await refusal(withKey(HEAD + 16, "0x0001"), "KeyFormatUnknown", 1);
      const { input } = statementForm(GRAPH.root);
      expect(input.parts.length).to.equal(2);
      await refusal(withKey(PARTS, "0xffffffff"), "KeyPartInvalid", 0);
      await refusal(withKey(HEAD + 18, "0x0003"), "KeySignalsInvalid", 3, 44);
    });

    it("refuses rows that the field has no root for, and roots that are none of theirs", async () => {
      for (const power of [0, 1, 2, 29, 255])
        await refusal(withKey(HEAD + 15, hexlify(Uint8Array.of(power))), "KeyPowerInvalid", power);
      await refusal(withKey(HEAD, "0x01"), "KeyPowerInvalid", 2n ** 120n + 10n);
      for (const power of [9, 11])
        await refusal(withKey(HEAD + 15, `0x${power.toString(16).padStart(2, "0")}`), "KeyRootInvalid", ROOT);
      for (const root of [0n, 1n, ORDER - 1n, (ROOT * ROOT) % ORDER, ROOT + ORDER, 2n ** 256n - 1n])
        await refusal(withKey(ROOT_AT, word(root)), "KeyRootInvalid", root);
    });

    it("refuses points off the curve, beyond the field, or zero", async () => {
      for (let at = COMMITMENTS; at < SECRET; at += 64) {
        const x = BigInt(dataSlice(key, at, at + 32));
        // Only a selector may be zero: no gate may need it.
        const zero = at < PERMUTATIONS ? [] : [`0x${"00".repeat(64)}`];
        for (const patch of [word(x + 1n), word(x + PRIME), ...zero])
          await refusal(withKey(at, patch), "KeyPointInvalid", at);
      }
      const outside = pointOutsideTheGroup();
      const x = BigInt(dataSlice(key, SECRET, SECRET + 32));
      for (const patch of [outside, word((x + 1n) % PRIME), word(x + PRIME), `0x${"00".repeat(128)}`])
        await refusal(withKey(SECRET, patch), "KeyPairingInvalid");
      // Even where it was deployed with such a point.
      const lax = await chain.ethers.deployContract("PlonkVerifier", [chain.hub, [keccak256(outside)]]);
      const published = await publish({ ...withKey(SECRET, outside), verifier: await lax.getAddress() });
      await expect(lax.admitKey(published)).to.be.revertedWithCustomError(lax, "KeyPairingInvalid");
    });

    it("is deployed on Base Sepolia with powers whose secret's point is of the group", async () => {
      const { proofs } = await readProtocolParameters("deploy/parameters/base-sepolia.json5");
      const secret = PUBLIC_SECRET.map(word);
      expect(proofs.acceptedPowers).to.deep.equal([keccak256(concat(secret))]);
      // e(G, secret) · e(−G, secret) = 1, which the precompile computes of points of the groups alone.
      const pairs = concat([word(1n), word(2n), ...secret, word(1n), word(PRIME - 2n), ...secret]);
      const answer = await chain.ethers.provider.call({ to: PAIRING, data: pairs });
      expect(BigInt(answer)).to.equal(1n);
      expect(proofs.acceptedPowers).not.to.include(LOCAL_POWERS_ID);
      const parameters = await readProtocolParameters("deploy/parameters/local.json5");
      expect(parameters.proofs.acceptedPowers).to.deep.equal([LOCAL_POWERS_ID]);
      expect(() => requirePublicPowers(parameters))
        .to.throw()
        .with.property("code", "parameters-invalid");
    });

    it("knows cosets that never meet, whatever the rows", () => {
      const power = (base: bigint, exponent: bigint): bigint => {
        let result = 1n;
        for (const bit of exponent.toString(2))
          result = (result * result * (bit === "1" ? base : 1n)) % ORDER;
        return result;
      };
      const half = power(2n, ORDER - 2n);
      for (const quotient of [2n, 3n, (3n * half) % ORDER])
        expect(power(quotient, 2n ** 28n)).not.to.equal(1n);
    });
  });
});
