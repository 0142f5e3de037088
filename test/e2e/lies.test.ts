import { expect } from "chai";
import { keccak256, parseEther, type Wallet } from "ethers";
import { type ExactModel, readExactModel } from "../../bench/exactRelease.ts";
import { campaign } from "../fixtures/campaign.ts";
import { INVALID_INPUTS, invalidInput, LIE_NAMES, lie, truthOf, variedInputs } from "../fixtures/lies.ts";
import { type LoggedResult, loggedResults } from "../fixtures/loggedResults.ts";
import { exactModelOf } from "../fixtures/models/exactModel.ts";
import { brightest, rescaled } from "../fixtures/models/make.ts";
import { keyOf, openChallenge } from "../fixtures/prosecution.ts";
import { type Court, deployCourt } from "./fixture/court.ts";
import { type LocalChain, startLocalChain } from "./fixture/localChain.ts";
import { askRequests, LyingOperator, type Told } from "./fixture/lyingOperator.ts";
import { NodeProcess } from "./fixture/nodeProcess.ts";
import { sampleInput } from "./fixture/protocol.ts";

const GRAIN = 10n ** 12n;
const STAKE = parseEther("2000");
const CALLERS = campaign.runs(200, 1_000);
const BATCH = 100;
/** How far the chain's clock goes at each look: a commitment counts after 5 minutes, a bounty is paid after an hour. */
const LOOK_SEC = 60;
const PATIENCE_MS = 180_000;
const FORCED_INCLUSION_SEC = 12 * 3_600;
const DEAD = "http://127.0.0.1:9/model.onnx";

/** A lie that was told, and what must come of it. */
interface Crime {
  title: string;
  liar: LyingOperator;
  /** One a lie. */
  keys: string[];
}

// Liars on a real chain, beside a node that serves honestly, and a node that checks. Nobody else acts.
describe("lies, end to end", function () {
  this.timeout(300_000);

  let chain: LocalChain;
  let court: Court;
  let verifier: NodeProcess;
  let server: NodeProcess;
  let accomplice: Wallet;
  let digits: ExactModel;
  let volatility: ExactModel;
  let slow: ExactModel;
  let large: ExactModel;
  let honestId: number;
  let inputs: Uint8Array[];
  let others: Record<string, bigint>;
  let release: Record<"digits" | "volatility" | "dead" | "slow" | "large" | "float", string>;
  const crimes: Crime[] = [];

  before(async () => {
    chain = await startLocalChain();
    court = await deployCourt(chain);
    accomplice = chain.account(5);
    digits = readExactModel("digits");
    volatility = readExactModel("eth-volatility-1h-exact");
    slow = exactModelOf("rescaled", rescaled(112), [Array.from({ length: 900 }, (_, i) => i - 450)]);
    large = exactModelOf("brightest", brightest(), [
      Array.from({ length: 16_064 }, (_, i) => (i * 7) % 251),
      Array.from({ length: 16_064 }, (_, i) => (i * 11) % 249),
    ]);
    release = {
      digits: await court.publishExact(digits),
      volatility: await court.publishExact(volatility),
      dead: await court.publishExact(digits, DEAD),
      slow: await court.publishExact(slow, DEAD),
      large: await court.publishExact(large, DEAD),
      float: await court.publish(),
    };
    inputs = variedInputs(digits, 64);

    honestId = await court.register(chain.account(1));
    server = new NodeProcess(chain, court, chain.account(1), [release.digits, release.volatility], {
      verifier: { share: 0 },
    });
    verifier = new NodeProcess(chain, court, chain.account(2), [], { roles: ["verifier"] });
    await Promise.all([server.start(), verifier.start({ isReady: false })]);
    await commit();
    others = await court.thirdParties();
    await untilDone(crimes.flatMap(({ keys }) => keys).length);
  });

  after(async () => {
    await Promise.all([server.dispose(), verifier.dispose()]);
    await chain.stop();
  });

  /** A lie about digits, each about another input. */
  function nextLie(of = release.digits): Told {
    const input = inputs.pop() ?? new Uint8Array();
    return { release: of, input, output: lie("the last bit", truthOf(digits, input, volatility)) };
  }

  function truth({ input, ...told }: Told): Told {
    return { ...told, input, output: digits.outputOf(input) };
  }

  /** Notes what a liar gets logged that is not right. @param isLie of what is logged */
  async function crime(
    title: string,
    liar: LyingOperator,
    tell: () => Promise<unknown>,
    isLie: (logged: LoggedResult) => boolean = () => true,
  ): Promise<LoggedResult[]> {
    const from = (await chain.provider.getBlockNumber()) + 1;
    console.log(new Date().toISOString(), title);
    await tell();
    console.log(new Date().toISOString(), "told");
    const logged = (await loggedResults(court, from)).filter(isLie);
    const keys = logged.map(({ signed: { result } }) => {
      const { release: of, codec, inputHash, outputHash } = result;
      return keyOf({ operatorId: liar.operatorId, release: of, codec, inputHash, outputHash });
    });
    crimes.push({ title, liar, keys: [...new Set(keys)] });
    return logged;
  }

  async function commit(): Promise<void> {
    if (process.env.ONLY === undefined) {
      await everyLie();
      await circumstances();
    }
    await hiding();
    if (process.env.ONLY === undefined) await longComputations();
  }

  /** One lie of each kind, half of them to requests and half inside a transaction, and answers to what has none. */
  async function everyLie(): Promise<void> {
    const names = [...LIE_NAMES.map((name) => ({ name })), ...INVALID_INPUTS.map((problem) => ({ problem }))];
    const all = names.map((kind): Told => {
      const { input, output } = truth(nextLie());
      if ("problem" in kind)
        return { release: release.digits, input: invalidInput(kind.problem, input), output };
      const told = lie(kind.name, truthOf(digits, input, volatility));
      return { release: release.digits, input, output: told };
    });
    const enlist = () => LyingOperator.enlist(court, { stake: "1000000" });
    const [inside, asked] = [await enlist(), await enlist()];
    const half = (turn: number) => all.filter((_, index) => index % 2 === turn);
    await crime("every second lie, inside a transaction", inside, () => inside.tellInTransaction(half(0)));
    await crime("the other lies, to requests", asked, () => asked.tellRequests(half(1)));
  }

  async function circumstances(): Promise<void> {
    const toMany = await LyingOperator.enlist(court);
    const same = nextLie();
    await crime(`the same lie to ${CALLERS} callers`, toMany, async () => {
      for (let told = 0; told < CALLERS; told += BATCH)
        await toMany.tellRequests(Array.from({ length: BATCH }, () => same));
    });
    const dead = await LyingOperator.enlist(court);
    await crime("a lie about a model that no server has any more", dead, () =>
      dead.tellInTransaction([nextLie(release.dead)]),
    );
    const poor = await LyingOperator.enlist(court, { stake: "1000" });
    await crime("a lie with the least stake behind it, on its way out at once", poor, async () => {
      await poor.tellInTransaction([nextLie()]);
      await (await court.operators.unbond(poor.operatorId, parseEther("1000"))).wait();
    });
    const big = await LyingOperator.enlist(court);
    const [input = new Uint8Array()] = large.inputs;
    const output = lie("the last bit", truthOf(large, input, digits));
    await crime("a lie about 16 KiB", big, () =>
      big.tellRequests([{ release: release.large, input, output }]),
    );
  }

  async function hiding(): Promise<void> {
    const inBundle = await LyingOperator.enlist(court);
    const bundle = [nextLie(), nextLie(), nextLie(), nextLie()];
    const mostlyTrue = bundle.map((told, index) => (index === 2 ? told : truth(told)));
    await crime(
      "a lie in a bundle of right answers",
      inBundle,
      () => inBundle.tellInTransaction(mostlyTrue),
      ({ output }) => output === toHex(bundle[2]?.output),
    );
    const besideFloat = await LyingOperator.enlist(court);
    const float = { release: release.float, input: sampleInput(), output: sampleInput() };
    const hidden = nextLie();
    await crime(
      "a lie beside the answer of a float model",
      besideFloat,
      async () => {
        await besideFloat.tellRequests([float]);
        const knowsIt = async () => ((await checks())?.checked.unmeasured ?? 0) > 0;
        await verifier.until(knowsIt, "the verifier knows that the release is approximate", PATIENCE_MS);
        await besideFloat.tellRequests([float, hidden]);
      },
      ({ signed }) => signed.result.release === release.digits,
    );
    const twins = [await LyingOperator.enlist(court), await LyingOperator.enlist(court)];
    const words = nextLie();
    const validUntil = (await chain.timestamp()) + 600;
    for (const [index, twin] of twins.entries()) {
      await crime(`the same words from operator ${index + 1} of two`, twin, () =>
        twin.tellInTransaction([words], { isPublic: true, validUntil }),
      );
    }
    // What was loaded and never used is known by the hash of its input alone.
    const twoKeys = await LyingOperator.enlist(court);
    const [, second] = court.users;
    const said = nextLie();
    await twoKeys.tellUnused([said]);
    await twoKeys.rotate();
    await crime("two answers from two keys of one operator, to an input that nobody shows", twoKeys, () =>
      twoKeys.tellUnused([truth(said)], second && { payer: second }),
    );
    const last = crimes.at(-1);
    if (last !== undefined) last.keys = [await higherKey(twoKeys, said)];
    // … until somebody asks the same.
    const unused = await LyingOperator.enlist(court);
    const later = nextLie();
    await crime("an unused lie about an input that an honest node is asked for later", unused, () =>
      unused.tellUnused([later]),
    );
    const [opened] = await askRequests(court, [later, truth(nextLie())], honestId);
    if (opened !== undefined) await server.reaches(opened.id, "fulfilled");
  }

  async function longComputations(): Promise<void> {
    const [input = new Uint8Array()] = slow.inputs;
    const right = slow.outputOf(input);
    const output = lie("the last bit", { right, toAnotherInput: right, ofAnotherRelease: right });
    const told = { release: release.slow, input, output };
    const shielded = await LyingOperator.enlist(court);
    await crime("a lie that takes long to compute, which an accomplice accused to let it lapse", shielded, async () => {
      const from = (await chain.provider.getBlockNumber()) + 1;
      await shielded.tellInTransaction([told]);
      const [logged] = await loggedResults(court, from);
      if (logged !== undefined) await openChallenge(court, accomplice, logged);
    });
  }

  /** Key under which two answers to one input are punished. */
  async function higherKey(liar: LyingOperator, said: Told): Promise<string> {
    const hashes = [said.output, truth(said).output].map((output) => keccak256(output)).sort();
    const { operatorId } = liar;
    const { release: of, input } = said;
    return keyOf({
      operatorId,
      release: of,
      codec: 1,
      inputHash: keccak256(input),
      outputHash: hashes[1] ?? "",
    });
  }

  /** Lets the chain's time pass until the verifier has brought so many disputes to their end. */
  async function untilDone(count: number): Promise<void> {
    let state = "";
    const isDone = async () => {
      await chain.pass(LOOK_SEC);
      const { disputes, recentDisputes, backlog } = (await checks()) ?? {};
      if (Math.random() < 0.05) console.log(new Date().toISOString(), JSON.stringify(disputes), backlog, await chain.provider.getBlockNumber());
      state = JSON.stringify({ disputes, backlog, recentDisputes }, null, 1);
      return disputes?.done === count;
    };
    await verifier.until(isDone, `${count} disputes are done`, PATIENCE_MS).catch((error: unknown) => {
      console.log(state);
      throw error;
    });
  }

  /** What the verifier says of itself; undefined while the machine is too busy for it to say anything. */
  async function checks() {
    return await verifier.status().then(
      (status) => status.verifier,
      () => undefined,
    );
  }

  async function stakeOf({ operatorId }: LyingOperator): Promise<bigint> {
    const { amount } = await court.operators.unbondingOf(operatorId);
    return (await court.operators.standingById(operatorId)).stake * GRAIN + amount;
  }

  it("finds every one of them without a human", async () => {
    const missed: string[] = [];
    for (const { title, keys } of crimes) {
      for (const key of keys) if (!(await court.disputes.isPunished(key))) missed.push(title);
    }
    expect(missed).to.deep.equal([]);
  });
});

function toHex(bytes: Uint8Array = new Uint8Array()): string {
  return `0x${Buffer.from(bytes).toString("hex")}`;
}
