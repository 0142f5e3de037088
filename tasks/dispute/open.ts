import { formatOpg } from "@opg-network/sdk/opg";
import { CODEC_TENSORS } from "@opg-network/sdk/tensorCodec";
import { formatEther } from "ethers";
import { computationGas, MAX_TRANSACTION_GAS } from "../../offchain-runner/src/chain/gasModel.ts";
import { bytes32Argument } from "../arguments.ts";
import { CommandError } from "../commandError.ts";
import type { Report, Value } from "../report.ts";
import type { Session } from "../session.ts";
import { eventOf, send } from "../transaction.ts";
import { type Grade, type GradedResult, gradedResults } from "./gradedResult.ts";

export interface OpenArguments {
  transaction: string;
  check: boolean;
  yes: boolean;
}

const MEANING: Record<Grade, string> = {
  right: "right: the model gives this output",
  wrong: "WRONG: the model gives another output, or none for this input",
  approximate: "approximate: nobody can be slashed for its floats",
  "input-unknown": "its input is in no log, so it cannot be computed again",
  "not-signed": "the signature does not cover what the logs show",
  "not-accountable": "wrong, but its signer answers for nothing any more",
};

export async function open(args: OpenArguments, session: Session): Promise<Report> {
  const hash = bytes32Argument("transaction", args.transaction);
  const receipt = await session.connection.ethers.provider.getTransactionReceipt(hash);
  if (receipt === null) throw new CommandError("transaction-unknown", { transaction: hash });
  session.say(`Rebuilding what was signed in ${hash} from its logs, and computing it again`);
  const graded = await gradedResults(session, receipt);
  if (graded.length === 0) throw new CommandError("not-a-fulfilment", { transaction: hash });
  for (const { grade, evidence } of graded)
    session.say(`${evidence.signed.result.release} by ${evidence.signer}: ${MEANING[grade]}`);
  const wrong = graded.filter(({ grade }) => grade === "wrong");
  const results = graded.map(({ grade, evidence, key }) => ({
    grade,
    release: evidence.signed.result.release,
    signer: evidence.signer,
    key: key ?? null,
  }));
  if (args.check)
    return { lines: [`${wrong.length} of ${graded.length} result(s) wrong`], value: { results } };
  if (wrong.length === 0)
    throw new CommandError("nothing-wrong", { transaction: hash, results: graded.length });

  const lines: string[] = [];
  const acts: Value[] = [];
  for (const each of wrong) {
    const act = await accuse(session, each, args.yes);
    lines.push(...act.lines);
    acts.push(act.value);
  }
  return { lines, value: { results, acts } };
}

async function accuse(session: Session, graded: GradedResult, yes: boolean): Promise<Report> {
  const { disputes } = await session.contracts();
  const { evidence, graph, key = "" } = graded;
  const { signed, input = "0x" } = evidence;
  if (await disputes.isPunished(key))
    return { lines: [`${key}: punished before`], value: { key, act: "none", reason: "already-punished" } };
  const data = disputes.interface.encodeFunctionData("proveWrongOutput", [signed, input]);
  const machineGas = signed.result.codec === CODEC_TENSORS ? (graph?.root.gasBound ?? 0n) : 0n;
  const gasLimit = computationGas(data, machineGas);
  if (gasLimit > MAX_TRANSACTION_GAS) return challenge(session, graded, yes);

  session.say(`Proving it in one transaction of at most ${gasLimit} gas`);
  const receipt = await send(() => disputes.proveWrongOutput(signed, input, { gasLimit }));
  const { slashed } = eventOf(receipt, disputes, "WrongOutputProved").args;
  return {
    lines: [
      `${key}: proved wrong; ${formatOpg(slashed)} OPG slashed (gas ${receipt.gasUsed}). Next: \`dispute claim ${key}\``,
    ],
    value: {
      key,
      act: "proved",
      slashed: formatOpg(slashed),
      transaction: receipt.hash,
      gas: Number(receipt.gasUsed),
    },
  };
}

async function challenge(
  session: Session,
  { evidence, graph, key = "" }: GradedResult,
  yes: boolean,
): Promise<Report> {
  const { disputes } = await session.contracts();
  const head = await session.connection.ethers.provider.getBlock("latest");
  const bond = await disputes.bondFor(graph?.graphRoot ?? "", (head?.baseFeePerGas ?? 0n) * 2n);
  session.say(
    `One transaction cannot compute it. A challenge takes a bond of ${formatEther(bond)} coin at most;`,
  );
  session.say("the winner gets back what the steps have not used, the loser's goes to the accused");
  await session.confirm(`Put up ${formatEther(bond)} coin?`, yes);
  const receipt = await send(() => disputes.openChallenge(evidence.signed, { value: bond }));
  return {
    lines: [`${key}: challenge opened (gas ${receipt.gasUsed}). Next: \`dispute continue ${key}\``],
    value: {
      key,
      act: "challenged",
      bond: formatEther(eventOf(receipt, disputes, "ChallengeOpened").args.bond),
      transaction: receipt.hash,
      gas: Number(receipt.gasUsed),
    },
  };
}
