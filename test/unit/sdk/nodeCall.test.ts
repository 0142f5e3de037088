import {
  NODE_CALL_TOLERANCE_SEC,
  NodeCallError,
  signNodeCall,
  verifyNodeCall,
} from "@opg-network/sdk/nodeCall";
import { expect } from "chai";
import { keccak256, toUtf8Bytes, Wallet } from "ethers";

const wallet = new Wallet(keccak256("0x02"));
const BODY = '{"hello":"wörld"}';
const NOW = 1_800_000_000;

describe("authorization of a call to a node", () => {
  it("names the caller, whether the body is text or bytes", async () => {
    const header = await signNodeCall(wallet, { chainId: 8_453, body: BODY, issuedAt: NOW });
    for (const body of [BODY, toUtf8Bytes(BODY)])
      expect(verifyNodeCall(header, { chainId: 8_453, body, now: NOW })).to.equal(wallet.address);
  });

  it("is refused for another body, chain, time or address", async () => {
    const header = await signNodeCall(wallet, { chainId: 1, body: BODY, issuedAt: NOW });
    const good = { chainId: 1, body: BODY, now: NOW };
    const other = new Wallet(keccak256("0x03")).address;
    const refused: [string, string, typeof good][] = [
      ["authorization-wrong", header, { ...good, body: `${BODY} ` }],
      ["authorization-wrong", header, { ...good, chainId: 2 }],
      ["authorization-wrong", header.replace(wallet.address, other), good],
      ["authorization-wrong", header.replace(`.${NOW}.`, `.${NOW + 1}.`), good],
      ["authorization-wrong", header.replace(/.{130}$/, "0".repeat(130)), good],
      ["authorization-expired", header, { ...good, now: NOW + NODE_CALL_TOLERANCE_SEC + 1 }],
      ["authorization-expired", header, { ...good, now: NOW - NODE_CALL_TOLERANCE_SEC - 1 }],
      ["authorization-malformed", "", good],
      ["authorization-malformed", header.replace("OPG ", "Bearer "), good],
      ["authorization-malformed", header.replace(wallet.address, "0x12"), good],
      ["authorization-malformed", header.slice(0, -1), good],
    ];
    for (const [code, text, call] of refused) {
      expect(() => verifyNodeCall(text, call), `${code}: ${text}`)
        .to.throw(NodeCallError)
        .with.property("code", code);
    }
  });

  it("holds up to the tolerance of clocks", async () => {
    const header = await signNodeCall(wallet, { chainId: 1, body: BODY, issuedAt: NOW });
    for (const now of [NOW - NODE_CALL_TOLERANCE_SEC, NOW + NODE_CALL_TOLERANCE_SEC])
      expect(verifyNodeCall(header, { chainId: 1, body: BODY, now })).to.equal(wallet.address);
  });
});
