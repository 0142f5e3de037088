import type { Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { ResilientProvider } from "../../../offchain-runner/src/chain/provider.ts";
import { NodeError } from "../../../offchain-runner/src/nodeError.ts";
import { SteppedClock } from "./fakes/steppedClock.ts";

type Answer = (response: ServerResponse, id: number) => void;

const result: Answer = (response, id) => response.end(JSON.stringify({ jsonrpc: "2.0", id, result: "0x2a" }));
const status =
  (code: number): Answer =>
  (response) =>
    response.writeHead(code).end("busy");
const busy: Answer = (response, id) =>
  response.end(JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32_005, message: "limit" } }));
const revert: Answer = (response, id) =>
  response.end(JSON.stringify({ jsonrpc: "2.0", id, error: { code: 3, message: "reverted", data: "0x" } }));
const garbage: Answer = (response) => response.end("<html>");
const silence: Answer = () => undefined;
const empty: Answer = (response) => response.end("{}");
const comeBack =
  (seconds: number): Answer =>
  (response) =>
    response.writeHead(429, { "retry-after": `${seconds}` }).end();

/** Answers chain and head by itself; the rest by the script. */
interface Endpoint {
  url: string;
  /** Of the script. */
  calls: () => number;
  chainId: number;
  head: number;
  isUp: boolean;
}

const toQuantity = (number: number): string => `0x${number.toString(16)}`;

describe("ResilientProvider", () => {
  const servers: Server[] = [];
  const providers: ResilientProvider[] = [];
  let stop: AbortController;
  let clock: SteppedClock;

  beforeEach(() => {
    clock = new SteppedClock();
    stop = new AbortController();
  });

  afterEach(async () => {
    for (const provider of providers.splice(0)) provider.destroy();
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  /** An endpoint that answers in this order; the last answer is kept. */
  async function endpoint(...answers: Answer[]): Promise<Endpoint> {
    let calls = 0;
    const it: Endpoint = { url: "", calls: () => calls, chainId: 1, head: 100, isUp: true };
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => (body += chunk));
      request.on("end", () => {
        const { id, method } = JSON.parse(body) as { id: number; method: string };
        const own = { eth_chainId: it.chainId, eth_getBlockByNumber: { number: toQuantity(it.head) } }[
          method
        ];
        if (!it.isUp) return void response.destroy();
        if (own !== undefined) {
          const value = typeof own === "number" ? toQuantity(own) : own;
          return void response.end(JSON.stringify({ jsonrpc: "2.0", id, result: value }));
        }
        const answer = answers[Math.min(calls, answers.length - 1)] as Answer;
        calls += 1;
        answer(response, id);
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    it.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/key`;
    return it;
  }

  function provide(...urls: string[]): ResilientProvider {
    const provider = new ResilientProvider({ urls, chainId: 1, timeoutMs: 200, clock, signal: stop.signal });
    providers.push(provider);
    return provider;
  }

  for (const [name, answer] of [
    ["rate-limited by HTTP", status(429)],
    ["rate-limited by JSON-RPC", busy],
    ["broken", status(502)],
    ["answered with a web page", garbage],
    ["answered without a result", empty],
    ["not answered in time", silence],
  ] as const) {
    it(`tries again when it is ${name}`, async () => {
      const { url, calls } = await endpoint(answer, result);
      expect(await provide(url).send("eth_blockNumber", [])).to.equal("0x2a");
      expect(calls()).to.equal(2);
    });
  }

  it("goes on to the next endpoint, and stays there", async () => {
    const [bad, good] = [await endpoint(status(503)), await endpoint(result)];
    const provider = provide(bad.url, good.url);
    await provider.send("eth_blockNumber", []);
    await provider.send("eth_blockNumber", []);
    expect([bad.calls(), good.calls()]).to.deep.equal([1, 2]);
  });

  it("goes on at once where another endpoint is there, and pauses when all have failed", async () => {
    const [one, two] = [await endpoint(status(503)), await endpoint(status(503), result)];
    const beganAtMs = clock.nowMs();
    const good = await endpoint(result);
    await provide(one.url, good.url).send("eth_blockNumber", []);
    expect(clock.nowMs()).to.equal(beganAtMs);
    await provide(one.url, two.url).send("eth_blockNumber", []);
    expect(clock.nowMs()).to.be.above(beganAtMs);
  });

  it("goes back to the endpoint that is preferred once it has been in order for a while", async () => {
    const [first, second] = [await endpoint(result), await endpoint(result)];
    const provider = provide(first.url, second.url);
    first.isUp = false;
    await provider.send("eth_blockNumber", []);
    expect([first.calls(), second.calls(), provider.epoch]).to.deep.equal([0, 1, 1]);
    first.isUp = true;
    clock.advance(60_000);
    await provider.probe(stop.signal);
    await provider.send("eth_blockNumber", []);
    expect([first.calls(), second.calls(), provider.epoch]).to.deep.equal([0, 2, 1]);
    clock.advance(60_000);
    await provider.probe(stop.signal);
    await provider.send("eth_blockNumber", []);
    expect([first.calls(), second.calls(), provider.epoch]).to.deep.equal([1, 2, 2]);
  });

  it("leaves an endpoint whose head is behind, and asks it all the same when no other answers", async () => {
    const [behind, ahead] = [await endpoint(result), await endpoint(result)];
    ahead.head = 104;
    const provider = provide(behind.url, ahead.url);
    await provider.probe(stop.signal);
    await provider.send("eth_blockNumber", []);
    expect([behind.calls(), ahead.calls()]).to.deep.equal([0, 1]);
    expect(provider.health().map(({ state, lagBlocks }) => [state, lagBlocks])).to.deep.equal([
      ["behind", 4],
      ["up", 0],
    ]);
    ahead.isUp = false;
    await provider.send("eth_blockNumber", []);
    expect([behind.calls(), ahead.calls()]).to.deep.equal([1, 1]);
  });

  it("asks no endpoint of another chain, also when it becomes one", async () => {
    const [other, own] = [await endpoint(result), await endpoint(result)];
    other.chainId = 2;
    const provider = provide(other.url, own.url);
    await provider.send("eth_blockNumber", []);
    expect([other.calls(), own.calls()]).to.deep.equal([0, 1]);
    own.chainId = 3;
    await provider.probe(stop.signal);
    await provider.send("eth_blockNumber", []).then(
      () => expect.fail("asked another chain"),
      (error: unknown) => expect(error).to.have.property("code", "chain-id-mismatch"),
    );
    other.chainId = 1;
    await provider.probe(stop.signal);
    await provider.send("eth_blockNumber", []);
    expect([other.calls(), own.calls()]).to.deep.equal([1, 1]);
  });

  it("leaves alone who asks for it, for as long as that", async () => {
    const [busyOne, other] = [
      await endpoint(comeBack(30), result),
      await endpoint(result, result, status(500)),
    ];
    const provider = provide(busyOne.url, other.url);
    await provider.send("eth_blockNumber", []);
    clock.advance(29_000);
    await provider.send("eth_blockNumber", []);
    expect([busyOne.calls(), other.calls()]).to.deep.equal([1, 2]);
    expect(provider.health()[0]).to.include({ state: "told-to-wait" });
    clock.advance(1_000);
    await provider.send("eth_blockNumber", []);
    expect([busyOne.calls(), other.calls()]).to.deep.equal([2, 3]);
  });

  it("does not rest for longer because this machine's clock was put back", async () => {
    const [first, second] = [await endpoint(comeBack(30), result), await endpoint(result)];
    const provider = provide(first.url, second.url);
    await provider.send("eth_blockNumber", []);
    expect(provider.health()[0]?.state).to.equal("told-to-wait");
    clock.advance(-3_600_000);
    expect(provider.health()[0]?.state).to.equal("resting");
    await provider.probe(new AbortController().signal);
    expect(provider.health()[0]?.state).to.equal("up");
  });

  it("is not shown as up before it has answered again, however long ago it failed", async () => {
    const [first, second] = [await endpoint(result), await endpoint(result)];
    const provider = provide(first.url, second.url);
    first.isUp = false;
    await provider.send("eth_blockNumber", []);
    for (let failures = 1; failures <= 2; ++failures) {
      clock.advance(3_600_000);
      expect(provider.health()[0]).to.include({ state: "resting", failuresInRow: failures });
      await provider.probe(stop.signal);
    }
    first.isUp = true;
    await provider.probe(stop.signal);
    expect(provider.health()[0]).to.include({ state: "up", failuresInRow: 0 });
  });

  it("waits where the only endpoint asks for it, and gives up where it asks for too long", async () => {
    const { url, calls } = await endpoint(comeBack(20), result, comeBack(120));
    const provider = provide(url);
    const beganAtMs = clock.nowMs();
    await provider.send("eth_blockNumber", []);
    expect(clock.nowMs() - beganAtMs).to.be.at.least(20_000);
    await provider.send("eth_blockNumber", []).then(
      () => expect.fail("answered"),
      (error: unknown) => expect(error).to.have.property("code", "rpc-unavailable"),
    );
    expect(calls()).to.equal(3);
  });

  it("tells a raw transaction to all, and is content when one takes it", async () => {
    const [one, two, down] = [await endpoint(revert), await endpoint(result), await endpoint(result)];
    const provider = provide(one.url, two.url, down.url);
    down.isUp = false;
    const ends = await provider.askAll("eth_sendRawTransaction", ["0x"]);
    expect(ends).to.have.length(2).and.to.deep.include({ result: "0x2a" });
    expect([one.calls(), two.calls()]).to.deep.equal([1, 1]);
  });

  it("does not leave an endpoint over a question of others that takes too long", async () => {
    const [slow, other] = [await endpoint(silence, result), await endpoint(result)];
    const provider = provide(slow.url, other.url);
    await provider.sendAlone("eth_call", [], stop.signal);
    expect([slow.calls(), other.calls(), provider.epoch]).to.deep.equal([1, 1, 0]);
  });

  it("asks one by one where an endpoint takes no batches, and misses no answer of a batch", async () => {
    const single: Answer = (response, id) =>
      id === undefined
        ? response.end(JSON.stringify({ jsonrpc: "2.0", id: null, error: { code: -32_600, message: "no" } }))
        : response.end(JSON.stringify({ jsonrpc: "2.0", id, result: "0x2a" }));
    const { url, calls } = await endpoint(single);
    const provider = provide(url);
    const both = [provider.send("eth_blockNumber", []), provider.send("eth_gasPrice", [])];
    expect(await Promise.all(both)).to.deep.equal(["0x2a", "0x2a"]);
    expect(calls()).to.equal(3);
    const half: Answer = (response) =>
      response.end(JSON.stringify([{ jsonrpc: "2.0", id: 1, result: "0x1" }]));
    const whole = await endpoint(single);
    const halving = await endpoint(half);
    const other = provide(halving.url, whole.url);
    const again = [other.send("eth_blockNumber", []), other.send("eth_gasPrice", [])];
    expect(await Promise.all(again)).to.deep.equal(["0x2a", "0x2a"]);
    expect(other.health()[0]?.failures).to.deep.equal({ "not-json-rpc": 1 });
  });

  it("does not repeat what the chain itself refuses", async () => {
    const { url, calls } = await endpoint(revert);
    await provide(url)
      .call({ to: `0x${"01".repeat(20)}` })
      .then(
        () => expect.fail("did not revert"),
        (error) => expect(error).to.include({ code: "CALL_EXCEPTION", data: "0x" }),
      );
    expect(calls()).to.equal(1);
  });

  it("asks again at once when a connection that was kept turns out to be closed", async () => {
    const closed: Answer = (response) => response.destroy();
    const { url, calls } = await endpoint(result, closed, result);
    const provider = provide(url);
    const beganAtMs = clock.nowMs();
    for (let i = 0; i < 2; ++i) expect(await provider.send("eth_blockNumber", [])).to.equal("0x2a");
    expect([calls(), clock.nowMs() - beganAtMs]).to.deep.equal([3, 0]);
  });

  it("asks alone what is not to wait for others, and hands on what the chain said", async () => {
    const { url, calls } = await endpoint(result, revert, garbage, result);
    const provider = provide(url);
    expect(await provider.sendAlone("eth_call", [], stop.signal)).to.deep.equal({ result: "0x2a" });
    expect(await provider.sendAlone("eth_call", [], stop.signal)).to.deep.equal({
      error: { code: 3, message: "reverted", data: "0x" },
    });
    expect(await provider.sendAlone("eth_call", [], stop.signal)).to.deep.equal({ result: "0x2a" });
    expect(calls()).to.equal(4);
  });

  it("takes a question back that nobody waits for any more", async () => {
    const { url, calls } = await endpoint(silence);
    const enough = new AbortController();
    const asked = provide(url).sendAlone("eth_call", [], enough.signal);
    setTimeout(() => enough.abort("enough"), 50);
    expect(await asked.catch((error: unknown) => error)).to.equal("enough");
    expect(calls()).to.equal(1);
  });

  it("says in the end that nobody answers, without the key in the URL", async () => {
    const { url } = await endpoint(status(500));
    await provide(url)
      .send("eth_blockNumber", [])
      .then(
        () => expect.fail("answered"),
        (error: unknown) => {
          expect(error).to.be.instanceOf(NodeError).with.property("code", "rpc-unavailable");
          expect(JSON.stringify((error as NodeError).data)).to.not.include("key");
        },
      );
  });

  it("ends a call in flight when the node stops", async () => {
    const { url } = await endpoint(silence);
    const call = provide(url).send("eth_blockNumber", []);
    setImmediate(() => stop.abort());
    await call.then(
      () => expect.fail("answered"),
      (error) => expect(error).to.have.property("name", "AbortError"),
    );
  });
});
