import { formatOpg } from "@opg-network/sdk/opg";
import { DELIVERY, MODES } from "@opg-network/sdk/request";
import { CODEC_TENSORS, encodeTensors } from "@opg-network/sdk/tensorCodec";
import { hexlify } from "ethers";
import { grainsArgument, integerArgument, modeArgument, modeNames } from "../arguments.ts";
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

const MONTH_SEC = 30 * 86_400;
const DAY_SEC = 86_400;

export interface RequestArguments {
  release: string | undefined;
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
  lane: string | undefined;
  yes: boolean;
}

export async function request(args: RequestArguments, session: Session): Promise<Report> {
  if (args.release === undefined)
    throw new CommandError("argument-missing", { name: "--release", why: "which model is asked?" });
  const seconds = integerArgument("--deadline", args.deadline ?? "600", 1, MONTH_SEC);
  const fullFeeSec =
    args.fullFee === undefined
      ? Math.floor(seconds / 2)
      : integerArgument("--full-fee", args.fullFee, 0, seconds);
  const acceptPeriod = integerArgument("--accept-period", args.acceptPeriod ?? "0", 0, DAY_SEC);
  const operator = integerArgument("--operator", args.operator ?? "0", 0, 4_294_967_295);
  const minStake = grainsArgument("--min-stake", args.minStake ?? "0");
  const release = await readRelease(session, await resolveRelease(session, args.release));
  const mode = modeIn(release, args.mode ?? "VANILLA");
  const input = hexlify(encodeTensors(await inputsOf(args, release)));

  const account = (await session.account()).address;
  const { requests } = await session.contracts();
  const fee = await requestFee(session, release, { fee: args.fee, mode, operator, minStake });
  const lane = await freeLane(session, account, args.lane);
  session.say(
    `Asking ${titleOf(release)} for ${formatOpg(fee)} OPG; an answer counts for ${seconds} s, at full price for ${fullFeeSec} s`,
  );
  if (release.status === "yanked") session.say("Warning: this release was yanked");
  await cover(session, account, fee, args.yes);

  const now = await chainTime(session);
  const terms = {
    release: release.id,
    mode,
    codec: CODEC_TENSORS,
    fee,
    fullFeeUntil: now + fullFeeSec,
    deadline: now + seconds,
    acceptPeriod,
    lane,
    callbackGas: 0,
    delivery: DELIVERY.atFulfilment,
    minStake,
    operatorId: operator,
  };
  const estimate = await explained(() => requests.request.estimateGas(terms, input));
  session.say(`Sending, about ${estimate} gas`);
  const receipt = await send(() => requests.request(terms, input));
  const { id } = eventOf(receipt, requests, "RequestOpened").args;
  return {
    lines: [
      ...fields([
        ["request", id],
        [
          "fee",
          `${formatOpg(fee)} OPG until ${isoTime(terms.fullFeeUntil)}, then less, down to nothing at ${isoTime(terms.deadline)}`,
        ],
        ["transaction", receipt.hash],
        ["gas", String(receipt.gasUsed)],
      ]),
      `Follow it with: npx hardhat inference wait ${id} --network ${session.connection.networkName}`,
    ],
    value: {
      request: id,
      release: release.id,
      requester: account,
      lane,
      mode: MODES[mode],
      fee: formatOpg(fee),
      fullFeeUntil: isoTime(terms.fullFeeUntil),
      deadline: isoTime(terms.deadline),
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
  if (input !== undefined && candles !== undefined)
    throw new CommandError("arguments-conflict", { problem: "--input or --candles, not both" });
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
