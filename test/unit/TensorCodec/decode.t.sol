// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {TensorCodec} from "../../../contracts/libraries/TensorCodec.sol";
import {TensorDecoder} from "../../../contracts/libraries/TensorDecoder.sol";
import {TensorCodecHarness} from "../../../contracts/mocks/TensorCodecHarness.sol";
import {Dtype} from "../../../contracts/types/Dtype.sol";
import {Tensor} from "../../../contracts/types/Tensor.sol";

/// @notice Each way to be malformed, with its error, is in the shared vectors; here are positions and properties.
contract TensorCodecDecodeTest is Test {
    uint8[11] private admitted = [1, 2, 3, 4, 5, 6, 7, 9, 11, 12, 13];
    TensorCodecHarness private harness = TensorCodecHarness(
        deployCode("contracts/mocks/TensorCodecHarness.sol:TensorCodecHarness")
    );

    function test_revertsWhenTruncated() public view {
        bytes memory encoded = TensorCodec.encode(_tensor(Dtype.UINT8, 3, 0));
        for (uint256 length; length < encoded.length; ++length) {
            (bool ok, bytes memory reason) = address(harness).staticcall(
                abi.encodeCall(harness.decode, (_cut(encoded, length)))
            );
            assertFalse(ok);
            assertEq(bytes4(reason), TensorDecoder.TensorEncodingTruncated.selector);
        }
    }

    function test_revertsWhenTooLong() public {
        bytes memory encoded = TensorCodec.encode(_tensor(Dtype.UINT8, 3, 0));
        vm.expectRevert(abi.encodeWithSelector(TensorDecoder.TensorEncodingTooLong.selector, 321, 320));
        harness.decode(bytes.concat(encoded, hex"00"));
    }

    function test_namesThePositionOfWhatIsNotCanonical() public {
        bytes memory encoded = TensorCodec.encode(_tensor(Dtype.UINT8, 3, 0));
        uint256[6] memory positions = [uint256(0), 64, 96, 128, 160, 224];
        for (uint256 i; i < positions.length; ++i) {
            bytes memory bad = bytes.concat(encoded);
            bad[positions[i]] = 0x80;
            vm.expectRevert(abi.encodeWithSelector(TensorDecoder.TensorEncodingNotCanonical.selector, positions[i]));
            harness.decode(bad);
        }
        encoded[319] = 0x01;
        vm.expectRevert(abi.encodeWithSelector(TensorDecoder.TensorEncodingNotCanonical.selector, 288));
        harness.decode(encoded);
    }

    function test_revertsWhenASingleTensorIsWanted() public {
        vm.expectRevert(abi.encodeWithSelector(TensorCodec.TensorCountWrong.selector, 0, 1));
        harness.decodeSingle(abi.encode(new Tensor[](0)));
        Tensor[] memory two = new Tensor[](2);
        (two[0], two[1]) = (_tensor(Dtype.INT8, 1, 0), _tensor(Dtype.INT8, 1, 0));
        vm.expectRevert(abi.encodeWithSelector(TensorCodec.TensorCountWrong.selector, 2, 1));
        harness.decodeSingle(abi.encode(two));
    }

    function test_sharesNoMemoryWithTheEncoding() public pure {
        bytes memory encoded = TensorCodec.encode(_tensor(Dtype.INT8, 4, 7));
        bytes32 before = keccak256(encoded);
        Tensor[] memory tensors = TensorCodec.decode(encoded);
        tensors[0].data[0] ^= 0xff;
        tensors[0].shape[0] = 9;
        assertEq(keccak256(encoded), before);
        bytes memory fresh = new bytes(64);
        assertEq(fresh, new bytes(64), "the free memory pointer moved past the copy");
        assertEq(tensors[0].data.length, 4);
    }

    function testFuzz_isTheInverseOfEncode(uint256 seed) public view {
        Tensor[] memory tensors = _tensors(seed);
        bytes memory encoded = harness.encode(tensors);
        assertEq(encoded, abi.encode(tensors));
        assertEq(abi.encode(harness.decode(encoded)), encoded);
    }

    function testFuzz_acceptsNoOtherBytesThanEncodeMakes(uint256 seed) public view {
        _acceptsOnlyCanonical(_mutate(abi.encode(_tensors(seed)), seed));
    }

    function testFuzz_acceptsNoGarbage(bytes memory garbage) public view {
        _acceptsOnlyCanonical(garbage);
        _acceptsOnlyCanonical(bytes.concat(bytes32(uint256(32)), bytes32(uint256(1)), bytes32(uint256(32)), garbage));
    }

    function _acceptsOnlyCanonical(bytes memory encoded) private view {
        (bool ok, bytes memory result) = address(harness).staticcall(abi.encodeCall(harness.decode, (encoded)));
        if (ok) assertEq(harness.encode(abi.decode(result, (Tensor[]))), encoded);
        else assertGe(result.length, 4, "refused without a typed error");
    }

    function _mutate(bytes memory encoded, uint256 seed) private pure returns (bytes memory) {
        uint256 position = uint256(keccak256(abi.encode(seed, "position"))) % encoded.length;
        uint256 word = position & ~uint256(31);
        uint256 kind = seed % 5;
        if (kind == 0) return _cut(encoded, position);
        if (kind == 1) return bytes.concat(encoded, new bytes(1 + (position % 64)));
        if (kind == 2) encoded[position] = bytes1(uint8(seed >> 8));
        if (kind == 3) encoded[word + 31] ^= bytes1(uint8(1 << ((seed >> 8) % 8)));
        if (kind == 4) _swapWords(encoded, word, ((seed >> 16) % (encoded.length / 32)) * 32);
        return encoded;
    }

    function _swapWords(bytes memory encoded, uint256 a, uint256 b) private pure {
        for (uint256 i; i < 32; ++i) (encoded[a + i], encoded[b + i]) = (encoded[b + i], encoded[a + i]);
    }

    function _tensors(uint256 seed) private view returns (Tensor[] memory tensors) {
        tensors = new Tensor[](seed % 5);
        for (uint256 i; i < tensors.length; ++i) {
            uint256 entropy = uint256(keccak256(abi.encode(seed, i)));
            tensors[i].dtype = admitted[entropy % admitted.length];
            tensors[i].shape = new uint32[]((entropy >> 16) % 9);
            uint256 elements = 1;
            for (uint256 axis; axis < tensors[i].shape.length; ++axis) {
                uint256 dimension = (entropy >> (32 + 8 * axis)) % 16;
                dimension = dimension > 4 ? 1 : dimension;
                tensors[i].shape[axis] = uint32(dimension);
                elements *= dimension;
            }
            tensors[i].data = _bytes(elements * Dtype.widthOf(tensors[i].dtype), entropy, tensors[i].dtype);
        }
    }

    function _bytes(uint256 length, uint256 entropy, uint8 dtype) private pure returns (bytes memory data) {
        data = new bytes(length);
        uint8 mask = dtype == Dtype.BOOL ? 1 : 255;
        for (uint256 i; i < length; ++i) {
            if (i % 32 == 0) entropy = uint256(keccak256(abi.encode(entropy)));
            data[i] = bytes1(uint8(entropy >> (8 * (i % 32))) & mask);
        }
    }

    function _tensor(uint8 dtype, uint32 dimension, uint256 entropy) private pure returns (Tensor memory) {
        return Tensor(dtype, TensorCodec.shapeOf(dimension), _bytes(dimension * Dtype.widthOf(dtype), entropy, dtype));
    }

    function _cut(bytes memory encoded, uint256 length) private pure returns (bytes memory part) {
        part = new bytes(length);
        for (uint256 i; i < length; ++i) part[i] = encoded[i];
    }
}
