import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { build } from "esbuild";
import { keccak256, parseEther } from "ethers";
import type { Browser } from "playwright-core";
import { openBrowser } from "../../fixtures/browser.ts";
import type { askInBrowser } from "../../fixtures/browserPage.ts";
import { type PipeNetworkFixture, startPipeNetwork } from "../../fixtures/pipeNetwork.ts";

const PAGE = fileURLToPath(new URL("../../fixtures/browserPage.ts", import.meta.url));

describe("the SDK in a browser", () => {
  let world: PipeNetworkFixture;
  let browser: Browser;
  let server: Server;
  let url: string;

  before(async function () {
    this.timeout(120_000);
    // `platform: "browser"` fails on whatever only Node has.
    const bundle = await build({
      entryPoints: [PAGE],
      bundle: true,
      write: false,
      platform: "browser",
      format: "iife",
      globalName: "page",
      logLevel: "silent",
    });
    expect(bundle.warnings).to.deep.equal([]);
    const script = bundle.outputFiles[0]?.text ?? "";
    server = createServer((request, response) => {
      const isScript = request.url === "/bundle.js";
      response.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html" });
      response.end(isScript ? script : "<!doctype html><title>dapp</title><script src=/bundle.js></script>");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    world = await startPipeNetwork();
    await world.addNode();
    browser = await openBrowser();
  });

  after(async () => {
    await browser?.close();
    await world?.stop();
    server?.closeAllConnections();
    server?.close();
  });

  it("carries the inference of an ordinary call", async () => {
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(String(error)));
    await page.goto(url);
    const given = {
      url: world.chain.url,
      key: world.user.privateKey,
      network: world.addresses,
      consumer: world.consumerAddress,
      release: world.release,
      input: "0xb105",
      maxFee: String(parseEther("1")),
    };
    const outcome = await page.evaluate(
      (argument) =>
        (globalThis as unknown as { page: { askInBrowser: typeof askInBrowser } }).page.askInBrowser(
          argument,
        ),
      given,
    );
    expect(outcome).to.deep.equal({ status: 1, answer: keccak256("0xb105") });
    expect(problems).to.deep.equal([]);
  });
});
