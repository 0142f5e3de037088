// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {IBlobStore} from "../../../contracts/interfaces/IBlobStore.sol";

contract PutTest is Test {
    uint256 private constant MAX = 24_575;

    IBlobStore private store;

    function setUp() public {
        store = IBlobStore(deployCode("contracts/exact/BlobStore.sol:BlobStore"));
    }

    function test_revertsWhenTooLarge() public {
        vm.expectRevert(abi.encodeWithSelector(IBlobStore.BlobTooLarge.selector, MAX + 1, MAX));
        store.put(new bytes(MAX + 1));
        vm.expectRevert(abi.encodeWithSelector(IBlobStore.BlobTooLarge.selector, MAX + 1, MAX));
        store.digestOf(new bytes(MAX + 1));
    }

    function test_revertsWhenGasEndsBeforeTheCodeIsStored() public {
        bytes memory data = new bytes(MAX);
        bytes32 digest = store.digestOf(data);
        vm.expectRevert(abi.encodeWithSelector(IBlobStore.BlobNotDeployed.selector, digest));
        store.put{gas: 3_000_000}(data);
        assertFalse(store.isStored(digest));
    }

    function test_storesTheLargestBlob() public {
        bytes memory data = new bytes(MAX);
        data[MAX - 1] = 0xff;
        bytes32 digest = store.put(data);
        assertEq(store.addressOf(digest).code, bytes.concat(hex"00", data));
    }

    function test_storesTheSameOnceAndEmitsOnce() public {
        bytes memory data = "weights";
        bytes32 digest = store.digestOf(data);
        vm.expectEmit(true, false, false, true, address(store));
        emit IBlobStore.BlobStored(digest, store.addressOf(digest), data.length);
        assertEq(store.put(data), digest);

        vm.recordLogs();
        uint256 gas = gasleft();
        assertEq(store.put(data), digest);
        assertLt(gas - gasleft(), 10_000);
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_takesDataThatNoCodeMayBeginWith() public {
        bytes32 digest = store.put(hex"ef0100");
        assertEq(store.addressOf(digest).code, hex"00ef0100");
    }

    function testFuzz_keepsWhatTheDigestNames(bytes memory data) public {
        bytes32 digest = store.digestOf(data);
        assertFalse(store.isStored(digest));
        assertEq(store.put(data), digest);
        assertTrue(store.isStored(digest));
        assertEq(store.addressOf(digest).code, bytes.concat(hex"00", data));
        bytes memory creation = abi.encodePacked(hex"61", uint16(data.length + 1), hex"80600a5f395ff300", data);
        assertEq(digest, keccak256(creation));
    }

    function test_doesNothingWhenABlobIsCalled() public {
        bytes32 digest = store.put(hex"ff");
        (bool ok, bytes memory answer) = store.addressOf(digest).call("");
        assertTrue(ok);
        assertEq(answer.length, 0);
        assertEq(store.addressOf(digest).code.length, 2);
    }
}
