import { type Cover, packCover } from "@opg-network/sdk/cover";
import { formatOpg } from "@opg-network/sdk/opg";
import { DELIVERY, MODES } from "@opg-network/sdk/request";
import { CODEC_TENSORS, encodeTensors } from "@opg-network/sdk/tensorCodec";
import { type ContractTransactionReceipt, hexlify } from "ethers";
import { addressArgument, grainsArgument, integerArgument, modeArgument, modeNames } from "../arguments.ts";
import { assuranceOf } from "../assurance.ts";
import { CommandError } from "../commandError.ts";
import { depositFor } from "../escrow/deposit.ts";
import { chainTime } from "../permit.ts";
import { type Release, readRelease, resolveRelease, titleOf } from "../release.ts";
import { fields, isoTime, type Report } from "../report.ts";
import type { Session } from "../session.ts";
import { eventOf, explained, send } from "../transaction.ts";
import { candlesFromFile } from "./candleTensor.ts";
import { freeLane } from "./freeLane.ts";
import { inputsFromFile } from "./inputTensors.ts";
import { requestFee } from "./requestFee.ts";
import { wait } from "./wait.ts";

const MONTH_SEC = 30 * 86_400;
const DAY_SEC = 86_400;
/** The chain's clock may be that far on when the request is mined; terms in its past are refused. */
const SHORTEST_SEC = 15;
const LARGEST_ID = 4_294_967_295;

export interface RequestArguments {
  release: string;
  input: string | undefined;
  candles: string | undefined;
  case: string | undefined;
  fee: string | undefined;
  mode: string | undefined;
  deadline: string | undefined;
  fullFee: string | undefined;
  acceptPeriod: string | undefined;
  operator: string | undefined;
  minStake: string | undefined;
  cover: string | undefined;
  beneficiary: string | undefined;
  lane: string | undefined;
  wait: boolean;
  yes: boolean;
}

export async function request(args: RequestArguments, session: Session): Promise<Report> {
  const asked = parse(args);
  const release = await readRelease(session, await resolveRelease(session, args.release));
  const mode = modeIn(release, args.mode ?? "VANILLA");
  const input = hexlify(encodeTensors(await inputsOf(args, release)));
  const account = (await session.account()).address;
  const insured = coverOf(asked, account);
  const fee = await requestFee(session, release, { ...asked, fee: args.fee, mode });
  const lane = await freeLane(session, account, args.lane);
  session.say(
    `Asking ${titleOf(release)} for ${formatOpg(fee)} OPG; an answer counts for ${asked.seconds} s, ` +
      `at full price for ${asked.fullFeeSec} s`,
  );
  session.say(`The release is ${assuranceOf(release)}`);
  if (release.status === "yanked") session.say("Warning: this release was yanked");
  await cover(session, account, fee, args.yes);

  const now = await chainTime(session);
  const terms = {
    release: release.id,
    mode,
    codec: CODEC_TENSORS,
    fee,
    fullFeeUntil: now + asked.fullFeeSec,
    deadline: now + asked.seconds,
    acceptPeriod: asked.acceptPeriod,
    lane,
    callbackGas: 0,
    delivery: DELIVERY.atFulfilment,
    minStake: asked.minStake,
    cover: packCover(insured),
    operatorId: asked.operator,
  };
  const { requests } = await session.contracts();
  const estimate = await explained(() => requests.request.estimateGas(terms, input));
  session.say(`Sending, about ${estimate} gas`);
  const receipt = await send(() => requests.request(terms, input));
  const opened = reportOpened(terms, String(eventOf(receipt, requests, "RequestOpened").args.id), receipt);
  if (!args.wait) return opened;
  for (const line of opened.lines) session.say(line);
  const answered = await wait({ request: String(opened.value.request), timeout: undefined }, session);
  return { lines: answered.lines, value: { ...opened.value, ...answered.value } };
}

function parse(args: RequestArguments) {
  if (args.beneficiary !== undefined && args.cover === undefined)
    throw new CommandError("arguments-conflict", { problem: "--beneficiary is of a --cover" });
  const seconds = integerArgument("--deadline", args.deadline ?? "600", 2 * SHORTEST_SEC, MONTH_SEC);
  return {
    seconds,
    fullFeeSec: integerArgument(
      "--full-fee",
      args.fullFee ?? String(Math.floor(seconds / 2)),
      SHORTEST_SEC,
      seconds,
    ),
    acceptPeriod: integerArgument("--accept-period", args.acceptPeriod ?? "0", 0, DAY_SEC),
    operator: integerArgument("--operator", args.operator ?? "0", 0, LARGEST_ID),
    minStake: grainsArgument("--min-stake", args.minStake ?? "0"),
    cover: grainsArgument("--cover", args.cover ?? "0"),
    beneficiary:
      args.beneficiary === undefined ? undefined : addressArgument("--beneficiary", args.beneficiary),
  };
}

function coverOf(
  { cover: amount, beneficiary }: { cover: bigint; beneficiary: string | undefined },
  asker: string,
): Cover | undefined {
  return amount === 0n ? undefined : { amount, beneficiary: beneficiary ?? asker };
}

function reportOpened(
  terms: { release: string; lane: number; mode: number; fee: bigint; fullFeeUntil: number; deadline: number },
  id: string,
  receipt: ContractTransactionReceipt,
): Report {
  const [fee, fullFeeUntil, deadline] = [
    formatOpg(terms.fee),
    isoTime(terms.fullFeeUntil),
    isoTime(terms.deadline),
  ];
  return {
    lines: fields([
      ["request", id],
      ["fee", `${fee} OPG until ${fullFeeUntil}, then less, down to nothing at ${deadline}`],
      ["transaction", receipt.hash],
      ["gas", String(receipt.gasUsed)],
      ["follow it", `npx hardhat inference wait ${id}`],
    ]),
    value: {
      request: id,
      release: terms.release,
      requester: receipt.from,
      lane: terms.lane,
      mode: MODES[terms.mode],
      fee,
      fullFeeUntil,
      deadline,
      transaction: receipt.hash,
      block: receipt.blockNumber,
      gas: Number(receipt.gasUsed),
    },
  };
}

function modeIn(release: Release, text: string): number {
  const mode = modeArgument("--mode", text);
  if (((Number(release.modes) >> mode) & 1) === 0) {
    throw new CommandError("argument-invalid", {
      name: "--mode",
      value: text,
      expected: `one of the release's: ${modeNames(release.modes).join(", ")}`,
    });
  }
  return mode;
}

async function inputsOf({ input, candles, case: caseName }: RequestArguments, { inputs }: Release) {
  if (input !== undefined && candles !== undefined) {
    throw new CommandError("arguments-conflict", { problem: "--input or --candles, not both" });
  }
  if (input !== undefined) return await inputsFromFile(input, inputs);
  if (candles !== undefined) return await candlesFromFile(candles, caseName, inputs);
  throw new CommandError("argument-missing", {
    name: "--input or --candles",
    why: "the model needs an input",
  });
}

/** Deposits what the escrow lacks, if the user agrees. */
async function cover(session: Session, account: string, fee: bigint, agreed: boolean): Promise<void> {
  const { requests } = await session.contracts();
  const missing = fee - (await requests.balanceOf(account));
  if (missing <= 0n) return;
  await session.confirm(`The escrow lacks ${formatOpg(missing)} OPG. Deposit them from ${account}?`, agreed);
  await depositFor(session, account, missing);
}
