import { NODE_PATHS } from "@opg-network/sdk/nodeApi";
import { expect } from "chai";
import { systemClock } from "../../../../offchain-runner/src/clock.ts";
import type { Caller } from "../../../../offchain-runner/src/pipe/caller.ts";
import { PipeError } from "../../../../offchain-runner/src/pipe/pipeError.ts";
import { PipeService } from "../../../../offchain-runner/src/pipe/pipeService.ts";
import { pipeConfig } from "../fakes/pipeConfig.ts";
import { silentLogger } from "../fakes/silentLogger.ts";

const ADDRESS = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const CALL = {
  chainId: 31_337,
  call: { from: ADDRESS, to: ADDRESS, data: "0x" },
  carry: "appended",
};
const PIPE = pipeConfig();

type Run = (caller: Caller, signal: AbortSignal) => Promise<object>;

describe("PipeService", () => {
  const { signal } = new AbortController();

  function open(run: Run, overrides: Partial<typeof PIPE> = {}) {
    const service = new PipeService(
      {
        preExecutor: { run: (_: unknown, caller: Caller, until: AbortSignal) => run(caller, until) } as never,
        maker: undefined as never,
        offers: undefined as never,
        scheduler: undefined as never,
        chainId: 31_337,
        clock: systemClock,
        logger: silentLogger,
        metrics: { recordCall: () => undefined },
      },
      { ...PIPE, ...overrides },
    );
    const handler = service.routes().handlers.get(NODE_PATHS.preexecute);
    return async (message: unknown, authorization?: string) => {
      const body = new TextEncoder().encode(typeof message === "string" ? message : JSON.stringify(message));
      const answer = await handler?.({ body, authorization, address: "10.0.0.1", signal });
      return { ...answer, code: JSON.parse(answer?.body ?? "{}").error?.code as string | undefined };
    };
  }

  it("answers what the pre-execution gave, amounts in text", async () => {
    const ask = open(async () => ({ totalFee: 10n ** 20n }));
    expect(await ask(CALL)).to.include({ status: 200, body: `{"totalFee":"${10n ** 20n}"}` });
  });

  it("refuses what is no request, with the reason", async () => {
    const ask = open(async () => ({}));
    for (const message of ["{", { ...CALL, carry: "else" }, { ...CALL, chainId: 1 }])
      expect(await ask(message)).to.include({ status: 400, code: "invalid-request" });
    expect(await ask(CALL, "OPG nonsense")).to.include({ status: 401, code: "unauthorized" });
  });

  it("ends what is not done by the deadline", async () => {
    let stopped = false;
    const ask = open(
      (_, until) =>
        new Promise((_resolve, reject) =>
          until.addEventListener("abort", () => {
            stopped = true;
            reject(until.reason);
          }),
        ),
    );
    expect(await ask({ ...CALL, deadlineMs: 20 })).to.include({ status: 504, code: "deadline" });
    expect(stopped).to.equal(true);
  });

  it("says when to come back where it says 429", async () => {
    const ask = open(async () => {
      throw new PipeError("unpaid-quota", { retryAfterMs: 4_200 });
    });
    const { status, headers } = await ask(CALL);
    expect([status, headers?.["retry-after"]]).to.deep.equal([429, "5"]);
  });

  it("limits calls at once and calls a minute", async () => {
    let finish: (answer: object) => void = () => undefined;
    const running = new Promise<object>((resolve) => {
      finish = resolve;
    });
    const busy = open(() => running, { maxCallsPerCaller: 1 });
    const first = busy(CALL);
    expect(await busy(CALL)).to.include({ status: 429, code: "rate-limit" });
    finish({});
    expect((await first).status).to.equal(200);
    const ask = open(async () => ({}), { anonymousCallsPerMinute: 2 });
    expect((await Promise.all([ask(CALL), ask(CALL), ask(CALL)])).map(({ status }) => status)).to.deep.equal([
      200, 200, 429,
    ]);
  });

  it("tells nothing of its defects", async () => {
    const ask = open(async () => {
      throw new TypeError("secret");
    });
    const { status, body } = await ask(CALL);
    expect(status).to.equal(500);
    expect(body).to.not.include("secret");
  });
});
