// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TensorCodec} from "../libraries/TensorCodec.sol";
import {Dtype} from "../types/Dtype.sol";
import {Tensor} from "../types/Tensor.sol";

/// @notice Measures the codec from inside a contract, as a consumer pays for it: without calldata and calls.
contract TensorCodecMeter {
    function fromFixed(int256[] memory values) external view returns (uint256 gas) {
        uint32[] memory shape = TensorCodec.shapeOf(uint32(values.length));
        gas = gasleft();
        TensorCodec.fromFixed(values, 18, shape, Dtype.FLOAT32);
        gas -= gasleft();
    }

    function toFixed(Tensor memory tensor) external view returns (uint256 gas) {
        gas = gasleft();
        TensorCodec.toFixed(tensor, 18);
        gas -= gasleft();
    }

    function fixedAt(Tensor memory tensor) external view returns (uint256 gas) {
        gas = gasleft();
        TensorCodec.fixedAt(tensor, 0, 18);
        gas -= gasleft();
    }

    function fromInts(int256[] memory values) external view returns (uint256 gas) {
        uint32[] memory shape = TensorCodec.shapeOf(uint32(values.length));
        gas = gasleft();
        TensorCodec.fromInts(values, shape, Dtype.INT32);
        gas -= gasleft();
    }

    function toInts(Tensor memory tensor) external view returns (uint256 gas) {
        gas = gasleft();
        TensorCodec.toInts(tensor);
        gas -= gasleft();
    }

    function encode(Tensor memory tensor) external view returns (uint256 gas) {
        gas = gasleft();
        TensorCodec.encode(tensor);
        gas -= gasleft();
    }

    function decode(bytes memory encoded) external view returns (uint256 gas) {
        gas = gasleft();
        TensorCodec.decode(encoded);
        gas -= gasleft();
    }
}
