// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {TensorCodecHarness} from "../../../contracts/mocks/TensorCodecHarness.sol";
import {Tensor} from "../../../contracts/types/Tensor.sol";

/// @notice The vectors that the TypeScript codec is held to as well.
contract TensorCodecVectorsTest is Test {
    TensorCodecHarness private harness = TensorCodecHarness(
        deployCode("contracts/mocks/TensorCodecHarness.sol:TensorCodecHarness")
    );
    string private json = vm.readFile("test/fixtures/tensorVectors.json");

    function test_encodesAndDecodesValidVectors() public view {
        uint256 count;
        while (_has(".encodings", count)) {
            string memory path = _at(".encodings", count++);
            Tensor[] memory tensors = _tensors(path);
            bytes memory encoded = vm.parseJsonBytes(json, _key(path, "encoded"));
            assertEq(harness.encode(tensors), encoded, path);
            assertEq(keccak256(encoded), vm.parseJsonBytes32(json, _key(path, "hash")), path);
            assertEq(abi.encode(harness.decode(encoded)), abi.encode(tensors), path);
        }
        assertGt(count, 10);
    }

    function test_refusesMalformedEncodings() public view {
        uint256 count;
        while (_has(".malformed", count)) {
            string memory path = _at(".malformed", count++);
            bytes memory encoded = vm.parseJsonBytes(json, _key(path, "encoded"));
            _expectError(abi.encodeCall(harness.decode, (encoded)), path);
        }
        assertGt(count, 40);
    }

    function test_refusesInvalidTensors() public view {
        uint256 count;
        while (_has(".invalid", count)) {
            string memory path = _at(".invalid", count++);
            _expectError(abi.encodeCall(harness.encode, (_tensors(path))), path);
        }
        assertGt(count, 8);
    }

    function test_convertsFixedToFloat() public view {
        uint256 count;
        while (_has(".toFloat", count)) {
            string memory path = _at(".toFloat", count++);
            assertEq(abi.decode(_result(_floatOf(path), path), (uint256)), _bits(path), path);
        }
        assertGt(count, 30);
        count = 0;
        while (_has(".toFloatFails", count)) {
            string memory path = _at(".toFloatFails", count++);
            _expectError(_floatOf(path), path);
        }
        assertGt(count, 5);
    }

    function test_convertsFloatToFixed() public view {
        uint256 count;
        while (_has(".toFixed", count)) {
            string memory path = _at(".toFixed", count++);
            assertEq(abi.decode(_result(_fixedOf(path), path), (int256)), _int(path, "value"), path);
        }
        assertGt(count, 20);
        count = 0;
        while (_has(".toFixedFails", count)) {
            string memory path = _at(".toFixedFails", count++);
            _expectError(_fixedOf(path), path);
        }
        assertGt(count, 10);
    }

    function _floatOf(string memory path) private view returns (bytes memory) {
        (int256 value, uint8 decimals) = (_int(path, "value"), _uint8(path, "decimals"));
        return abi.encodeCall(harness.floatOf, (value, decimals, _uint8(path, "dtype")));
    }

    function _fixedOf(string memory path) private view returns (bytes memory) {
        return abi.encodeCall(harness.fixedOf, (_bits(path), _uint8(path, "decimals"), _uint8(path, "dtype")));
    }

    function _result(bytes memory call, string memory path) private view returns (bytes memory result) {
        bool ok;
        (ok, result) = address(harness).staticcall(call);
        assertTrue(ok, path);
    }

    function _expectError(bytes memory call, string memory path) private view {
        (bool ok, bytes memory reason) = address(harness).staticcall(call);
        assertFalse(ok, path);
        string memory signature = vm.parseJsonString(json, _key(path, "error"));
        assertEq(bytes4(reason), bytes4(keccak256(bytes(signature))), path);
    }

    function _tensors(string memory path) private view returns (Tensor[] memory tensors) {
        uint256 count;
        string memory list = _key(path, "tensors");
        while (_has(list, count)) ++count;
        tensors = new Tensor[](count);
        for (uint256 i; i < count; ++i) {
            string memory tensor = _at(list, i);
            uint256[] memory shape = vm.parseJsonUintArray(json, _key(tensor, "shape"));
            tensors[i].dtype = _uint8(tensor, "dtype");
            tensors[i].shape = new uint32[](shape.length);
            for (uint256 axis; axis < shape.length; ++axis) tensors[i].shape[axis] = uint32(shape[axis]);
            tensors[i].data = vm.parseJsonBytes(json, _key(tensor, "data"));
        }
    }

    function _has(string memory list, uint256 index) private view returns (bool) {
        return vm.keyExistsJson(json, _at(list, index));
    }

    function _uint8(string memory path, string memory name) private view returns (uint8) {
        return uint8(vm.parseJsonUint(json, _key(path, name)));
    }

    function _int(string memory path, string memory name) private view returns (int256) {
        return vm.parseInt(vm.parseJsonString(json, _key(path, name)));
    }

    function _bits(string memory path) private view returns (uint256) {
        return vm.parseUint(vm.parseJsonString(json, _key(path, "bits")));
    }

    function _at(string memory list, uint256 index) private pure returns (string memory) {
        return string.concat(list, "[", vm.toString(index), "]");
    }

    function _key(string memory path, string memory name) private pure returns (string memory) {
        return string.concat(path, ".", name);
    }
}
