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
  async function endpoint(...answers: Answer[]): Promise<{ url: string; calls: () => number }> {
    let calls = 0;
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => (body += chunk));
      request.on("end", () => {
        const answer = answers[Math.min(calls, answers.length - 1)] as Answer;
        calls += 1;
        answer(response, (JSON.parse(body) as { id: number }).id);
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/key`, calls: () => calls };
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
