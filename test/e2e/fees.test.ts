import { expect } from "chai";
import { Interface, toBeHex } from "ethers";
import { at, createFeeReader, GAS_PRICE_ORACLE } from "../../offchain-runner/src/chain/feeReader.ts";
import { ResilientProvider } from "../../offchain-runner/src/chain/provider.ts";
import { systemClock } from "../../offchain-runner/src/clock.ts";
import { expectNear } from "../fixtures/near.ts";
import type { LocalChain } from "./fixture/localChain.ts";
import { startLocalChain } from "./fixture/localChain.ts";
import { NodeProcess } from "./fixture/nodeProcess.ts";
import type { Protocol } from "./fixture/protocol.ts";
import { deployProtocol } from "./fixture/protocol.ts";

/** Where an OP-stack chain keeps what its data costs. */
const L1_BLOCK = "0x4200000000000000000000000000000000000015";
const SLOT = { baseFee: 1, scalars: 3, operatorFee: 8 } as const;
const SCALARS = (5_227n << 96n) | (1_014_213n << 64n);
const OPERATOR_FEE = (2_000_000n << 64n) | 1_000n;
const oracle = new Interface([
  "function getL1Fee(bytes) view returns (uint256)",
  "function getL1FeeUpperBound(uint256) view returns (uint256)",
  "function getOperatorFee(uint256) view returns (uint256)",
]);

describe("node end to end: fees of a rollup", () => {
  let chain: LocalChain;
  let protocol: Protocol;

  before(async () => {
    chain = await startLocalChain();
    protocol = await deployProtocol(chain);
  });
  after(() => chain.stop());

  async function set(slot: number, value: bigint): Promise<void> {
    await chain.provider.send("hardhat_setStorageAt", [
      L1_BLOCK,
      `0x${slot.toString(16)}`,
      toBeHex(value, 32),
    ]);
  }

  async function says(method: string, argument: unknown): Promise<bigint> {
    const data = oracle.encodeFunctionData(method, [argument]);
    return BigInt(await chain.provider.call({ to: GAS_PRICE_ORACLE, data }));
  }

  function connect(url: string, stop: AbortController): ResilientProvider {
    const options = { urls: [url], chainId: 31_337, timeoutMs: 5_000 };
    return new ResilientProvider({ ...options, clock: systemClock, signal: stop.signal });
  }

  it("are what the chain's own oracle says, at any size", async () => {
    await set(SLOT.scalars, SCALARS);
    await set(SLOT.operatorFee, OPERATOR_FEE);
    const stop = new AbortController();
    const provider = connect(chain.url, stop);
    const fees = await createFeeReader(provider).rollupFees();
    if (fees === undefined) throw new Error("no oracle was found");
    for (const bytes of [500, 1_500, 5_000, 60_000]) {
      const bound = await says("getL1FeeUpperBound", bytes);
      expect(bound > 0n).to.equal(true);
      expectNear(Number(at(fees.data, BigInt(bytes))) / Number(bound), 1, 0.01);
    }
    // A bound: what real data takes is less.
    const real = await says("getL1Fee", `0x${"00ff".repeat(1_000)}`);
    expect(real <= at(fees.data, 2_000n)).to.equal(true);
    expect(at(fees.operator, 300_000n)).to.equal(await says("getOperatorFee", 300_000));
    stop.abort();
    provider.destroy();
  });

  it("are none where there is no oracle", async () => {
    const plain = await startLocalChain("l1");
    const stop = new AbortController();
    const provider = connect(plain.url, stop);
    expect(await createFeeReader(provider).rollupFees()).to.equal(undefined);
    stop.abort();
    provider.destroy();
    await plain.stop();
  });

  it("keep the node from an answer that costs more than it earns, until they fall", async function () {
    this.timeout(60_000);
    const release = await protocol.publish();
    await protocol.register(chain.account(1));
    // A thousand times the usual: some 0.1 coin for an answer, at 100 OPG a coin.
    await set(SLOT.baseFee, 10n ** 15n);
    const node = new NodeProcess(chain, protocol, chain.account(1), [release], {
      fees: { opgPerCoin: "100" },
    });
    try {
      await node.start();
      const hash = await protocol.open(release);
      const request = await protocol.opened(hash);
      await node.until(
        async () => (await node.job(request.id))?.reason === "not-worth-gas-now",
        "the request has to wait",
      );
      await set(SLOT.baseFee, 10n ** 10n);
      await node.reaches(request.id, "fulfilled");
    } finally {
      await node.dispose();
    }
  });
});
