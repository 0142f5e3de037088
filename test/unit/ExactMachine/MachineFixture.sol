// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {IBlobStore} from "../../../contracts/interfaces/IBlobStore.sol";
import {IExactMachine} from "../../../contracts/interfaces/IExactMachine.sol";
import {TensorCodec} from "../../../contracts/libraries/TensorCodec.sol";
import {Dtype} from "../../../contracts/types/Dtype.sol";
import {Tensor} from "../../../contracts/types/Tensor.sol";

/// @notice A machine, and graphs over one int64 vector that is the whole arena, as input and as output.
abstract contract MachineFixture is Test {
    IBlobStore internal store;
    IExactMachine internal machine;

    function setUp() public virtual {
        store = IBlobStore(deployCode("contracts/exact/BlobStore.sol:BlobStore"));
        machine = IExactMachine(
            deployCode("contracts/exact/ExactMachine.sol:ExactMachine", abi.encode(address(store)))
        );
    }

    function record(uint8 opcode, bytes memory body) internal pure returns (bytes memory) {
        return abi.encodePacked(opcode, uint16(8 + body.length), uint32(1_000_000), uint8(0), body);
    }

    /// @notice The same with one segment alive before it, of 8 signed bytes an element.
    function record(uint8 opcode, bytes memory body, uint32 alive) internal pure returns (bytes memory) {
        bytes memory live = abi.encodePacked(uint8(1), uint32(0), alive, uint8(0x88));
        return abi.encodePacked(opcode, uint16(17 + body.length), uint32(1_000_000), live, body);
    }

    function tensors(uint32 words) internal pure returns (bytes memory) {
        bytes memory tensor = abi.encodePacked(Dtype.INT64, uint8(1), words, uint32(0));
        return abi.encodePacked(uint8(1), uint8(1), tensor, tensor);
    }

    /// @notice Stores a graph; `constants` begin where the program ends.
    function publish(bytes memory program, bytes memory constants, uint32 words) internal returns (bytes32) {
        bytes memory stream = bytes.concat(program, constants);
        return store.put(rootOf(1, program.length, stream, words, tensors(words)));
    }

    function rootOf(
        uint16 version,
        uint256 programBytes,
        bytes memory stream,
        uint32 words,
        bytes memory declared
    ) internal returns (bytes memory root) {
        root = abi.encodePacked(version, uint32(programBytes), uint32(stream.length), words, uint64(7), declared);
        if (root.length + stream.length <= store.MAX_BLOB_BYTES()) return bytes.concat(root, stream);
        for (uint256 from; from < stream.length; from += store.MAX_BLOB_BYTES()) {
            uint256 size = stream.length - from;
            if (size > store.MAX_BLOB_BYTES()) size = store.MAX_BLOB_BYTES();
            bytes memory data = new bytes(size);
            for (uint256 i; i < size; ++i) data[i] = stream[from + i];
            root = bytes.concat(root, store.put(data));
        }
    }

    function encoded(int256[] memory values) internal pure returns (bytes memory) {
        uint32[] memory shape = TensorCodec.shapeOf(uint32(values.length));
        return TensorCodec.encode(TensorCodec.fromInts(values, shape, Dtype.INT64));
    }

    function evaluate(bytes32 root, int256[] memory values) internal view returns (int256[] memory) {
        Tensor memory output = TensorCodec.decodeSingle(machine.evaluate(root, encoded(values)));
        return TensorCodec.toInts(output);
    }

    /// @notice 0, 1, 2 …
    function counting(uint256 words) internal pure returns (int256[] memory values) {
        values = new int256[](words);
        for (uint256 i; i < words; ++i) values[i] = int256(i);
    }

    function i64(int256 value) internal pure returns (bytes8) {
        return bytes8(uint64(int64(value)));
    }
}
