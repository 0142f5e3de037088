// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedFloat} from "../libraries/FixedFloat.sol";
import {Numbers} from "../solidml/Numbers.sol";
import {TensorLib} from "../solidml/TensorLib.sol";

/// @notice Gives the conversions of published numbers an address, so that tests can compare them with others.
contract NumbersHarness {
    /// @notice Calls this contract many times in one call; a failure is reported, not passed on.
    function attempt(bytes[] calldata calls) external view returns (bool[] memory ok, bytes[] memory results) {
        ok = new bool[](calls.length);
        results = new bytes[](calls.length);
        for (uint256 i; i < calls.length; ++i) (ok[i], results[i]) = address(this).staticcall(calls[i]);
    }

    function toElements(TensorLib.Number[] calldata numbers, uint8 dtype) external pure returns (uint256[] memory) {
        return Numbers.toElements(numbers, dtype);
    }

    function fromFloat(uint256 bits, uint8 dtype) external pure returns (TensorLib.Number memory) {
        return Numbers.fromFloat(bits, FixedFloat.formatOf(dtype));
    }
}
