// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IExactMachine} from "../../../contracts/interfaces/IExactMachine.sol";
import {Dtype} from "../../../contracts/types/Dtype.sol";
import {MachineFixture} from "./MachineFixture.sol";

contract MalformedTest is MachineFixture {
    uint32 private constant WORDS = 8;

    function test_revertsWhenAStepBreaksTheFormat() public {
        bytes memory fill = abi.encodePacked(uint32(0), uint32(1), i64(1));
        _refusesStep(record(0, fill));
        _refusesStep(record(8, fill));
        _refusesStep(record(1, ""));
        _refusesStep(record(1, bytes.concat(fill, hex"00")));
        _refusesStep(record(1, abi.encodePacked(uint32(0), uint32(0), i64(1))));
        _refusesStep(record(2, abi.encodePacked(uint32(0), uint32(0), uint8(0))));
        _refusesStep(record(2, abi.encodePacked(uint32(0), uint32(0), uint8(1), uint32(0), int32(1), int32(1))));
        _refusesStep(record(2, abi.encodePacked(uint32(0), uint32(0), uint8(2), uint32(1), int32(1), int32(1))));
        _refusesStep(record(5, abi.encodePacked(uint8(5), uint96(0), uint8(1), uint128(1 << 96))));
        _refusesStep(record(7, abi.encodePacked(uint8(7), uint64(0), uint8(0), uint8(1), uint32(1), int32(1))));
        _refusesStep(record(7, abi.encodePacked(uint8(0), uint64(0), uint8(255))));
        _refusesStep(record(7, abi.encodePacked(uint8(0), uint64(0), uint8(0), uint8(0))));
    }

    function test_revertsWhenADivisorIsNotPositiveOrAClipIsCrossed() public {
        bytes memory map = abi.encodePacked(uint64(0), uint32(1), uint32(1), uint32(1), uint8(0), i64(1), i64(0));
        _refusesStep(record(4, abi.encodePacked(map, i64(0), i64(0), i64(1))));
        _refusesStep(record(4, abi.encodePacked(map, i64(-1), i64(0), i64(1))));
        _refusesStep(record(4, abi.encodePacked(map, i64(1), i64(1), i64(0))));
        bytes memory dense = abi.encodePacked(
            uint64(0),
            uint32(1),
            uint64(0),
            uint32(1),
            uint32(1),
            uint32(0),
            uint8(0)
        );
        _refusesStep(record(3, abi.encodePacked(dense, i64(0), i64(0), i64(1))));
    }

    function test_revertsWhenARecordIsEmptyTooLongOrCutOff() public {
        bytes memory step = record(1, abi.encodePacked(uint32(0), uint32(1), i64(1)));
        _refusesStep(abi.encodePacked(uint8(1), uint16(0), uint32(0), uint8(0)));
        _refusesStep(abi.encodePacked(uint8(1), uint16(7), uint32(0), uint8(0)));
        bytes memory cut = new bytes(step.length - 1);
        for (uint256 i; i < cut.length; ++i) cut[i] = step[i];
        _refusesStep(cut);
        _refusesStep(abi.encodePacked(uint8(1), uint16(4_097), uint32(0), uint8(0), new bytes(5_000)));
        // More live segments than the record has bytes.
        _refusesStep(abi.encodePacked(uint8(1), uint16(24), uint32(0), uint8(255), new bytes(16)));
    }

    function test_revertsWhenAStepLeavesTheArena() public {
        _leavesArena(record(1, abi.encodePacked(WORDS, uint32(1), i64(1))));
        _leavesArena(record(1, abi.encodePacked(uint32(0), WORDS + 1, i64(1))));
        _leavesArena(record(1, abi.encodePacked(type(uint32).max, type(uint32).max, i64(1))));
        _leavesArena(record(2, abi.encodePacked(uint32(0), uint32(0), uint8(1), uint32(2), int32(-1), int32(1))));
        _leavesArena(record(2, abi.encodePacked(uint32(0), uint32(0), uint8(1), uint32(9), int32(0), int32(1))));
        int32 far = type(int32).min;
        uint32 many = type(uint32).max;
        _leavesArena(record(2, abi.encodePacked(uint32(0), uint32(0), uint8(1), many, far, type(int32).max)));
        bytes memory zip = abi.encodePacked(uint8(0), uint32(0), uint32(0), uint32(0), uint8(1), uint32(9));
        _leavesArena(record(5, abi.encodePacked(zip, int32(0), int32(0), int32(1))));
        bytes memory map = abi.encodePacked(uint64(0), many, many, many, uint8(0), i64(1), i64(0));
        _leavesArena(record(4, abi.encodePacked(map, i64(1), i64(0), i64(1))));
        bytes memory dense = abi.encodePacked(uint32(0), uint32(4), many, many, many, uint32(1), uint32(1));
        _leavesArena(record(3, abi.encodePacked(dense, uint32(0), uint8(0), i64(1), i64(0), i64(1))));
    }

    function test_revertsWhenAStepReadsPastTheStream() public {
        bytes memory dense = abi.encodePacked(uint32(0), uint32(4), uint32(1), uint64(0), uint32(1), uint32(1));
        bytes memory step = record(3, abi.encodePacked(dense, uint32(65), uint8(0), i64(1), i64(0), i64(1)));
        bytes32 root = publish(step, new bytes(47), WORDS);
        bytes memory input = encoded(counting(WORDS));
        vm.expectRevert(abi.encodeWithSelector(IExactMachine.StreamExceeded.selector, 65, 48, 65 + 47));
        machine.evaluate(root, input);
        assertEq(machine.evaluate(publish(step, new bytes(48), WORDS), input).length, input.length);
    }

    function test_revertsWhenATableHasNoSuchIndex() public {
        bytes memory table = abi.encodePacked(uint32(0), uint32(4), uint32(1), i64(1), uint32(1), uint32(1), uint8(1));
        bytes32 root = publish(record(6, abi.encodePacked(table, uint32(41))), hex"05", WORDS);
        bytes memory input = encoded(counting(WORDS));
        vm.expectRevert(abi.encodeWithSelector(IExactMachine.StepIndexOutOfRange.selector, 0, int256(0)));
        machine.evaluate(root, input);
    }

    function test_revertsWhenTheRootBreaksTheFormat() public {
        bytes memory stream = record(1, abi.encodePacked(uint32(0), uint32(1), i64(1)));
        bytes memory declared = tensors(WORDS);
        bytes memory good = rootOf(1, stream.length, stream, WORDS, declared);
        machine.evaluate(store.put(good), encoded(counting(WORDS)));
        bytes memory cut = new bytes(good.length - 1);
        for (uint256 i; i < cut.length; ++i) cut[i] = good[i];
        _refusesRoot(cut);
        // Digests where the stream itself has room.
        bytes memory head = abi.encodePacked(uint16(1), uint32(24), uint32(24), WORDS, uint64(7), declared);
        _refusesRoot(bytes.concat(head, store.put(stream)));
        _refusesRoot(bytes.concat(good, hex"00"));
        _refusesRoot(rootOf(1, stream.length + 1, stream, WORDS, declared));
        _refusesRoot(rootOf(1, stream.length, stream, 16_385, declared));
        _refusesRoot(rootOf(1, stream.length, stream, WORDS - 1, declared));
        _refusesRoot(rootOf(1, stream.length, stream, WORDS, abi.encodePacked(uint8(65), uint8(0))));
        bytes memory float = abi.encodePacked(uint8(1), uint8(0), Dtype.FLOAT32, uint8(1), WORDS, uint32(0));
        _refusesRoot(rootOf(1, stream.length, stream, WORDS, float));
        bytes memory none = abi.encodePacked(uint8(1), uint8(0), Dtype.INT64, uint8(1), uint32(0), uint32(0));
        _refusesRoot(rootOf(1, stream.length, stream, WORDS, none));
        bytes memory ranks = abi.encodePacked(uint8(1), uint8(0), Dtype.INT64, uint8(255), uint32(1), uint32(0));
        _refusesRoot(rootOf(1, stream.length, stream, WORDS, ranks));

        bytes32 other = store.put(rootOf(2, stream.length, stream, WORDS, declared));
        assertFalse(machine.isReady(other));
        vm.expectRevert(abi.encodeWithSelector(IExactMachine.GraphVersionUnknown.selector, 2));
        machine.evaluate(other, "");
    }

    function test_revertsWhenABlobIsMissingOrOfAnotherLength() public {
        // One byte more than a root has room for, beside its head of 44 bytes.
        bytes memory stream = bytes.concat(
            record(1, abi.encodePacked(uint32(0), uint32(1), i64(1))),
            new bytes(24_575 - 44 - 24 + 1)
        );
        uint32 size = uint32(stream.length);
        bytes memory head = abi.encodePacked(uint16(1), uint32(24), size, WORDS, uint64(7), tensors(WORDS));
        assertEq(head.length, 44);
        bytes32 absent = keccak256("absent");
        bytes32 root = store.put(bytes.concat(head, absent));
        bytes memory input = encoded(counting(WORDS));
        assertFalse(machine.isReady(root));
        vm.expectRevert(abi.encodeWithSelector(IExactMachine.GraphBlobMissing.selector, absent));
        machine.evaluate(root, input);

        machine.evaluate(store.put(bytes.concat(head, store.put(stream))), input);

        bytes32 longer = store.put(bytes.concat(stream, hex"00"));
        root = store.put(bytes.concat(head, longer));
        assertFalse(machine.isReady(root));
        vm.expectRevert(abi.encodeWithSelector(IExactMachine.GraphBlobMissing.selector, longer));
        machine.evaluate(root, input);

        assertFalse(machine.isReady(absent));
        vm.expectRevert(abi.encodeWithSelector(IExactMachine.GraphBlobMissing.selector, absent));
        machine.gasBoundOf(absent);
    }

    /// @dev Whatever the bytes: a typed error, an answer of the declared form, or the end of the gas.
    function testFuzz_survivesGarbage(bytes memory program, bytes memory state, uint16 pc) public {
        bytes32 root = publish(bytes.concat(program, hex"00"), "", WORDS);
        bytes memory input = encoded(counting(WORDS));
        try machine.evaluate{gas: 5_000_000}(root, input) returns (bytes memory output) {
            assertEq(output.length, input.length);
        } catch (bytes memory reason) {
            assertTrue(reason.length == 0 || reason.length >= 4);
        }
        try machine.run{gas: 5_000_000}(root, pc, state, 0) returns (uint256 nextPc, bytes memory) {
            assertGt(nextPc, pc);
            assertLe(nextPc, program.length + 1);
        } catch {}
    }

    function _refusesStep(bytes memory program) private {
        _refuses(program, abi.encodeWithSelector(IExactMachine.StepMalformed.selector, 0));
    }

    function _leavesArena(bytes memory program) private {
        _refuses(program, abi.encodeWithSelector(IExactMachine.StepOutsideArena.selector, 0));
    }

    function _refuses(bytes memory program, bytes memory reason) private {
        bytes32 root = publish(program, "", WORDS);
        bytes memory input = encoded(counting(WORDS));
        vm.expectRevert(reason);
        machine.evaluate(root, input);
        vm.expectRevert(reason);
        machine.run(root, 0, input, 0);
    }

    function _refusesRoot(bytes memory bytes_) private {
        bytes32 root = store.put(bytes_);
        vm.expectRevert(abi.encodeWithSelector(IExactMachine.GraphMalformed.selector, root));
        machine.evaluate(root, "");
    }
}
