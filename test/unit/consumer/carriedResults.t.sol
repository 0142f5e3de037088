// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {CarriedResults} from "../../../contracts/consumer/CarriedResults.sol";

/// Says what it is called with.
contract TailReader {
    function split(bytes calldata callData) external pure returns (bytes memory original, bytes memory results) {
        return CarriedResults.split(callData);
    }

    // solhint-disable-next-line payable-fallback
    fallback(bytes calldata) external returns (bytes memory) {
        return abi.encode(CarriedResults.isCarrying(), CarriedResults.ofCall());
    }
}

contract CarriedResultsTest is Test {
    bytes4 private constant MAGIC = bytes4(keccak256("PIPE carried results"));
    /// No function of the reader.
    bytes4 private constant SELECTOR = 0x01020304;

    TailReader private reader = new TailReader();

    function testFuzz_findsWhatWasAppended(bytes calldata arguments, bytes calldata results) public view {
        bytes memory original = bytes.concat(SELECTOR, arguments);
        bytes memory whole = CarriedResults.append(original, results);
        assertEq(whole, abi.encodePacked(original, results, uint32(results.length), MAGIC));
        _expect(whole, true, results);
        (bytes memory first, bytes memory second) = reader.split(whole);
        assertEq(first, original);
        assertEq(second, results);
    }

    function testFuzz_findsNothingInOtherCalls(bytes calldata arguments) public view {
        bytes memory call_ = bytes.concat(SELECTOR, arguments);
        vm.assume(arguments.length < 4 || bytes4(arguments[arguments.length - 4:]) != MAGIC);
        _expect(call_, false, "");
        (bytes memory original, bytes memory results) = reader.split(call_);
        assertEq(original, call_);
        assertEq(results.length, 0);
    }

    /// Whatever is behind the tail hides it.
    function testFuzz_findsNothingBehindMore(bytes calldata results, bytes calldata more) public view {
        vm.assume(more.length != 0 && (more.length < 4 || bytes4(more[more.length - 4:]) != MAGIC));
        _expect(bytes.concat(CarriedResults.append(bytes.concat(SELECTOR), results), more), false, "");
    }

    /// A length that would reach into the selector, or beyond the call, is no tail.
    function testFuzz_refusesALengthThatIsNotThere(uint32 length, bytes calldata results) public view {
        bytes memory whole = abi.encodePacked(SELECTOR, results, length, MAGIC);
        if (length <= results.length) return _expect(whole, true, results[results.length - length:]);
        _expect(whole, false, "");
    }

    /// The last of two tails counts, and carries the first where it says so.
    function test_readsTheLastTail() public view {
        bytes memory once = CarriedResults.append(bytes.concat(SELECTOR), "first");
        _expect(CarriedResults.append(once, "second"), true, "second");
    }

    function test_findsNothingInShortCalls() public view {
        _expect(abi.encodePacked(uint32(0), MAGIC), false, "");
        _expect(abi.encodePacked(bytes3(0x010203), uint32(0), MAGIC), false, "");
        _expect(abi.encodePacked(SELECTOR, uint32(0), MAGIC), true, "");
    }

    function _expect(bytes memory call_, bool carrying, bytes memory results) private view {
        (bool success, bytes memory data) = address(reader).staticcall(call_);
        assertTrue(success);
        assertEq(data, abi.encode(carrying, results));
    }
}
