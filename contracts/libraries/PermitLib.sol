// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

import {IOPG} from "../interfaces/IOPG.sol";
import {Permit} from "../interfaces/IOperators.sol";

/// @title PermitLib
/// @notice Uses an EIP-2612 permit of the caller when there is one.
library PermitLib {
    /// @dev A permit that somebody front-ran has done its work already, so its failure counts only where the allowance
    /// is missing. `deadline` zero means: no permit.
    function tryPermit(IOPG opg, uint256 amount, Permit calldata permit) internal {
        if (permit.deadline == 0) return;
        bytes32 selector = IERC20Permit.permit.selector;
        bool done;
        // The struct is the tail of the call as it came. Written out, the call is 200 bytes of code longer, for which
        // `Operators` has no room.
        assembly ("memory-safe") {
            let data := mload(64)
            mstore(data, selector)
            mstore(add(data, 4), caller())
            mstore(add(data, 36), address())
            mstore(add(data, 68), amount)
            calldatacopy(add(data, 100), permit, 128)
            done := call(gas(), opg, 0, data, 228, 0, 0)
        }
        require(done || opg.allowance(msg.sender, address(this)) >= amount, IOPG.PermitRefused(msg.sender));
    }
}
