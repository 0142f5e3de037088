import { ZeroAddress } from "ethers";
import type { IDisputes } from "../../../types/contracts/interfaces/IDisputes.ts";
import type { ChainReader } from "../chain/chainReader.ts";
import type { ChainTime } from "../chain/chainTime.ts";
import type { Contracts } from "../chain/contracts.ts";
import { disputesInterface, operatorsInterface } from "../chain/contracts.ts";
import { SETTLE_GAS } from "../chain/gasModel.ts";
import type { Dispute, DisputeAct } from "./dispute.ts";
import type { DisputeStep } from "./disputeStep.ts";

const VALID_SEC = 3_600;

/** One thing that may be due after a verdict. Undefined when it is not, or not to this node. */
type Due = (dispute: Dispute) => Promise<DisputeStep | undefined>;

export interface SettlementParts {
  readonly disputes: IDisputes;
  readonly operators: Contracts["operators"];
  readonly reader: ChainReader;
  readonly time: ChainTime;
}

export interface SettlementOptions {
  readonly disputesAddress: string;
  readonly operatorsAddress: string;
  readonly account: string;
  readonly commitmentLifeSec: number;
}

/** What follows a verdict: everything that is due is asked for in order, each again until it is not due any more. */
export class Settlement {
  readonly #parts: SettlementParts;
  readonly #options: SettlementOptions;
  readonly #dues: readonly Due[];

  constructor(parts: SettlementParts, options: SettlementOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#dues = [
      (dispute) => this.#wages(dispute),
      (dispute) => this.#bounty(dispute),
      () => this.#award(),
      () => this.#coin(),
    ];
  }

  async plan(dispute: Dispute): Promise<DisputeStep> {
    let wait: DisputeStep | undefined;
    for (const due of this.#dues) {
      const step = await due(dispute);
      // What is due already does not wait for what is due later.
      if (step?.kind === "send") return step;
      wait ??= step;
    }
    const isOurs = dispute.state === "proved" || dispute.committedBlock !== undefined;
    return wait ?? { kind: "end", state: "done", reason: isOurs ? null : "already-punished" };
  }

  async #wages({ key, hasWorked, challengeBlock }: Dispute): Promise<DisputeStep | undefined> {
    if (!hasWorked || challengeBlock === undefined) return undefined;
    const block = await this.#parts.reader.block(challengeBlock);
    if (block === undefined) return undefined;
    const { account } = this.#options;
    return this.#send("pay-work", "payWork", [key, block.timestamp, account]);
  }

  async #bounty(dispute: Dispute): Promise<DisputeStep | undefined> {
    const { disputes, time, reader } = this.#parts;
    const { account, commitmentLifeSec } = this.#options;
    const { claimant, since, grains, payableAt } = await disputes.bountyOf(dispute.key);
    if (claimant === ZeroAddress) return undefined;
    if (claimant === account) {
      if (grains === 0n) return undefined;
      if (time.nowSec() >= Number(payableAt)) return this.#send("pay-bounty", "payBounty", [dispute.key]);
      return { kind: "wait", reason: "bounty-not-payable", untilSec: Number(payableAt) };
    }
    const { committedBlock, place, claim, salt } = dispute;
    if (committedBlock === undefined || place === undefined) return undefined;
    const block = await reader.block(committedBlock);
    const isEarlier = block !== undefined && block.timestamp < Number(since);
    if (!isEarlier || time.nowSec() >= block.timestamp + commitmentLifeSec) return undefined;
    return this.#send("claim-bounty", "claimBounty", [claim, place, salt]);
  }

  async #award(): Promise<DisputeStep | undefined> {
    const { operators, time } = this.#parts;
    const { account, operatorsAddress } = this.#options;
    if ((await operators.awardOf(account)) === 0n) return undefined;
    const data = operatorsInterface.encodeFunctionData("collectAward", [account]);
    const plan = { to: operatorsAddress, data, gasLimit: SETTLE_GAS, validUntil: time.nowSec() + VALID_SEC };
    return { kind: "send", act: "collect-award", plan };
  }

  async #coin(): Promise<DisputeStep | undefined> {
    const { account } = this.#options;
    if ((await this.#parts.disputes.creditOf(account)) === 0n) return undefined;
    return this.#send("withdraw-coin", "withdrawCoin", [account]);
  }

  #send(
    act: DisputeAct,
    method: "payWork" | "payBounty" | "claimBounty" | "withdrawCoin",
    args: readonly unknown[],
  ): DisputeStep {
    const data = disputesInterface.encodeFunctionData(method as "payBounty", args as never);
    const validUntil = this.#parts.time.nowSec() + VALID_SEC;
    return {
      kind: "send",
      act,
      plan: { to: this.#options.disputesAddress, data, gasLimit: SETTLE_GAS, validUntil },
    };
  }
}
