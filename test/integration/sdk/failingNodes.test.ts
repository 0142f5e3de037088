import type { CarriedResult, ResultBundle } from "@opg-network/sdk/carriedResults";
import { NetworkError } from "@opg-network/sdk/errors";
import { NODE_PATHS } from "@opg-network/sdk/nodeApi";
import type { NodeReport } from "@opg-network/sdk/pipeError";
import { PipeSigner, type PipeSignerOptions } from "@opg-network/sdk/pipeSigner";
import { expect } from "chai";
import { keccak256, parseEther, toBeHex, Wallet } from "ethers";
import { FEE, type PipeNetworkFixture, startPipeNetwork } from "../../fixtures/pipeNetwork.ts";
import { fail, type Script, type ScriptedNode } from "../../fixtures/scriptedNode.ts";

const INPUT = "0xfeed";

/** One that has no place in the network. */
const stranger = new Wallet(keccak256("0x99"));

const edited =
  (edit: Partial<CarriedResult>) =>
  (result: CarriedResult): CarriedResult => ({ ...result, ...edit });

describe("PipeSigner among nodes that fail", () => {
  let world: PipeNetworkFixture;
  let good: ScriptedNode;
  /** Cheaper, and so asked first. */
  let bad: ScriptedNode;

  before(async () => {
    world = await startPipeNetwork();
    bad = await world.addNode({ fee: FEE / 2n });
    good = await world.addNode();
  });
  after(async () => await world.stop());
  afterEach(() => {
    bad.script = {};
    good.script = {};
    bad.calls.length = 0;
    good.calls.length = 0;
  });

  const signerOf = (options: Partial<PipeSignerOptions> = {}, wallet = world.user) =>
    new PipeSigner(wallet, {
      network: world.addresses,
      maxFee: parseEther("1"),
      slowAfterMs: 400,
      ...options,
    });
  const ask = async (signer = signerOf(), input = INPUT) =>
    await world.consumer.connect(signer).ask(world.release, 1, input);

  /** What both nodes failing in this way ends in; nothing may have been sent. */
  async function failure(script: Script, signer = signerOf()): Promise<NetworkError> {
    bad.script = script;
    good.script = script;
    return await refused(() => ask(signer));
  }

  async function refused(act: () => Promise<unknown>): Promise<NetworkError> {
    const nonce = await world.user.getNonce();
    try {
      await act();
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      expect(await world.user.getNonce(), "something was sent").to.equal(nonce);
      return error;
    }
    throw new Error("it went through");
  }

  const codesOf = (error: NetworkError) =>
    (error.data["reports"] as NodeReport[]).map(({ code, message }) =>
      code === "node-answer-refused" ? (message.split(": ").at(-1) as string) : code,
    );

  it("takes the best offer by price", async () => {
    const before = (await world.pipe.budgetOf(world.user, world.consumer)).balance;
    await (await ask()).wait();
    const { balance } = await world.pipe.budgetOf(world.user, world.consumer);
    expect(before - balance).to.equal(FEE / 2n);
    expect(good.asked(NODE_PATHS.preexecute)).to.equal(0);
  });

  it("judges by another score when given one", async () => {
    await (await ask(signerOf({ score: ({ offer }) => -Number(offer.fee) }))).wait();
    expect(bad.asked(NODE_PATHS.preexecute)).to.equal(0);
  });

  const overcome: Record<string, Script> = {
    "cuts the connection": { before: (path) => (path === NODE_PATHS.preexecute ? "die" : undefined) },
    "is full": {
      before: (path, response) => {
        if (path !== NODE_PATHS.preexecute) return undefined;
        fail(response, 429, "no-capacity");
        return "answered";
      },
    },
    "answers with something else": {
      before: (path, response) => {
        if (path !== NODE_PATHS.preexecute) return undefined;
        response.end("<html>");
        return "answered";
      },
    },
    "sends on to elsewhere": {
      before: (path, response) => {
        if (path !== NODE_PATHS.preexecute) return undefined;
        response.writeHead(307, { location: "http://127.0.0.1:1/" }).end();
        return "answered";
      },
    },
    "lies about its fee": { result: edited({ fee: FEE }) },
    "signs with a stranger's key": { signature: () => stranger.signingKey.sign(keccak256("0x")).serialized },
  };
  for (const [what, script] of Object.entries(overcome)) {
    it(`turns to another node when the first ${what}`, async () => {
      bad.script = script;
      await (await ask()).wait();
      expect(bad.asked(NODE_PATHS.preexecute)).to.equal(1);
      expect(good.asked(NODE_PATHS.preexecute)).to.equal(1);
      expect(await world.consumer.answers(1)).to.equal(keccak256(INPUT));
    });
  }

  it("asks a second node beside a slow one, and takes what comes first", async () => {
    let release = (): void => undefined;
    const held = new Promise<undefined>((resolve) => {
      release = () => resolve(undefined);
    });
    bad.script = { before: (path) => (path === NODE_PATHS.preexecute ? held : undefined) };
    await (await ask()).wait();
    expect(good.asked(NODE_PATHS.preexecute)).to.equal(1);
    release();
  });

  const lies: Record<string, Script> = {
    "signer-wrong": { signature: () => stranger.signingKey.sign(keccak256("0x")).serialized },
    "not-asked-for": { result: edited({ inputHash: keccak256("0x00") }) },
    "fee-above-offer": { result: edited({ fee: FEE * 2n }) },
    "totals-wrong": { response: (response) => ({ ...response, totalFee: 0n }) },
    expired: { bundle: (bundle) => ({ ...bundle, validUntil: bundle.validUntil - 590 }) },
    "valid-too-long": { bundle: (bundle) => ({ ...bundle, validUntil: bundle.validUntil + 4_000 }) },
    "results-malformed": { response: (response) => ({ ...response, results: `${response.results}00` }) },
    "nothing-new": { response: (response) => ({ ...response, results: "0x", totalFee: 0n }) },
  };
  for (const [refusal, script] of Object.entries(lies)) {
    it(`sends nothing when every answer is refused: ${refusal}`, async () => {
      const error = await failure(script);
      expect(error.code).to.equal("all-nodes-failed");
      expect(codesOf(error)).to.deep.equal([refusal, refusal]);
    });
  }

  it("tells what each node says that the contract says to its answer, where that is bytes", async () => {
    for (const [said, told] of [
      ["0x08c379a0", "0x08c379a0"],
      ["too low", undefined],
      [7, undefined],
    ]) {
      const { data } = await failure({
        before: (path, response) => {
          if (path !== NODE_PATHS.preexecute) return undefined;
          fail(response, 422, "call-reverts", "The call reverts", { data: said });
          return "answered";
        },
      });
      const reports = data["reports"] as NodeReport[];
      expect(reports.map(({ code, revertData }) => [code, revertData])).to.deep.equal([
        ["call-reverts", told],
        ["call-reverts", told],
      ]);
    }
  });

  const bundleLies: Record<string, [string, Script]> = {
    "another release": [
      "not-asked-for",
      { result: (result) => ({ ...result, release: world.otherRelease }) },
    ],
    "another consumer": [
      "not-asked-for",
      { bundle: (bundle) => ({ ...bundle, consumer: stranger.address }) },
    ],
    "another payer": ["signer-wrong", { payer: () => stranger.address }],
    "a mode that was not asked for": ["mode-not-allowed", { result: edited({ mode: 2 }) }],
    "a result more in the bundle": [
      "not-asked-for",
      { bundle: (bundle) => ({ ...bundle, results: [...bundle.results, ...padding(bundle)] }) },
    ],
    "a bundle more": ["not-asked-for", { more: (bundle) => [{ ...bundle, results: padding(bundle) }] }],
    "the same bundle twice": ["not-asked-for", { more: (bundle) => [bundle] }],
  };
  for (const [what, [refusal, script]] of Object.entries(bundleLies)) {
    it(`sees through ${what}`, async () => {
      expect(codesOf(await failure(script))).to.deep.equal([refusal, refusal]);
    });
  }

  for (const isSplitting of [false, true])
    it(`sees through padding of a chain, ${isSplitting ? "one bundle a round" : "all in one bundle"}`, async () => {
      const [one, other] = [bad, good];
      for (const node of [one, other]) {
        node.options.isSplitting = isSplitting;
        node.script = {
          bundle: (bundle) => ({ ...bundle, results: [...bundle.results, ...padding(bundle)] }),
        };
      }
      const error = await refused(() => world.consumer.connect(signerOf()).askChain(world.release, INPUT));
      expect(codesOf(error)).to.deep.equal(["not-asked-for", "not-asked-for"]);
      for (const node of [one, other]) {
        node.script = {};
        delete node.options.isSplitting;
      }
    });

  it("takes a chain in one bundle and in one a round, in a tail and through the executor", async () => {
    for (const isSplitting of [false, true])
      for (const carry of ["appended", "executor"] as const) {
        bad.options.isSplitting = isSplitting;
        const input = isSplitting ? "0x01" : "0x02";
        await (await world.consumer.connect(signerOf({ carry })).askChain(world.release, input)).wait();
        expect(await world.consumer.answers(0)).to.equal(keccak256(keccak256(input)));
      }
    expect(good.asked(NODE_PATHS.preexecute)).to.equal(0);
    delete bad.options.isSplitting;
  });

  it("refuses the answer of an operator that was taken out of service meanwhile", async () => {
    const snapshot = await world.chain.snapshot();
    bad.script = {
      before: async (path) => {
        if (path === NODE_PATHS.preexecute)
          await (await world.protocol.operators.revokeSigner(bad.options.signer)).wait();
        return undefined;
      },
    };
    await (await ask()).wait();
    expect(good.asked(NODE_PATHS.preexecute)).to.equal(1);
    await world.chain.revert(snapshot);
  });

  it("hands what one node gave to another for the rest", async () => {
    const [first, second] = [bad.options, good.options];
    first.serves = (release) => release === world.release;
    second.serves = (release) => release === world.otherRelease;
    const signer = signerOf();
    await (
      await world.consumer.connect(signer).askEach(world.release, ["0x0a", "0x0b"], world.otherRelease)
    ).wait();
    expect(await world.consumer.answers(1)).to.equal(keccak256("0x0b"));
    expect([bad, good].map((node) => node.asked(NODE_PATHS.preexecute))).to.deep.equal([1, 1]);
    delete first.serves;
    delete second.serves;
  });

  it("does not let a node change what another gave", async () => {
    bad.options.serves = (release) => release === world.release;
    good.options.serves = (release) => release === world.otherRelease;
    good.script = { response: (response) => ({ ...response, results: `0x${response.results.slice(4)}` }) };
    const contract = world.consumer.connect(signerOf());
    const error = await refused(() => contract.askEach(world.release, ["0x0a", "0x0b"], world.otherRelease));
    expect(codesOf(error)).to.include("earlier-results-changed");
    delete bad.options.serves;
    delete good.options.serves;
  });

  it("refuses to pay more than its cap, before any node works", async () => {
    const error = await refused(() => ask(signerOf({ maxFee: FEE / 4n })));
    expect(error.code).to.equal("fee-above-cap");
    expect(error.data).to.deep.equal({ required: FEE / 2n, cap: FEE / 4n });
    expect(bad.asked(NODE_PATHS.preexecute)).to.equal(0);
  });

  it("refuses a chain that costs more than its cap in all", async () => {
    const contract = world.consumer.connect(signerOf({ maxFee: (FEE * 3n) / 4n }));
    const error = await refused(() => contract.askChain(world.release, INPUT));
    expect(codesOf(error)).to.include("fee-above-cap");
  });

  it("says what has to be deposited or set aside", async () => {
    const poor = world.chain.account(3);
    const budget = await refused(() => ask(signerOf({}, poor)));
    expect(budget.code).to.equal("payer-cannot-pay");
    expect(budget.data).to.deep.equal({
      kind: "budget",
      payer: poor.address,
      consumer: world.consumerAddress,
      available: 0n,
      required: FEE / 2n,
    });
    const balance = await refused(() => ask(signerOf({ carry: "executor" }, poor)));
    expect(balance.data).to.deep.include({ kind: "balance", available: 0n, required: FEE / 2n });
  });

  it("says when nobody serves a release, and why each node did not", async () => {
    bad.options.serves = () => false;
    good.options.serves = () => false;
    expect(codesOf(await refused(() => ask()))).to.deep.equal(["nothing-offered", "nothing-offered"]);
    delete bad.options.serves;
    delete good.options.serves;
    const unserved = await world.protocol.publish({ name: "unserved" });
    const error = await refused(() => world.consumer.connect(signerOf()).ask(unserved, 1, INPUT));
    expect(error.code).to.equal("no-node-serves");
  });

  it("stops when it is told to", async () => {
    const stop = new AbortController();
    bad.script = {
      before: () => {
        stop.abort(new NetworkError("stopped", "stopped by the test"));
        return "die";
      },
    };
    expect((await refused(() => ask(signerOf({ signal: stop.signal })))).code).to.equal("stopped");
  });
});

/** A result that nobody asked for. */
function padding({ results }: Omit<ResultBundle, "signature">): CarriedResult[] {
  return results.slice(0, 1).map((result) => ({ ...result, inputHash: toBeHex(7, 32) }));
}
