import { type FunctionFragment, type Interface, type JsonRpcApiProvider, Result } from "ethers";
import type { Finding } from "./finding.ts";
import type { Translation } from "./replica.ts";

/** What changes with use. Every other view without arguments has to say what it said right after the deployment. */
const MOVES: ReadonlySet<string> = new Set([
  "clock",
  "getAllTasks",
  "isConsumingScheduledOp",
  "isExecuting",
  // The beneficiary's, to hand on.
  "VestingWallet.owner",
  "operatorCount",
  "pausedUntil",
  "taskCount",
  "totalSupply",
  "unburned",
]);

/** Views with arguments that hold parameters too. */
const WITH_ARGUMENTS: Readonly<Record<string, readonly (readonly [name: string, argument: number])[]>> = {
  ProofSettlement: [
    ["verifierOf", 0],
    ["verifierOf", 1],
    ["verifierOf", 2],
  ],
  TokenGenesis: [0, 1, 2, 3, 4, 5, 6].map((bucket) => ["walletOf", bucket] as const),
  Operators: [
    ["slashTermsOf", 0],
    ["slashTermsOf", 1],
  ],
};

type Caller = Pick<JsonRpcApiProvider, "call">;

export interface ViewComparison {
  contract: string;
  /** What to call it, where there are several. */
  label?: string;
  abi: Interface;
  here: { provider: Caller; address: string };
  there: { provider: Caller; address: string };
}

/** Every view that holds a parameter or a link, against the replica's. */
export async function checkViews(
  { contract, label = contract, abi, here, there }: ViewComparison,
  translation: Translation,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [fragment, values] of comparedViews(contract, abi)) {
    const data = abi.encodeFunctionData(fragment, values);
    const read = async ({ provider, address }: ViewComparison["here"]) =>
      abi.decodeFunctionResult(fragment, await provider.call({ to: address, data }));
    const subject = `${label}.${fragment.name}${values.length === 0 ? "" : `(${values.join(", ")})`}`;
    const expected = printed(await read(there), (value) => translation.of(value));
    // Of code that is something else, a view may not even answer.
    const actual = await read(here).then(
      (answer) => printed(answer, (value) => value),
      () => "no answer",
    );
    if (actual !== expected) findings.push({ kind: "value-differs", subject, expected, actual });
  }
  return findings;
}

function comparedViews(contract: string, abi: Interface): (readonly [FunctionFragment, readonly number[]])[] {
  const plain: (readonly [FunctionFragment, readonly number[]])[] = [];
  abi.forEachFunction((fragment) => {
    const isView = fragment.stateMutability === "view" || fragment.stateMutability === "pure";
    const moves = MOVES.has(fragment.name) || MOVES.has(`${contract}.${fragment.name}`);
    if (isView && fragment.inputs.length === 0 && !moves) plain.push([fragment, []]);
  });
  const more = (WITH_ARGUMENTS[contract] ?? []).flatMap(([name, argument]) => {
    const fragment = abi.getFunction(name);
    return fragment === null ? [] : [[fragment, [argument]] as const];
  });
  return [...plain, ...more];
}

export function printed(value: unknown, translate: (value: string) => string): string {
  if (value instanceof Result) {
    const items = value.toArray().map((item) => printed(item, translate));
    return items.length === 1 ? String(items[0]) : `[${items.join(", ")}]`;
  }
  return typeof value === "string" ? translate(value) : String(value);
}
