import { appendResults } from "@opg-network/sdk/carriedResults";
import { packCover } from "@opg-network/sdk/cover";
import { resultHash } from "@opg-network/sdk/inferenceResult";
import type { PreexecuteResponse } from "@opg-network/sdk/nodeApi";
import { askPreexecution, NodeAnswerError } from "@opg-network/sdk/nodeClient";
import { expect } from "chai";
import { dataSlice, getAddress, hexlify, parseEther, type Wallet, ZeroHash } from "ethers";
import { type ExactModel, readExactModel } from "../../bench/exactRelease.ts";
import { variedInputs } from "../fixtures/lies.ts";
import { loggedResults } from "../fixtures/loggedResults.ts";
import { type Court, deployCourt } from "./fixture/court.ts";
import { type LocalChain, startLocalChain } from "./fixture/localChain.ts";
import { NodeProcess } from "./fixture/nodeProcess.ts";

const PRICE = parseEther("0.1");
/** What `CarryingConsumer.askInsured` insures, and half a percent of it. */
const COVER = parseEther("100");
const PREMIUM = parseEther("0.5");
/** For each unit of cover 7/3 more are locked, to burn. */
const LOCK = (COVER * 10n) / 3n;
const GRAIN = 10n ** 12n;
const BENEFICIARY = getAddress("0x00000000000000000000000000000000000c0fe5");

describe("cover, end to end: a node that insures what it answers", function () {
  this.timeout(120_000);

  let chain: LocalChain;
  let court: Court;
  let node: NodeProcess;
  let user: Wallet;
  let digits: ExactModel;
  let release: string;
  let operatorId: number;
  let inputs: Uint8Array[];

  before(async () => {
    chain = await startLocalChain();
    court = await deployCourt(chain);
    digits = readExactModel("digits");
    release = await court.publishExact(digits);
    inputs = variedInputs(digits, 16);
    [user] = court.users as [Wallet];
    operatorId = await court.register(chain.account(1), { stake: "4000" });
    const { Pipe, InferenceRequests } = court.addresses;
    for (const coverer of [Pipe, InferenceRequests])
      await (await court.operators.setCoverPercent(operatorId, coverer, 25)).wait();
    node = new NodeProcess(chain, court, chain.account(1), [release], {
      cover: { rateBps: 50, perResult: "150", perPayer: "200", total: "250" },
      verifier: { share: 0 },
    });
    await node.start();
  });

  after(async () => {
    await node.dispose();
    await chain.stop();
  });

  const nextInput = (): Uint8Array => inputs.pop() ?? new Uint8Array();

  async function preexecute(data: string): Promise<PreexecuteResponse> {
    const call = { from: user.address, to: await court.asker.getAddress(), data: data as "0x" };
    return askPreexecution(
      node.url,
      { chainId: 31_337, call, carry: "appended", deadlineMs: 10_000 },
      { chainId: 31_337, fetch, timeoutMs: 10_000, signal: new AbortController().signal, identity: user },
    );
  }

  /** The call that asks for that much cover. */
  function insured(amount: bigint, input: Uint8Array, maxFee = parseEther("10")): string {
    const query = {
      ...{ release, codec: 1, cover: packCover({ amount, beneficiary: BENEFICIARY }), modes: 1 },
      ...{ operatorId: 0, maxFee, minStake: 0n, input: hexlify(input) },
    };
    return court.asker.interface.encodeFunctionData("askAny", [query]);
  }

  async function refusal(data: string): Promise<NodeAnswerError> {
    const error = await preexecute(data).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(NodeAnswerError);
    return error as NodeAnswerError;
  }

  it("insures an inference inside a transaction, at its rate, and the stake is locked", async () => {
    const { operators, pipe, addresses, asker } = court;
    const input = nextInput();
    const call = asker.interface.encodeFunctionData("askInsured", [release, 7, hexlify(input)]);
    const given = await preexecute(call);
    expect(given).to.include({ complete: true, totalFee: PRICE + PREMIUM });
    const { balance } = await pipe.budgetOf(user, asker);
    const from = (await chain.provider.getBlockNumber()) + 1;
    const data = appendResults(call, given.results);
    const gasLimit = (given.gasUsed * 12n) / 10n;
    await (await user.sendTransaction({ to: asker, data, gasLimit })).wait();

    expect(balance - (await pipe.budgetOf(user, asker)).balance).to.equal(PRICE + PREMIUM);
    expect(await asker.answers(7)).to.equal(dataSlice(digits.outputOf(input), 0, 32));
    const [event] = await pipe.queryFilter(pipe.filters.Insured(asker, release, user), from);
    expect([event?.args.amount, event?.args.input]).to.deep.equal([COVER, hexlify(input)]);
    expect(await operators.lockedBy(operatorId, addresses.Pipe)).to.equal(roundedUp(LOCK));
    // Out of logs alone: what was signed, and that it insures the caller.
    const [logged] = await loggedResults(court, from);
    expect(logged?.input).to.equal(hexlify(input));
    const { result } = logged?.signed ?? { result: undefined };
    expect(result?.maxCover).to.equal(COVER);
    expect(result?.context).to.not.equal(ZeroHash);
    const cover = await operators.coverOf(operatorId, addresses.Pipe, result ? resultHash(result) : ZeroHash);
    expect([cover.amount, cover.beneficiary]).to.deep.equal([COVER, user.address]);
    await node.until(
      async () => (await node.status()).pipe?.consumed === 1,
      "the node sees that it was used",
    );
  });

  it("leaves to others what is beyond its limits, one result's and one payer's, and signs nothing for it", async () => {
    for (const amount of ["151", "101"]) {
      const given = await preexecute(insured(parseEther(amount), nextInput()));
      expect(given, amount).to.include({ complete: false, totalFee: 0n });
      expect(given.missing.map(({ cover }) => cover?.amount)).to.deep.equal([parseEther(amount)]);
    }
  });

  it("refuses half a cover, and one that the price leaves no room for", async () => {
    expect(await refusal(insured(0n, nextInput()))).to.include({ code: "cover-refused" });
    const short = insured(parseEther("50"), nextInput(), PRICE + PREMIUM / 2n - GRAIN);
    expect(await refusal(short)).to.include({ code: "fee-above-maximum" });
  });

  it("insures the answer to a request that pays for it, and only to such a one", async () => {
    const { operators, requests, addresses } = court;
    const cover = packCover({ amount: COVER, beneficiary: BENEFICIARY });
    const cheap = { cover, fee: PRICE + PREMIUM - GRAIN, callbackGas: 0, lane: 1 };
    const declined = await court.opened(await court.open(release, cheap, nextInput()));
    const paid = { cover, fee: PRICE + PREMIUM, callbackGas: 0, lane: 2 };
    const input = nextInput();
    const opened = await court.opened(await court.open(release, paid, input));
    expect(opened.request.cover).to.deep.equal({ amount: COVER, beneficiary: BENEFICIARY });
    await node.reaches(opened.id, "fulfilled");
    expect(await node.job(declined.id)).to.include({ state: "declined", reason: "fee-too-low" });

    const events = await requests.queryFilter(requests.filters.RequestInsured(opened.id, BENEFICIARY));
    expect(events).to.have.length(1);
    expect(await operators.lockedBy(operatorId, addresses.InferenceRequests)).to.equal(roundedUp(LOCK));
    const logged = (await loggedResults(court)).find(({ signed }) => signed.result.context === opened.id);
    expect(logged).to.include({ input: hexlify(input), output: hexlify(digits.outputOf(input)) });
    expect(logged?.signed.result.maxCover).to.equal(COVER);
  });

  it("declines a request for more than it insures, and waits where its stake is used up", async () => {
    const { operators, addresses } = court;
    const cover = (amount: string) => packCover({ amount: parseEther(amount), beneficiary: BENEFICIARY });
    const asked = { fee: parseEther("5"), callbackGas: 0 };
    const large = await court.opened(
      await court.open(release, { ...asked, cover: cover("151"), lane: 3 }, nextInput()),
    );
    await node.until(
      async () => (await node.job(large.id))?.reason === "cover-above-limit",
      "the request is declined",
    );
    const filling = { ...asked, cover: cover("150"), lane: 4 };
    const filled = await court.opened(await court.open(release, filling, nextInput()));
    await node.reaches(filled.id, "fulfilled");
    const left = await operators.coverableBy(operatorId, addresses.InferenceRequests);
    expect(left).to.be.lessThan(parseEther("60"));
    const waiting = { ...asked, cover: cover("60"), lane: 5 };
    const open = await court.opened(await court.open(release, waiting, nextInput()));
    await node.until(
      async () => (await node.job(open.id))?.reason === "cover-exhausted",
      "the request waits for cover",
    );
    expect(await court.stateOf(open)).to.equal("open");
  });
});

/** Locks are whole grains. */
function roundedUp(lock: bigint): bigint {
  return ((lock + GRAIN - 1n) / GRAIN) * GRAIN;
}
