import { expect } from "chai";
import { isAddressAllowed } from "../../../../offchain-runner/src/hub/addressPolicy.ts";

const PUBLIC = ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1"];

const LOCAL = [
  "127.0.0.1",
  "127.255.255.254",
  "10.0.0.1",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "100.64.0.1",
  "100.100.100.200",
  "::1",
  "fc00::1",
  "fd12:3456::1",
  "::ffff:127.0.0.1",
  "::ffff:10.0.0.1",
  "::ffff:7f00:1",
  "::127.0.0.1",
];

const NEVER = [
  "169.254.169.254",
  "::ffff:169.254.169.254",
  "168.63.129.16",
  "fd00:ec2::254",
  "192.0.0.192",
  "fe80::1",
  "fe80::1%eth0",
  "0.0.0.0",
  "::",
  "255.255.255.255",
  "224.0.0.1",
  "ff02::1",
  "240.0.0.1",
  "192.0.2.1",
  "198.18.0.1",
  "64:ff9b::7f00:1",
  "2002:7f00:1::",
  "2001:0:7f00:1::",
  "2001:db8::1",
  "::7f00:1",
  "1.2.3",
  "not an address",
  "",
];

describe("isAddressAllowed", () => {
  for (const address of PUBLIC) {
    it(`allows ${address}`, () => {
      expect(isAddressAllowed(address, false)).to.equal(true);
    });
  }

  for (const address of LOCAL) {
    it(`allows ${address} only where private networks are`, () => {
      expect(isAddressAllowed(address, false)).to.equal(false);
      expect(isAddressAllowed(address, true)).to.equal(true);
    });
  }

  for (const address of NEVER) {
    it(`never allows "${address}"`, () => {
      expect(isAddressAllowed(address, false)).to.equal(false);
      expect(isAddressAllowed(address, true)).to.equal(false);
    });
  }
});
