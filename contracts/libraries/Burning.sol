// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IOPG} from "../interfaces/IOPG.sol";

/// @title Burning
/// @notice Takes OPG out of the world: what cannot be burned goes where nobody can take it.
library Burning {
    using SafeERC20 for IOPG;

    address internal constant DEAD = 0x000000000000000000000000000000000000dEaD;

    /// @dev A caller cannot starve a burn to have a transfer: a 64th of the gas that is too little for the one is too
    /// little for the other.
    function burn(IOPG opg, uint256 amount) internal {
        bytes32 selector = IOPG.burn.selector;
        bool done;
        // `try` is 90 bytes of code longer, for which `Operators` has no room.
        assembly ("memory-safe") {
            mstore(0, selector)
            mstore(4, amount)
            done := call(gas(), opg, 0, 0, 36, 0, 0)
        }
        if (!done) opg.safeTransfer(DEAD, amount);
    }
}
