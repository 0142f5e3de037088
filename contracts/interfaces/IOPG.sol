// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// @title What the protocol needs of the OPG token
interface IOPG is IERC20, IERC20Permit {
    /// @notice Destroys tokens of the caller.
    function burn(uint256 amount) external;
}
