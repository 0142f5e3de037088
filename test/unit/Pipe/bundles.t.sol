// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPipe} from "../../../contracts/interfaces/IPipe.sol";
import {Item, PipeFixture} from "./PipeFixture.sol";

/// Bundles that are not what they should be: refused whole, and nothing is charged.
contract BundlesTest is PipeFixture {
    function testFuzz_refusesAnyTruncation(uint256 length) public {
        bytes memory results = _three();
        length = bound(length, 1, results.length - 1);
        bytes memory cut = new bytes(length);
        for (uint256 i; i < length; ++i) cut[i] = results[i];
        assertEq(_refused(cut), IPipe.BundleMalformed.selector);
    }

    function testFuzz_refusesAnythingBehindABundle(bytes calldata more) public {
        vm.assume(more.length != 0 && more.length < 26);
        bytes memory results = bytes.concat(_three(), more);
        assertEq(_refused(results), IPipe.BundleMalformed.selector);
    }

    function testFuzz_refusesAnyOtherByte(uint256 place, uint8 change) public {
        bytes memory results = _three();
        place = bound(place, 0, results.length - 1);
        results[place] ^= bytes1(uint8(bound(change, 1, 255)));
        _refused(results);
    }

    function testFuzz_refusesNoise(bytes calldata noise) public {
        vm.assume(noise.length != 0);
        _refused(noise);
    }

    function test_refusesAnEmptyBundle() public {
        bytes memory results = abi.encodePacked(uint8(0), address(0), uint40(block.timestamp), new bytes(65));
        assertEq(_refused(results), IPipe.BundleMalformed.selector);
    }

    function test_loadsSeveralBundlesAndPaysForEachResultOnce() public {
        bytes memory results = bytes.concat(_three(), _three());
        vm.prank(user);
        pipe.preload(results);
        assertEq(money.balanceOf(user), 90 ether - 3 * FEE);
    }

    function test_loadsNothingFromNothing() public {
        vm.prank(user);
        pipe.preload("");
        assertEq(money.balanceOf(user), 90 ether);
    }

    function _three() private view returns (bytes memory) {
        Item[] memory items = new Item[](3);
        for (uint256 i; i < 3; ++i) items[i] = Item(release, abi.encode(i), abi.encode("output", i), FEE);
        return _bundle(user, address(consumer), items);
    }

    function _refused(bytes memory results) private returns (bytes4) {
        (bool success, bytes memory data) = _send(user, address(pipe), abi.encodeCall(IPipe.preload, (results)));
        assertFalse(success);
        assertEq(money.balanceOf(user), 90 ether);
        return bytes4(data);
    }
}
