// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

import {BatchAccount} from "../../../contracts/consumer/BatchAccount.sol";
import {Call, IPipe} from "../../../contracts/interfaces/IPipe.sol";
import {EvidenceFixture} from "../support/EvidenceFixture.sol";
import {NetworkFixture} from "../support/NetworkFixture.sol";
import {PipeFixture} from "../Pipe/PipeFixture.sol";

/// An account that put the code on itself.
contract BatchAccountTest is PipeFixture, EvidenceFixture {
    bytes32 private constant BATCH_MODE = bytes32(uint256(1) << 248);
    bytes4 private constant REFUSED = 0xffffffff;

    BatchAccount private account;
    uint256 private accountKey;
    bytes32 private hash = keccak256("message");

    function setUp() public override(PipeFixture, NetworkFixture) {
        super.setUp();
        address holder;
        (holder, accountKey) = makeAddrAndKey("holder");
        vm.etch(holder, address(new BatchAccount()).code);
        account = BatchAccount(payable(holder));
        _pay(holder, 1 ether);
    }

    function test_takesItsOwnSignature() public view {
        bytes4 given = account.isValidSignature(hash, _signDigest(accountKey, hash));
        assertEq(given, IERC1271.isValidSignature.selector);
    }

    function testFuzz_refusesAnothersSignature(uint256 key, bytes32 other) public view {
        key = bound(key, 1, type(uint128).max);
        vm.assume(key != accountKey && other != hash);
        assertEq(account.isValidSignature(hash, _signDigest(key, hash)), REFUSED);
        assertEq(account.isValidSignature(other, _signDigest(accountKey, hash)), REFUSED);
    }

    /// The other s of the same signature, and the short form, are other bytes for one consent.
    function test_refusesAnotherFormOfItsSignature() public view {
        bytes memory signature = _signDigest(accountKey, hash);
        assertEq(account.isValidSignature(hash, _otherForm(signature)), REFUSED);
        assertEq(account.isValidSignature(hash, _compact(signature)), REFUSED);
        assertEq(account.isValidSignature(hash, bytes.concat(signature, hex"00")), REFUSED);
    }

    /// From which nobody is recovered: nobody is not the account.
    function testFuzz_refusesNoise(bytes calldata noise) public view {
        assertEq(account.isValidSignature(hash, _ofNobody(_signDigest(accountKey, hash))), REFUSED);
        assertEq(account.isValidSignature(hash, ""), REFUSED);
        assertEq(account.isValidSignature(hash, noise), REFUSED);
    }

    function test_loadsAndUsesInOneBatch() public {
        bytes memory batch = abi.encode(_batch());
        vm.prank(address(account));
        account.execute(BATCH_MODE, batch);
        assertEq(consumer.answers(0), ANSWER);
        assertEq(money.balanceOf(address(account)), 1 ether - FEE);
    }

    function test_revertsWhenSomebodyElseCallsIt() public {
        bytes memory batch = abi.encode(_batch());
        address[4] memory callers = [stranger, address(pipe), pipe.executor(), address(consumer)];
        for (uint256 i; i < callers.length; ++i) {
            vm.expectRevert(abi.encodeWithSignature("AccountUnauthorized(address)", callers[i]));
            vm.prank(callers[i]);
            account.execute(BATCH_MODE, batch);
        }
        assertEq(money.balanceOf(address(account)), 1 ether);
    }

    /// A batch whose last call fails keeps nothing of the calls before, the charge among them.
    function test_chargesNothingWhenTheBatchFails() public {
        Call[] memory calls = _batch();
        calls[1].data = abi.encodeCall(consumer.ask, (release, 0, "other"));
        bytes memory batch = abi.encode(calls);
        vm.expectRevert(_missing(address(account), address(consumer), "other"));
        vm.prank(address(account));
        account.execute(BATCH_MODE, batch);
        assertEq(money.balanceOf(address(account)), 1 ether);
        assertEq(money.earningsOf(operator.id, release).unripe, 0);
    }

    function test_takesCoins() public {
        vm.deal(address(this), 1 ether);
        (bool success, ) = address(account).call{value: 1 ether}("");
        assertTrue(success);
        assertEq(address(account).balance, 1 ether);
    }

    function _batch() private view returns (Call[] memory calls) {
        bytes memory results = _bundle(address(account), address(consumer), _item(INPUT, ANSWER));
        calls = new Call[](2);
        calls[0] = Call(address(pipe), 0, abi.encodeCall(IPipe.preload, (results)));
        calls[1] = Call(address(consumer), 0, _ask());
    }
}
