// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IOPG} from "../interfaces/IOPG.sol";
import {Permit} from "../interfaces/IOperators.sol";

/// @title PermitLib
/// @notice Uses an EIP-2612 permit of the caller when there is one.
library PermitLib {
    /// @dev A permit that somebody front-ran has done its work already, so its failure is left to the transfer that
    /// follows, which fails by itself when the allowance is missing. `deadline` zero means: no permit.
    function tryPermit(IOPG opg, uint256 amount, Permit calldata permit) internal {
        if (permit.deadline == 0) return;
        // solhint-disable-next-line no-empty-blocks
        try opg.permit(msg.sender, address(this), amount, permit.deadline, permit.v, permit.r, permit.s) {} catch {}
    }
}
