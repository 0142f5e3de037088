import {
  NODE_FAILURES,
  nodeFailureSchema,
  preexecuteRequestSchema,
  preexecuteResponseSchema,
  quoteRequestSchema,
  quoteResponseSchema,
  stringifyMessage,
} from "@opg-network/sdk/nodeApi";
import { expect } from "chai";
import { getAddress } from "ethers";

const ADDRESS = getAddress(`0x${"ab".repeat(20)}`);
const HASH = `0x${"11".repeat(32)}`;
const QUERY = { release: HASH, codec: 1, modes: 1, operatorId: 0, maxFee: 5n * 10n ** 18n, minStake: 0n };

describe("messages of a node's service", () => {
  it("survive the wire, amounts included", () => {
    const request = {
      chainId: 31_337,
      call: { from: ADDRESS, to: ADDRESS, data: "0x1234", value: 2n ** 256n - 1n },
      carry: "batch" as const,
      maxFee: 10n ** 18n,
      deadlineMs: 500,
      delegate: ADDRESS,
    };
    expect(preexecuteRequestSchema.parse(JSON.parse(stringifyMessage(request)))).to.deep.equal(request);
    const response = {
      results: "0x",
      complete: false,
      missing: [{ ...QUERY, input: "0xabcd" }],
      inferences: [
        { release: HASH, operatorId: 1, mode: 0, inputHash: HASH, fee: 10n ** 12n, consumer: ADDRESS },
      ],
      totalFee: 10n ** 12n,
      gasUsed: 80_000n,
      rounds: 2,
      validUntil: 2_000_000_000,
    };
    expect(preexecuteResponseSchema.parse(JSON.parse(stringifyMessage(response)))).to.deep.equal(response);
    const quote = { queries: [{ ...QUERY, inputBytes: 128 }] };
    expect(quoteRequestSchema.parse(JSON.parse(stringifyMessage(quote)))).to.deep.equal(quote);
  });

  it("keep an offer apart from a refusal", () => {
    const offer = {
      release: HASH,
      mode: 0,
      fee: 10n ** 18n,
      operatorId: 1,
      signer: ADDRESS,
      expectedMs: 1.5,
      freeSlots: 2,
    };
    const offers = [offer, { release: HASH, error: { code: "release-not-served" } }];
    expect(quoteResponseSchema.parse(JSON.parse(stringifyMessage({ offers })))).to.deep.equal({ offers });
  });

  it("are refused when an amount, an address or bytes are not what they should be", () => {
    const good = { chainId: 1, call: { from: ADDRESS, to: ADDRESS, data: "0x" }, carry: "appended" };
    expect(preexecuteRequestSchema.safeParse(good).success).to.equal(true);
    const bad: object[] = [
      { ...good, chainId: 0 },
      { ...good, carry: "pigeon" },
      { ...good, maxFee: "-1" },
      { ...good, maxFee: "1.5" },
      { ...good, maxFee: 5 },
      { ...good, maxFee: String(2n ** 256n) },
      { ...good, results: "0x1" },
      { ...good, payer: `${ADDRESS}00` },
      { ...good, call: { ...good.call, to: null } },
      { ...good, call: { ...good.call, data: "1234" } },
      { ...good, deadlineMs: 0 },
    ];
    for (const request of bad)
      expect(preexecuteRequestSchema.safeParse(request).success, JSON.stringify(request)).to.equal(false);
  });

  it("carry failures that go with an HTTP status", () => {
    const error = { code: "no-capacity", message: "full", data: { retryAfterSec: 1 }, retryable: true };
    expect(nodeFailureSchema.parse({ error }).error).to.deep.equal(error);
    expect(NODE_FAILURES["no-capacity"]).to.equal(429);
  });
});
