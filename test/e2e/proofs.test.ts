import { readFileSync } from "node:fs";
import { appendResults, decodeBundles } from "@opg-network/sdk/carriedResults";
import type { InferenceQuery } from "@opg-network/sdk/inferenceQuery";
import { queryStruct } from "@opg-network/sdk/inferenceQuery";
import { demandOf } from "@opg-network/sdk/keyOrigin";
import type { PreexecuteResponse } from "@opg-network/sdk/nodeApi";
import { askPreexecution, askQuote } from "@opg-network/sdk/nodeClient";
import { expect } from "chai";
import { AbiCoder, dataLength, getBytes, hexlify, isCallException, parseEther, type Wallet } from "ethers";
import { expectedAnswerGas } from "../../offchain-runner/src/chain/gasModel.ts";
import { createKeyRegistry } from "../../offchain-runner/src/chain/keyRegistry.ts";
import { PlonkVerifier__factory } from "../../types/factories/contracts/verifiers/PlonkVerifier__factory.ts";
import type { MadeKeys } from "../fixtures/zk/keysFolder.ts";
import type { LocalChain } from "./fixture/localChain.ts";
import { startLocalChain } from "./fixture/localChain.ts";
import { NodeProcess } from "./fixture/nodeProcess.ts";
import type { OpenedRequest } from "./fixture/protocol.ts";
import type { ProvingProtocol } from "./fixture/provedRelease.ts";
import { deployProving, fourBytes, sumOf } from "./fixture/provedRelease.ts";

const [VANILLA, ZK] = [0, 1];
const [ONLY_ZK, BOTH] = [0b10, 0b11];
const PIPE_FEE = parseEther("0.1");
const ZK_FEE = parseEther("0.3");
const CHAIN_ID = 31_337;
const UNIVERSAL = demandOf("universal");
const NO_BLOB = `0x${"0".repeat(40)}`;
/** Of a proof of PLONK. */
const UNIVERSAL_BYTES = 768;
/** At the most, what the node reckons with beside what it takes. */
const GENEROUS = 1.3;
/** At the most, what it lets a transaction take. */
const LIMIT = 1.6;
const PATIENCE_MS = 60_000;

describe("node end to end: proofs", function () {
  this.timeout(300_000);

  let chain: LocalChain;
  let protocol: ProvingProtocol;
  let node: NodeProcess;
  let payer: Wallet;
  let release: string;
  /** Published with a key that is not of its graph. */
  let misfit: string;

  before(async () => {
    chain = await startLocalChain();
    protocol = await deployProving(chain);
    release = await protocol.publishProved("sum");
    misfit = await protocol.publishProved("doubled-sum", { weight: 2 });
    await protocol.register(chain.account(1));
    payer = chain.account(4);
    await protocol.fund(payer, protocol.asker, "100");
    const served = { minFee: "0.1", zkFee: "0.3", modes: ["VANILLA", "ZK"], proofs: protocol.keys.folder };
    node = new NodeProcess(chain, protocol, chain.account(1), [], {
      serve: [release, misfit].map((each) => ({ ...served, release: each })),
    });
    await node.start({ isReady: false });
    await standing(release, "ready");
  });

  after(async () => {
    await node.dispose();
    await chain.stop();
    protocol.dispose();
  });

  afterEach(() => chain.resumeMining());

  /** Waits until mode ZK of a release is said to be so. */
  async function standing(id: string, status: string, of = node): Promise<void> {
    await of.until(
      async () => (await of.status()).releases.find((each) => each.id === id)?.zk?.status === status,
      `mode ZK is ${status}`,
      PATIENCE_MS,
    );
  }

  /** A node that has just started makes a first proof before others. */
  async function reaches(id: string, state: string, of = node): Promise<void> {
    await of.until(async () => (await of.job(id))?.state === state, `${id} is ${state}`, PATIENCE_MS);
  }

  async function open(values: [number, number, number, number], terms: object = {}): Promise<OpenedRequest> {
    const hash = await protocol.open(release, { mode: ZK, ...terms }, fourBytes(...values));
    return await protocol.opened(hash);
  }

  /** Process id of the prover. */
  function prover(): number {
    const found = node
      .children()
      .find((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("prover"));
    if (found === undefined) throw new Error("the node has no prover");
    return found;
  }

  /** Opens a request while the prover is held, and waits until its proof is under way. */
  async function openHeld(
    values: [number, number, number, number],
  ): Promise<{ held: number; opened: OpenedRequest }> {
    const [held, runs] = [prover(), node.logged("inference done").length];
    process.kill(held, "SIGSTOP");
    const opened = await open(values);
    await node.until(() => node.logged("inference done").length > runs, "the model has run", PATIENCE_MS);
    await reaches(opened.id, "running");
    return { held, opened };
  }

  function query(
    values: [number, number, number, number],
    overrides: Partial<InferenceQuery> = {},
  ): InferenceQuery {
    return {
      ...{ release, codec: 1, modes: ONLY_ZK, operatorId: 0, maxFee: parseEther("1"), minStake: 0n },
      input: hexlify(fourBytes(...values)),
      ...overrides,
    };
  }

  const dataFor = (asked: InferenceQuery): `0x${string}` =>
    protocol.asker.interface.encodeFunctionData("askAny", [queryStruct(asked)]) as `0x${string}`;

  async function preexecute(asked: InferenceQuery, of = node): Promise<PreexecuteResponse> {
    const call = { from: payer.address, to: await protocol.asker.getAddress(), data: dataFor(asked) };
    return askPreexecution(
      of.url,
      { chainId: CHAIN_ID, call, carry: "appended" },
      { chainId: CHAIN_ID, fetch, timeoutMs: 20_000, signal: new AbortController().signal, identity: payer },
    );
  }

  async function quoted(asked: InferenceQuery, of = node) {
    const { input, ...terms } = asked;
    const queries = [{ ...terms, inputBytes: getBytes(input).length }];
    const options = { chainId: CHAIN_ID, fetch, timeoutMs: 5_000, signal: new AbortController().signal };
    const [offer] = (await askQuote(of.url, { queries }, options)).offers;
    return offer;
  }

  it("has the key admitted that nobody admitted yet, and says what a proof takes", async () => {
    expect(await protocol.verifier.keyOf(release)).to.not.equal(NO_BLOB);
    const { proofs } = await node.status();
    expect(proofs).to.include({ provers: 1, running: 0, requests: 0, calls: 0 });
    expect(proofs?.expectedMs[release]).to.be.greaterThan(0);
    expect(await (await node.get("/health")).json()).to.have.nested.property(`proofs.expectedMs.${release}`);
    expect(await (await node.get("/metrics")).text()).to.match(/opg_proof_expected_seconds\{release="0x/);
  });

  it("refuses to prove with keys of another circuit, and serves that release otherwise", async () => {
    const [, other] = (await node.status()).releases;
    expect(other).to.deep.include({ id: misfit, status: "ready" });
    expect(other?.zk).to.include({ status: "refused", problem: "proof-key-mismatch" });
    const { reasons } = await node.status();
    expect(reasons).to.deep.equal([`proofs-not-ready:${misfit}:proof-key-mismatch`]);

    const proved = await protocol.opened(
      await protocol.open(misfit, { mode: ZK, lane: 7 }, fourBytes(1, 2, 3, 4)),
    );
    await reaches(proved.id, "declined");
    expect((await node.job(proved.id))?.reason).to.equal("proof-key-mismatch");
    const signed = await protocol.opened(await protocol.open(misfit, { lane: 8 }, fourBytes(1, 2, 3, 4)));
    await reaches(signed.id, "fulfilled");
    // What allows both gets the first that is configured, and what must be proved gets nothing else.
    expect(await quoted(query([1, 2, 3, 4], { release: misfit, modes: BOTH }))).to.include({ mode: VANILLA });
    expect(await quoted(query([1, 2, 3, 4], { release: misfit }))).to.deep.include({
      error: { code: "proof-not-ready" },
    });
    expect(await preexecute(query([1, 2, 3, 4], { release: misfit }))).to.include({ complete: false });
  });

  it("answers a request with a proof, and one beside it without", async () => {
    await chain.stopMining();
    const hashes = [
      await protocol.open(release, { mode: ZK, lane: 1 }, fourBytes(9, 8, 7, 6)),
      await protocol.open(release, { lane: 2 }, fourBytes(9, 8, 7, 6)),
    ];
    await chain.mine();
    await chain.resumeMining();
    for (const hash of hashes) {
      const { id } = await protocol.opened(hash);
      await reaches(id, "fulfilled");
      expect(await protocol.consumer.answers(id)).to.equal(hexlify(sumOf(9, 8, 7, 6)));
    }
    expect(await (await node.get("/metrics")).text()).to.match(/opg_proofs_total\{end="made"\} [1-9]/);
  });

  it("declines what cannot be proved for the fee or in the time", async () => {
    const cheap = await open([1, 1, 1, 1], { fee: parseEther("0.2"), lane: 3 });
    await reaches(cheap.id, "declined");
    expect((await node.job(cheap.id))?.reason).to.equal("fee-too-low");
    const now = await chain.timestamp();
    const soon = await open([1, 1, 1, 2], { fullFeeUntil: now + 2, deadline: now + 3, lane: 4 });
    await reaches(soon.id, "declined");
    expect((await node.job(soon.id))?.reason).to.equal("deadline-unreachable");
  });

  it("carries a proof in the transaction that asks", async () => {
    const asked = query([5, 5, 5, 5]);
    const offer = await quoted(asked);
    expect(offer).to.include({ mode: ZK, fee: ZK_FEE });
    expect(offer).to.have.nested.property("proof.running", 0);
    const given = await preexecute(asked);
    expect(given).to.include({ complete: true, totalFee: ZK_FEE });
    const [result] = decodeBundles(given.results)[0]?.results ?? [];
    expect(result).to.include({ mode: ZK, output: hexlify(sumOf(5, 5, 5, 5)) });
    const [input, proof] = AbiCoder.defaultAbiCoder().decode(["bytes", "bytes"], result?.proof ?? "0x");
    expect([input, getBytes(proof).length]).to.deep.equal([asked.input, 256]);

    const data = appendResults(dataFor(asked), given.results);
    const gasLimit = (given.gasUsed * 12n) / 10n;
    const sent = await payer.sendTransaction({ to: protocol.asker, data, gasLimit });
    expect((await sent.wait())?.status).to.equal(1);

    const plain = await preexecute(query([5, 5, 5, 5], { modes: BOTH }));
    expect(plain).to.include({ complete: true, totalFee: PIPE_FEE });
    expect(plain.inferences[0]).to.include({ mode: VANILLA });
  });

  it("proves again when the prover is killed over it", async () => {
    const { held, opened } = await openHeld([2, 2, 2, 2]);
    process.kill(held, "SIGKILL");
    await node.until(() => node.logged("inference failed").length === 1, "the proof fails", PATIENCE_MS);
    await reaches(opened.id, "fulfilled");
    expect(await protocol.events("RequestFulfilled", opened.id)).to.have.length(1);
  });

  it("loses nothing and signs nothing else when it is killed over a proof, or over its answer", async () => {
    const { held, opened } = await openHeld([3, 3, 3, 3]);
    await node.kill();
    process.kill(held, "SIGKILL");
    await chain.stopMining();
    await node.start({ isReady: false });
    await reaches(opened.id, "submitting");
    // What it compiled before it has not compiled again.
    expect(node.logged("compiling a circuit")).to.have.length(1);
    await node.kill();
    await node.start({ isReady: false });
    await node.until(
      () => node.logged("transaction taken up again").length === 1,
      "it is taken up",
      PATIENCE_MS,
    );
    // It may have been killed before the chain knew of it, and tell it now.
    await chain.resumeMining();
    await chain.mine();
    await reaches(opened.id, "fulfilled");
    expect(await protocol.events("RequestFulfilled", opened.id)).to.have.length(1);
    expect(await protocol.consumer.answers(opened.id)).to.equal(hexlify(sumOf(3, 3, 3, 3)));
  });

  describe("with keys of origin universal", () => {
    let made: MadeKeys;
    let universal: string;
    let prover: NodeProcess;
    /** Has keys of Groth16 of the same graph instead. */
    let mistaken: NodeProcess;

    before(async () => {
      made = await protocol.universalKeys();
      universal = await protocol.publishProved("sum-universal", { made });
      const served = { release: universal, minFee: "0.1", zkFee: "0.3", modes: ["ZK"] };
      const open = async (account: number, proofs: string): Promise<NodeProcess> => {
        const signer = chain.account(account);
        await protocol.register(signer);
        return new NodeProcess(chain, protocol, signer, [], { serve: [{ ...served, proofs }] });
      };
      prover = await open(2, made.folder);
      mistaken = await open(3, protocol.keys.folder);
      await Promise.all([prover, mistaken].map((each) => each.start({ isReady: false })));
      await standing(universal, "ready", prover);
    });

    after(async () => {
      await prover.dispose();
      await mistaken.dispose();
    });

    const nameOf = (error: unknown) =>
      isCallException(error) ? protocol.requests.interface.parseError(error.data ?? "0x")?.name : error;

    /** A request whose answer nobody is called back with. */
    const ask = async (values: [number, number, number, number], terms: object) =>
      await protocol.opened(
        await protocol.open(
          universal,
          { mode: ZK | UNIVERSAL, callbackGas: 0, ...terms },
          fourBytes(...values),
        ),
      );

    it("has the key admitted by the verifier of its proof system", async () => {
      expect(await protocol.plonk.keyOf(universal)).to.not.equal(NO_BLOB);
      expect(await protocol.verifier.keyOf(universal)).to.equal(NO_BLOB);
      const admitted = () => prover.logged("admission of a proof key ended").length > 0;
      await prover.until(admitted, "the node has admitted it", PATIENCE_MS);
    });

    it("answers a request that demands them, for the gas that it reckoned with", async () => {
      const refused = protocol.open(release, { mode: ZK | UNIVERSAL }, fourBytes(1, 1, 1, 1));
      expect(await refused.catch(nameOf)).to.equal("KeyOriginTooLow");
      const called = await ask([1, 2, 3, 4], { callbackGas: 400_000, lane: 21 });
      await reaches(called.id, "fulfilled", prover);
      expect(await protocol.consumer.answers(called.id)).to.equal(hexlify(sumOf(1, 2, 3, 4)));

      // Another, since the first one writes what stays from then on.
      const { id } = await ask([9, 8, 7, 6], { lane: 20 });
      await reaches(id, "fulfilled", prover);
      const [fulfilled] = await protocol.events("RequestFulfilled", id);
      const hash = fulfilled?.transactionHash ?? "";
      const sent = await chain.provider.getTransaction(hash);
      const receipt = await chain.provider.getTransactionReceipt(hash);
      if (sent === null || receipt === null) throw new Error("the answer is not in a transaction");
      expect(dataLength(sent.data)).to.be.greaterThan(UNIVERSAL_BYTES);
      const used = Number(receipt.gasUsed);
      const reckoned = expectedAnswerGas({
        ...{ callbackGas: 0, outputBytes: sumOf(9, 8, 7, 6).length },
        proof: { system: "plonk", signals: 1, inputBytes: fourBytes(9, 8, 7, 6).length },
      });
      expect(Number(reckoned)).to.be.within(used, GENEROUS * used);
      expect(Number(sent.gasLimit)).to.be.within(used, LIMIT * used);
    });

    it("carries a proof in the transaction that demands them", async () => {
      const asked = query([5, 5, 5, 5], { release: universal, modes: ONLY_ZK | UNIVERSAL });
      expect(await quoted(asked, prover)).to.include({ mode: ZK, fee: ZK_FEE });
      const given = await preexecute(asked, prover);
      expect(given).to.include({ complete: true, totalFee: ZK_FEE });
      const [result] = decodeBundles(given.results)[0]?.results ?? [];
      expect(result).to.include({ mode: ZK, output: hexlify(sumOf(5, 5, 5, 5)) });
      const [input, proof] = AbiCoder.defaultAbiCoder().decode(["bytes", "bytes"], result?.proof ?? "0x");
      expect([input, dataLength(proof)]).to.deep.equal([asked.input, UNIVERSAL_BYTES]);

      const data = appendResults(dataFor(asked), given.results);
      const gasLimit = (given.gasUsed * 12n) / 10n;
      const sent = await payer.sendTransaction({ to: protocol.asker, data, gasLimit });
      const receipt = await sent.wait();
      expect(receipt?.status).to.equal(1);
      const used = Number(receipt?.gasUsed);
      expect(Number(given.gasUsed)).to.be.within(used, GENEROUS * used);
      // Others than these do not do.
      expect(await quoted({ ...asked, release })).to.deep.include({ error: { code: "key-origin-too-low" } });
    });

    it("says by name why the verifier would refuse a key", async () => {
      const powerless = await new PlonkVerifier__factory(chain.account(0)).deploy(protocol.hub, []);
      const verifier = await powerless.getAddress();
      const other = await protocol.publishProved("sum-of-other-powers", { made, verifier });
      const registry = createKeyRegistry(protocol as never, chain.provider);
      expect(await registry.refusal(verifier, other)).to.equal("PowersNotAccepted");
    });

    it("refuses to prove with keys of Groth16 of the same circuit", async () => {
      await standing(universal, "refused", mistaken);
      const [served] = (await mistaken.status()).releases;
      expect(served?.zk).to.include({ problem: "proof-key-mismatch" });
      const { reasons } = await mistaken.status();
      expect(reasons).to.include(`proofs-not-ready:${universal}:proof-key-mismatch`);
      const { id } = await ask([4, 4, 4, 4], { lane: 22 });
      await reaches(id, "declined", mistaken);
      expect((await mistaken.job(id))?.reason).to.equal("proof-key-mismatch");
      const asked = query([4, 4, 4, 4], { release: universal, modes: ONLY_ZK | UNIVERSAL });
      expect(await quoted(asked, mistaken)).to.deep.include({ error: { code: "proof-not-ready" } });
    });
  });
});
